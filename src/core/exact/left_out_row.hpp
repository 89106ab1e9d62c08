// What the nodes of a posterior say of one of its observations that is left out.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <limits>

#include "core/numerics/compressed_mixture.hpp"
#include "core/numerics/constants.hpp"
#include "core/numerics/log_densities.hpp"
#include "core/numerics/mixture_summary.hpp"

namespace bayespool {

// What is asked: densities, or the distribution of what is expected of an observation, or of the observation, with the central interval
// that holds `probability`.
struct LeftOutQuestion {
  enum class About { densities, expected, observation };

  About about;
  double probability;

  Eigen::Index answers() const { return about == About::densities ? 2 : 4; }
};

// At node k
//   y_i | y_-i               ~ N(y_i - residual / precision, variance / precision),
//   another one like y_i | y ~ N(y_i - residual, variance (2 - precision)),
// with `variance` that of the observation given its expected value. `precise`: whether all precisions have digits.
// The weight of a node given y_-i is its weight over the density of y_i there. In what follows resolved_sum(terms) is the sum over all
// nodes, or NaN where these are too few or do not reach far enough.
struct LeftOutRow {
  using ArrayXd = Eigen::ArrayXd;

  ArrayXd residual, precision, variance;  // K
  bool precise = false;

  explicit LeftOutRow(Eigen::Index count) : residual(count), precision(count), variance(count) {}

  // Either log p(y_i | y_-i) and log p(y_i | y), or mean, sd, lower and upper end of what is predicted less y_i; NaN where the
  // nodes do not resolve it.
  template <class Sum>
  Eigen::RowVectorXd answer(const LeftOutQuestion& question, const ArrayXd& log_weight,
                            Sum&& resolved_sum) const {
    Eigen::RowVectorXd result =
        Eigen::RowVectorXd::Constant(question.answers(), std::numeric_limits<double>::quiet_NaN());
    const bool densities = question.about == LeftOutQuestion::About::densities;
    if (precise) {
      const ArrayXd exponent = log_weight + residual.square() / (2 * variance * precision);
      const double top = exponent.maxCoeff();
      const ArrayXd term = (variance / precision).sqrt() * (exponent - top).exp();
      const double total = resolved_sum(term);
      if (densities) {
        result(0) = -(std::log(total) + top + 0.5 * log_two_pi);
      } else if (total > 0) {
        result = prediction(question, term, total, resolved_sum);
      }
    }
    if (densities) {
      const ArrayXd exponent = log_weight - residual.square() / (2 * variance * (2 - precision));
      const double top = exponent.maxCoeff();
      const ArrayXd term = (exponent - top).exp() / (variance * (2 - precision)).sqrt();
      result(1) = std::log(resolved_sum(term)) + top - 0.5 * log_two_pi;
    }
    return result;
  }

 private:
  // `term`: weights that sum to `total`.
  template <class Sum>
  Eigen::RowVectorXd prediction(const LeftOutQuestion& question, const ArrayXd& term, double total,
                                Sum&& resolved_sum) const {
    WeightedNormals normals{term / total, -residual / precision, variance / precision};
    // Second moments need more nodes than densities do.
    if (std::isnan(resolved_sum(normals.weight * (normals.mean.square() + normals.variance))))
      return Eigen::RowVector4d::Constant(std::numeric_limits<double>::quiet_NaN());
    if (question.about == LeftOutQuestion::About::expected)
      normals.variance = (normals.variance - variance).max(0);
    return summarise(
        normals, normals.variance.maxCoeff() > 0, [&normals] { return compressed(normals); },
        {question.probability, false}, true);
  }
};

}  // namespace bayespool
