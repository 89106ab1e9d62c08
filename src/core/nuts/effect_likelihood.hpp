// The likelihood of a normal response whose groups have coefficients of their own, from group moments, and its derivatives.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <vector>

#include "core/model/effect_data.hpp"
#include "core/numerics/constants.hpp"

namespace bayespool {

// y_ij = z_ij'theta_j + x_ij'beta + e_ij, e_ij ~ N(0, sigma^2). The population's coefficients of the directions z are part of theta;
// `predictors` are the other columns of X.
//
// A group's sum of squares is n_j (mean residual)^2, plus u'W_j u for the cross-products W_j about its means, u the combination of
// columns that makes a residual. With W_j = R_j'R_j it is that of a few rows: the group's means, n_j times, and the rows of R_j, in
// which the constant is 0. So it is never a difference. A call costs O(J V (q + s)) for J groups with V columns, s predictors.
class EffectLikelihood {
 public:
  EffectLikelihood(const EffectData& data, const std::vector<std::optional<Index>>& predictors,
                   const std::vector<std::optional<Index>>& directions)
      : observations_(data.rows.sum()),
        log_constant_(0.5 * data.log_weight - 0.5 * observations_ * log_two_pi),
        size_(data.size) {
    describe(data, predictors, directions);
    const MatrixXd rows = equivalent_rows(data);
    const Index constant = data.mean.cols();
    const auto choose = [&](const std::vector<std::optional<Index>>& columns, MatrixXd& chosen) {
      chosen.resize(rows.rows(), static_cast<Index>(columns.size()));
      for (Index k = 0; k < chosen.cols(); ++k)
        chosen.col(k) = rows.col(columns[static_cast<std::size_t>(k)].value_or(constant));
    };
    choose(predictors, x_);
    choose(directions, z_);
    y_ = rows.col(constant - 1);
    group_gradient_.resize(size_.size(), z_.cols());
  }

  // log N(y | theta, beta, sigma), theta J x q, with its normalising constant. Afterwards its derivatives with respect to theta (J x q),
  // beta (s) and sigma can be had.
  double operator()(const MatrixXd& theta, const VectorXd& beta, double sigma, double log_sigma) {
    residual_ = y_;
    if (beta.size() > 0) residual_.noalias() -= x_ * beta;
    for (Index j = 0; j < groups(); ++j)
      for (Index k = 0; k < z_.cols(); ++k)
        residual_.segment(first_row(j), row_count(j)) -= theta(j, k) * directions_at(j, k);
    const double precision = 1 / (sigma * sigma);
    weighted_.noalias() = precision * count_.cwiseProduct(residual_);
    const double error = weighted_.dot(residual_);
    for (Index j = 0; j < groups(); ++j)
      for (Index k = 0; k < z_.cols(); ++k)
        group_gradient_(j, k) =
            directions_at(j, k).dot(weighted_.segment(first_row(j), row_count(j)));
    slope_gradient_.noalias() = x_.transpose() * weighted_;
    sigma_gradient_ = (error - observations_) / sigma;
    return log_constant_ - observations_ * log_sigma - 0.5 * error;
  }

  const MatrixXd& group_gradient() const { return group_gradient_; }
  const VectorXd& slope_gradient() const { return slope_gradient_; }
  double sigma_gradient() const { return sigma_gradient_; }

  Index groups() const { return size_.size(); }

  // What the data say about where to start; zero without data.
  bool informed() const { return observations_ > 0; }
  double observations() const { return observations_; }
  const VectorXd& group_sizes() const { return size_; }
  double response_sd() const { return response_sd_; }
  double average_weight() const { return average_weight_; }

  // Where the coefficient of a column may start, and its unit in response sds.
  struct Guess {
    double centre = 0, unit = 1;
  };
  const Guess& predictor_guess(Index k) const {
    return predictor_guess_[static_cast<std::size_t>(k)];
  }
  const Guess& direction_guess(Index k) const {
    return direction_guess_[static_cast<std::size_t>(k)];
  }

 private:
  Index first_row(Index j) const { return first_row_[static_cast<std::size_t>(j)]; }
  Index row_count(Index j) const { return first_row(j + 1) - first_row(j); }

  // Column k of z in the rows of group j.
  Eigen::Map<const VectorXd> directions_at(Index j, Index k) const {
    return {z_.data() + k * z_.rows() + first_row(j), row_count(j)};
  }

  // Rows of the V columns and the constant, with how often each counts.
  MatrixXd equivalent_rows(const EffectData& data) {
    const Index variables = data.mean.cols();
    MatrixXd rows(data.mean.rows() * (variables + 1), variables + 1);
    std::vector<double> counts;
    first_row_ = {0};
    const auto next = [&] { return rows.row(static_cast<Index>(counts.size())); };
    for (Index j = 0; j < data.size.size(); ++j) {
      if (data.size(j) > 0) {
        next() << data.mean.row(j), 1;
        counts.push_back(data.size(j));
        const MatrixXd root = root_of(data, j);
        for (Index i = 0; i < root.rows(); ++i) {
          next() << root.row(i), 0;
          counts.push_back(1);
        }
      }
      first_row_.push_back(static_cast<Index>(counts.size()));
    }
    count_ = Eigen::Map<const VectorXd>(counts.data(), static_cast<Index>(counts.size()));
    return rows.topRows(count_.size());
  }

  // R_j, without the rows that are zero.
  static MatrixXd root_of(const EffectData& data, Index j) {
    const Index variables = data.mean.cols();
    MatrixXd within(variables, variables);
    for (Index a = 0, entry = 0; a < variables; ++a)
      for (Index b = 0; b <= a; ++b) within(a, b) = within(b, a) = data.within(j, entry++);
    const Eigen::LDLT<MatrixXd> factor(within);
    const MatrixXd root =
        factor.vectorD().cwiseMax(0).cwiseSqrt().asDiagonal() * MatrixXd(factor.matrixU());
    // Pivots fall, and n rows have n - 1 directions about their mean: what comes after them is rounding.
    const Index most = static_cast<Index>(data.rows(j)) - 1;
    Index rank = 0;
    while (rank < std::min(variables, most) && factor.vectorD()(rank) > 0) ++rank;
    // R = root P; Eigen applies transpositions from the right in the wrong order.
    return MatrixXd(factor.transpositionsP().transpose() * root.topRows(rank).transpose())
        .transpose();
  }

  // From the means and sds of the columns over all rows, the sds in a row of average weight.
  void describe(const EffectData& data, const std::vector<std::optional<Index>>& predictors,
                const std::vector<std::optional<Index>>& directions) {
    const Index variables = data.mean.cols();
    std::vector<Guess> guesses(static_cast<std::size_t>(variables) + 1);  // the constant's last
    if (informed()) average_weight_ = size_.sum() / observations_;
    for (Index a = 0; a < variables && informed(); ++a) {
      const double mean = data.mean.col(a).dot(size_) / size_.sum();
      const double within = data.within.col(a * (a + 1) / 2 + a).sum();
      const double between = (data.mean.col(a).array() - mean).square().matrix().dot(size_);
      const double squares = (within + between) / average_weight_;
      const double sd = observations_ > 1 ? std::sqrt(squares / (observations_ - 1)) : 0;
      if (sd > 0) guesses[static_cast<std::size_t>(a)].unit = 1 / sd;
      response_sd_ = sd;  // of the last, which is the response
      guesses.back().centre = mean;
    }
    const auto choose = [&](const std::vector<std::optional<Index>>& columns) {
      std::vector<Guess> chosen;
      for (const std::optional<Index>& column : columns)
        chosen.push_back(guesses[static_cast<std::size_t>(column.value_or(variables))]);
      return chosen;
    };
    predictor_guess_ = choose(predictors);
    direction_guess_ = choose(directions);
  }

  double observations_, log_constant_;
  VectorXd size_;                 // J
  MatrixXd x_, z_;                // rows that stand for the data: predictors, directions,
  VectorXd y_, count_;            // response, how often a row counts
  std::vector<Index> first_row_;  // J + 1: where the rows of a group begin
  double response_sd_ = 0, average_weight_ = 1;
  std::vector<Guess> predictor_guess_, direction_guess_;
  VectorXd residual_, weighted_, slope_gradient_;
  MatrixXd group_gradient_;
  double sigma_gradient_ = 0;
};

}  // namespace bayespool
