// Predictions for rows: an outcome over the draws of its linear predictor.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core/numerics/sample_quantile.hpp"
#include "core/numerics/streams.hpp"
#include "core/predict/linear_predictor.hpp"
#include "core/predict/outcome.hpp"

namespace bayespool {

class Predictive {
 public:
  // The noise of each row has a stream of `noise_purpose`.
  Predictive(std::unique_ptr<const Outcome> outcome, LinearPredictor predictor, std::uint64_t seed,
             std::uint64_t noise_purpose)
      : outcome_(std::move(outcome)),
        predictor_(std::move(predictor)),
        seed_(seed),
        noise_purpose_(noise_purpose) {}

  Index rows() const { return predictor_.rows(); }

  // Rows that make a task worth a thread. The functions below do the rows of positions first, ..., last - 1 in the order
  // of their groups; `out` has a column of draws for each row, at the row's own place.
  Index rows_a_task() const { return std::max<Index>(1, (Index{1} << 16) / draws()); }

  void linear_predictor(Index first, Index last, double* out) const {
    predictor_.visit(first, last, [&](Index row, const ArrayXd& predictor, const ArrayXd&, bool) {
      outcome_->linear(predictor, predictor_.noise(row), out + row * draws());
    });
  }

  void expected(Index first, Index last, double* out) const {
    predictor_.visit(first, last, [&](Index row, const ArrayXd& predictor, const ArrayXd&, bool) {
      outcome_->expected(predictor, predictor_.noise(row), out + row * draws());
    });
  }

  void predict(Index first, Index last, double* out) const {
    visit_draws(first, last, [&](Index row, const ArrayXd& values) {
      std::copy_n(values.data(), draws(), out + row * draws());
    });
  }

  // y - prediction
  void error(Index first, Index last, const double* y, double* out) const {
    visit_draws(first, last, [&](Index row, const ArrayXd& values) {
      Eigen::Map<ArrayXd>(out + row * draws(), draws()) = y[row] - values;
    });
  }

  void log_density(Index first, Index last, const double* y, double* out) const {
    const std::unique_ptr<Outcome::LogDensity> density = outcome_->log_density();
    predictor_.visit(
        first, last,
        [&](Index row, const ArrayXd& predictor, const ArrayXd& sigma, bool new_sigma) {
          if (new_sigma) density->set_sigma(sigma);
          (*density)(y[row], predictor, predictor_.noise(row), out + row * draws());
        });
  }

  // Quantiles of predictions: `out` has one row a row, one column a probability.
  void quantiles(Index first, Index last, const std::vector<double>& probabilities,
                 double* out) const {
    visit_draws(first, last, [&](Index row, ArrayXd& values) {
      for (std::size_t k = 0; k < probabilities.size(); ++k)
        out[row + static_cast<Index>(k) * rows()] = sample_quantile(values, probabilities[k]);
    });
  }

 private:
  Index draws() const { return predictor_.draws(); }

  // Calls f(row, draws of the outcome).
  void visit_draws(Index first, Index last,
                   const std::function<void(Index row, ArrayXd& values)>& f) const {
    ArrayXd values(draws());
    predictor_.visit(
        first, last, [&](Index row, const ArrayXd& predictor, const ArrayXd& sigma, bool) {
          RandomStream random(seed_, noise_purpose_, static_cast<std::uint64_t>(row));
          outcome_->draw(predictor, sigma, predictor_.noise(row), random, values.data());
          f(row, values);
        });
  }

  std::unique_ptr<const Outcome> outcome_;
  LinearPredictor predictor_;
  std::uint64_t seed_, noise_purpose_;
};

}  // namespace bayespool
