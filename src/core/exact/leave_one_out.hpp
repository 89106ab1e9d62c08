// Predictive distributions of single observations given all others, and densities of others given all, from the nodes of the full
// posterior.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "core/exact/conditional_nodes.hpp"
#include "core/exact/left_out_row.hpp"
#include "core/exact/quadrature.hpp"

namespace bayespool {

// Given (sigma, tau), for row i of group j with the projection (u_j, ytilde_j): with the row's deviation (du_i, dy_i) from
// that projection and delta_j = 1 - kappa_j,
//   e_i = dy_i - du_i'gamma_hat + delta_j (ytilde_j - u_j'gamma_hat),   a_i = du_i + delta_j u_j,
//   D_i = 1 - kappa_j / n_j - a_i'Q^-1 a_i / sigma^2:
//   y_i | y_-i               ~ N(y_i - e_i / D_i, sigma^2 / D_i),
//   another one like y_i | y ~ N(y_i - e_i, sigma^2 (2 - D_i)).
// With a weight w_i of the row, sigma^2 / w_i takes the place of sigma^2, and w_i multiplies what D_i subtracts from 1.
// The vignette on the algorithm calls D_i d_i. The densities p(y_i | y_-i) and
// p(y_i | y) are a harmonic and an arithmetic mean over the nodes. In a new group tau^2 / sigma^2 takes the place of kappa_j / n_j.
class LeaveOneOut {
  using ArrayXd = Eigen::ArrayXd;

 public:
  LeaveOneOut(const Design& design, const Quadrature& quadrature, const NodeLimits& limits)
      : design_(&design),
        nodes_(quadrature.posterior(), design.free_count(), quadrature.nodes(), limits),
        log_weight_(nodes_.weight.log()) {
    // The nodes come column by column; those of one column share sigma.
    for (Index k = 0; k < nodes_.count(); ++k)
      if (k == 0 || quadrature.tau_known() || nodes_.sigma(k) != nodes_.sigma(k - 1))
        columns_.push_back(k);
    columns_.push_back(nodes_.count());
  }

  // Rows of group j, or of a new one where that is negative, each given by the deviation of its columns from the group's projection, of a
  // new one from that of group 0 (m x (P + 1), response last), and its weight: see LeftOutRow::answer(). A row that is not among the data
  // has log p(y_i | y) alone.
  MatrixXd group(Index j, const MatrixXd& deviation, const VectorXd& weight,
                 const LeftOutQuestion& question,
                 const std::function<void()>& check_interrupt) const {
    const Index f = design_->free_count(), own_group = std::max<Index>(j, 0);
    const double size = j < 0 ? 0 : design_->size_of(j);
    const VectorXd u = design_->projections.row(own_group).head(f).transpose();
    const ArrayXd delta = nodes_.pooling_weights(size);
    const ArrayXd sigma2 = nodes_.sigma.square();
    const ArrayXd group_part =
        delta * (design_->projections(own_group, f) - (nodes_.gamma * u).array());
    // Where the predictors are those of the group, as they always are without predictors.
    const ArrayXd group_uncertainty = nodes_.quadratic_form(VectorXd::Zero(f), u, delta) / sigma2;

    MatrixXd result(deviation.rows(), question.answers());
    LeftOutRow row(nodes_.count());
    ArrayXd largest(nodes_.count());
    for (Index i = 0; i < deviation.rows(); ++i) {
      check_interrupt();
      const VectorXd own = design_->from_columns.transpose() * deviation.row(i).transpose();
      const VectorXd du = own.head(f);
      const double dy = own(f);
      const double w = weight(i);
      row.residual = group_part + dy;
      if (j < 0)
        largest = 1 - w * nodes_.group_variances(0) / sigma2;
      else
        largest = (size - w + w * delta) / size;
      row.variance = sigma2 / w;
      if (du.isZero(0)) {
        row.precision = largest - w * group_uncertainty;
      } else {
        row.residual -= (nodes_.gamma * du).array();
        row.precision = largest - nodes_.quadratic_form(du, u, delta) / row.variance;
      }
      // Where an observation alone determines a coefficient, its precision is a difference without digits.
      row.precise = (row.precision > smallest_precision * largest.max(0)).all();
      result.row(i) = row.answer(question, log_weight_,
                                 [this](const ArrayXd& terms) { return resolved_sum(terms); });
    }
    return result;
  }

 private:
  // A sum over equidistant nodes, the error that every second one of them would leave, and what stands at the ends.
  struct LineSum {
    double total = 0, error = 0, ends = 0;
  };

  static LineSum line_sum(const double* terms, Index count) {
    double sum[2] = {0, 0}, moment[2] = {0, 0};
    for (Index i = 0; i < count; ++i) {
      sum[i % 2] += terms[i];
      moment[i % 2] += static_cast<double>(i) * terms[i];
    }
    LineSum result;
    result.total = sum[0] + sum[1];
    if (count == 1 || !(result.total > 0)) return result;
    // As in LineRule::coarse_error(): in the total, or in the mean.
    const double alternating = sum[0] - sum[1];
    const double mean = (moment[0] + moment[1]) / result.total;
    result.error =
        std::max(std::abs(alternating),
                 LineRule::first_step * std::abs(moment[0] - moment[1] - mean * alternating));
    result.ends = terms[0] + terms[count - 1];
    return result;
  }

  // The sum of terms over all nodes; NaN where the nodes are too far apart for them or do not reach far enough. The
  // rule's own error is about the square of that at twice the step.
  double resolved_sum(const ArrayXd& terms) const {
    std::vector<double> totals;
    double error = 0, ends = 0;
    for (std::size_t c = 0; c + 1 < columns_.size(); ++c) {
      const LineSum column = line_sum(terms.data() + columns_[c], columns_[c + 1] - columns_[c]);
      totals.push_back(column.total);
      error += column.error;
      ends += column.ends;
    }
    const LineSum all = line_sum(totals.data(), static_cast<Index>(totals.size()));
    error = std::max(error, all.error);
    ends += all.ends;
    if (all.total > 0 && error < coarse_tolerance * all.total && ends < end_tolerance * all.total)
      return all.total;
    return std::numeric_limits<double>::quiet_NaN();
  }

  static constexpr double smallest_precision = 1e-7;
  static constexpr double coarse_tolerance = 1e-4;
  static constexpr double end_tolerance = 1e-10;

  const Design* design_;
  ConditionalNodes nodes_;
  ArrayXd log_weight_;          // K
  std::vector<Index> columns_;  // the first node of each column, and K
};

}  // namespace bayespool
