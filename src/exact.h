// A quadrature of one part of a problem: as a fit recorded it, or new.
#pragma once

#include <functional>
#include <vector>

#include "core/exact/record.hpp"
#include "problem.h"

namespace bayespool {

// The record of a whole problem, part by part. An empty one stands for none.
class Quadratures {
 public:
  Quadratures(const Problem& problem, const Rcpp::NumericVector& record)
      : problem_(&problem), recorded_(record.size() > 0), reader_({record.begin(), record.end()}) {}

  // Of the next part.
  Quadrature next(const Design& design, const std::function<void()>& check_interrupt) {
    const MomentOrders orders = problem_->parts.at(part_++).orders;
    if (recorded_) return Quadrature(design, problem_->scales, orders, reader_, check_interrupt);
    return Quadrature(design, problem_->scales, orders, Quadrature::Purpose::distributions, false,
                      check_interrupt);
  }

 private:
  const Problem* problem_;
  bool recorded_;
  RecordReader reader_;
  std::size_t part_ = 0;
};

}  // namespace bayespool
