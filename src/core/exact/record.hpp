// What a quadrature found as a sequence of numbers, to be kept with a fit.
#pragma once

#include <utility>
#include <vector>

#include "core/errors.hpp"
#include "core/numerics/line_rule.hpp"

namespace bayespool {

class RecordWriter {
 public:
  void number(double value) { numbers_.push_back(value); }

  void rule(const LineRule& rule) {
    number(static_cast<double>(rule.map().peaks().size()));
    for (const Peak& peak : rule.map().peaks())
      for (double value : {peak.center, peak.width, peak.log_value}) number(value);
    number(rule.step());
    number(rule.first());
    number(rule.count());
    numbers_.insert(numbers_.end(), rule.log_mass().begin(), rule.log_mass().end());
  }

  const std::vector<double>& numbers() const { return numbers_; }

 private:
  std::vector<double> numbers_;
};

// Reads in the same order; throws InvalidInput where there is no more.
class RecordReader {
 public:
  explicit RecordReader(std::vector<double> numbers) : numbers_(std::move(numbers)) {}

  double number() {
    if (next_ == numbers_.size()) throw InvalidInput("the record of a quadrature is too short");
    return numbers_[next_++];
  }

  LineRule rule() {
    std::vector<Peak> peaks(size());
    for (Peak& peak : peaks) {
      peak.center = number();
      peak.width = number();
      peak.log_value = number();
    }
    const double step = number();
    const int first = static_cast<int>(number());
    std::vector<double> log_mass(size());
    for (double& value : log_mass) value = number();
    return LineRule(std::move(peaks), step, first, std::move(log_mass));
  }

 private:
  std::size_t size() { return static_cast<std::size_t>(number()); }

  std::vector<double> numbers_;
  std::size_t next_ = 0;
};

}  // namespace bayespool
