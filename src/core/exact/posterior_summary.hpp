// Means, standard deviations and quantiles of every parameter by quadrature.
#pragma once

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <boost/math/constants/constants.hpp>
#include <boost/math/special_functions/chebyshev.hpp>
#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

#include "core/exact/conditional_nodes.hpp"
#include "core/numerics/normal_mixture.hpp"
#include "core/exact/quadrature.hpp"

namespace bayespool {

// Rows of a summary: mean, sd, then one quantile for each probability.
class PosteriorSummary {
  using ArrayXd = Eigen::ArrayXd;

 public:
  PosteriorSummary(const Design& design, const Quadrature& quadrature,
                   const std::vector<double>& probabilities, const NodeLimits& limits)
      : design_(design),
        quadrature_(quadrature),
        probabilities_(probabilities),
        limits_{limits.memory / 2, limits.check_interrupt},
        nodes_(design, quadrature.nodes(), limits_),
        bulk_(design, quadrature.bulk_nodes(), limits_),
        finite_variance_(quadrature.finite_variance()) {
    for (double p : probabilities) scores_.push_back(normal_score(p, 1 - p));
  }

  Eigen::Index columns() const { return 2 + static_cast<Eigen::Index>(probabilities_.size()); }

  Eigen::RowVectorXd sigma() const {
    Eigen::RowVectorXd row = moments([](const PosteriorNode& node) { return node.sigma; });
    for (std::size_t i = 0; i < scores_.size(); ++i)
      row(2 + i) = quadrature_.sigma_quantile(scores_[i]);
    return row;
  }

  Eigen::RowVectorXd tau() const {
    Eigen::RowVectorXd row = moments([](const PosteriorNode& node) { return node.tau; });
    for (std::size_t i = 0; i < scores_.size(); ++i)
      row(2 + i) = quadrature_.tau_quantile(probabilities_[i], scores_[i]);
    return row;
  }

  // tau^2 / (tau^2 + sigma^2)
  Eigen::RowVectorXd icc() const {
    Eigen::RowVectorXd row =
        moments([](const PosteriorNode& node) { return variance_share(node.tau / node.sigma); });
    for (std::size_t i = 0; i < scores_.size(); ++i)
      row(2 + i) = variance_share(quadrature_.ratio_quantile(probabilities_[i], scores_[i]));
    return row;
  }

  // P rows; a fixed coefficient has sd 0.
  MatrixXd coefficients() const {
    MatrixXd table(design_.origin.size(), columns());
    for (Index k = 0; k < table.rows(); ++k) {
      limits_.check_interrupt();
      const VectorXd direction = design_.transform.row(k).transpose();
      const ArrayXd center = nodes_.gamma * direction;
      const ArrayXd variance = nodes_.quadratic_form(direction);
      const double mean = (center * nodes_.weight).sum();
      const double sd = std::sqrt((((center - mean).square() + variance) * nodes_.weight).sum());
      NormalMixture mixture(bulk_.count());
      mixture.weight = bulk_.weight;
      mixture.mean = bulk_.gamma * direction;
      mixture.inverse_sd = bulk_.quadratic_form(direction).rsqrt();
      table(k, 0) = design_.origin(k) + mean;
      table(k, 1) = sd;
      const double start = finite_variance_ || sd == 0 ? mean : mixture.robust_center();
      const double scale = finite_variance_ || sd == 0 ? sd : mixture.robust_scale();
      for (std::size_t i = 0; i < scores_.size(); ++i)
        table(k, 2 + i) =
            design_.origin(k) +
            (sd > 0 ? mixture.quantile(probabilities_[i], start + scale * scores_[i], scale)
                    : mean);
    }
    return table;
  }

  // J rows: the group means mu_j, or whatever else the design takes for the population part of them.
  MatrixXd groups() const {
    std::vector<std::vector<Index>> members(design_.size_classes.size());
    for (Index j = 0; j < design_.groups; ++j) members[design_.class_of[j]].push_back(j);
    MatrixXd table(design_.groups, columns());
    for (std::size_t c = 0; c < members.size(); ++c) {
      limits_.check_interrupt();
      MatrixXd rows(members[c].size(), design_.rows.cols());
      for (std::size_t m = 0; m < members[c].size(); ++m)
        rows.row(m) = design_.rows.row(members[c][m]);
      const MatrixXd summary = same_size_groups(design_.size_classes[c].size, rows);
      for (std::size_t m = 0; m < members[c].size(); ++m) table.row(members[c][m]) = summary.row(m);
    }
    return table;
  }

 private:
  static double square(double x) { return x * x; }

  template <class Quantity>
  Eigen::RowVectorXd moments(Quantity&& quantity) const {
    Eigen::RowVectorXd row = Eigen::RowVectorXd::Zero(columns());
    for (const PosteriorNode& node : quadrature_.nodes()) row(0) += node.weight * quantity(node);
    for (const PosteriorNode& node : quadrature_.nodes())
      row(1) += node.weight * square(quantity(node) - row(0));
    row(1) = std::sqrt(row(1));
    return row;
  }

  // Summaries of groups of one size, given the rows v_j = (u_j, ytilde_j).
  MatrixXd same_size_groups(double size, const MatrixXd& rows) const {
    MatrixXd table = group_moments(size, rows);
    if (probabilities_.empty()) return table;
    const ConditionalNodes& nodes =
        design_.groups > 200 && gauss_hermite_serves(size, rows, table) ? few_ : bulk_;
    const Index f = design_.free_count();
    const bool same_columns = (rows.leftCols(f).rowwise() - rows.row(0).head(f)).isZero(0);
    if (finite_variance_ && same_columns) {
      std::vector<Index> members(static_cast<std::size_t>(rows.rows()));
      std::iota(members.begin(), members.end(), Index{0});
      std::sort(members.begin(), members.end(),
                [&](Index a, Index b) { return rows(a, f) < rows(b, f); });
      interpolate_quantiles(size, rows, nodes, members.data(), members.size(), table);
    } else {
      direct_quantiles(size, rows, nodes, table);
    }
    return table;
  }

  // With delta = 1 - kappa and h = group_effect - u_j:
  //   E(mu_j | sigma, tau, y)   = origin + ytilde_j + h'gamma - delta (ytilde_j - u_j'gamma)
  //   Var(mu_j | sigma, tau, y) = v_j + (h + delta u_j)' Q^-1 (h + delta u_j)
  // The first is linear and the second quadratic in (ytilde_j, u_j, h), with coefficients that are
  // averaged over the nodes once for all groups of a size.
  MatrixXd group_moments(double size, const MatrixXd& rows) const {
    const Index f = design_.free_count(), d = 1 + 2 * f;
    const ArrayXd delta = nodes_.pooling_weights(size), &weight = nodes_.weight;
    MatrixXd coefficients(nodes_.count(), d);
    coefficients.col(0) = -delta;
    coefficients.middleCols(1, f) = delta.matrix().asDiagonal() * nodes_.gamma;
    coefficients.rightCols(f) = nodes_.gamma;
    const Eigen::RowVectorXd mean = weight.matrix().transpose() * coefficients;
    coefficients.rowwise() -= mean;
    MatrixXd quadratic = coefficients.transpose() * weight.matrix().asDiagonal() * coefficients;
    const MatrixXd mixed = nodes_.sum_of_covariances(weight * delta);
    quadratic.block(1, 1, f, f) += nodes_.sum_of_covariances(weight * delta.square());
    quadratic.block(1, 1 + f, f, f) += mixed;
    quadratic.block(1 + f, 1, f, f) += mixed;
    quadratic.block(1 + f, 1 + f, f, f) += nodes_.sum_of_covariances(weight);
    const double variance = (weight * nodes_.group_variances(size)).sum();

    MatrixXd table(rows.rows(), columns());
    VectorXd features(d);
    for (Index j = 0; j < rows.rows(); ++j) {
      const auto u = rows.row(j).head(f).transpose();
      features << rows(j, f), u, design_.group_effect - u;
      table(j, 0) = mixture_origin(rows, j) + mean.dot(features);
      table(j, 1) = std::sqrt(std::max(variance + features.dot(quadratic * features), 0.0));
    }
    return table;
  }

  // delta_j = 1 - kappa_j and v_j at each node, for groups of one size.
  struct SizeWeights {
    ArrayXd delta, variance;

    SizeWeights(const ConditionalNodes& nodes, double size)
        : delta(nodes.pooling_weights(size)), variance(nodes.group_variances(size)) {}
  };

  // The mixture of mu_j - group_effect_origin - ytilde_j over the nodes.
  void set_group_mixture(const ConditionalNodes& nodes, const SizeWeights& at, const VectorXd& row,
                         NormalMixture& mixture) const {
    const Index f = design_.free_count();
    const VectorXd u = row.head(f), h = design_.group_effect - u;
    mixture.weight = nodes.weight;
    mixture.mean = (nodes.gamma * h).array() + at.delta * ((nodes.gamma * u).array() - row(f));
    mixture.inverse_sd = (at.variance + nodes.quadratic_form(h, u, at.delta)).rsqrt();
  }

  double mixture_origin(const MatrixXd& rows, Index j) const {
    return design_.group_effect_origin + rows(j, design_.free_count());
  }

  void direct_quantiles(double size, const MatrixXd& rows, const ConditionalNodes& nodes,
                        MatrixXd& table) const {
    const SizeWeights at(nodes, size);
    NormalMixture mixture(nodes.count());
    std::vector<double> start = scores_;  // standardised quantiles of the group before
    for (Index j = 0; j < rows.rows(); ++j) {
      limits_.check_interrupt();
      const double origin = mixture_origin(rows, j);
      if (!(table(j, 1) > 0)) {
        table.row(j).tail(scores_.size()).setConstant(table(j, 0));
        continue;
      }
      set_group_mixture(nodes, at, rows.row(j).transpose(), mixture);
      const double center = finite_variance_ ? table(j, 0) - origin : mixture.robust_center();
      const double scale = finite_variance_ ? table(j, 1) : mixture.robust_scale();
      for (std::size_t i = 0; i < scores_.size(); ++i) {
        const double q = mixture.quantile(probabilities_[i], center + scale * start[i], scale);
        start[i] = (q - center) / scale;
        table(j, 2 + i) = origin + q;
      }
    }
  }

  // Groups of one size and equal columns differ in ytilde_j alone, and their standardised quantiles are a
  // smooth function of it: a Chebyshev series through few exact values, on halves of the range where one
  // series is not accurate. `members` are rows in the order of ytilde_j.
  void interpolate_quantiles(double size, const MatrixXd& rows, const ConditionalNodes& nodes,
                             const Index* members, std::size_t count, MatrixXd& table) const {
    const Index f = design_.free_count();
    if (count > 2 * chebyshev_size) {
      const double low = rows(members[0], f), high = rows(members[count - 1], f);
      if (high > low && interpolate_between(size, rows, nodes, members, count, table)) return;
      const double middle = 0.5 * (low + high);
      const Index* const upper = std::partition_point(members, members + count,
                                                      [&](Index j) { return rows(j, f) < middle; });
      const std::size_t left = static_cast<std::size_t>(upper - members);
      if (left > 0 && left < count) {
        interpolate_quantiles(size, rows, nodes, members, left, table);
        interpolate_quantiles(size, rows, nodes, upper, count - left, table);
        return;
      }
    }
    MatrixXd part(static_cast<Index>(count), rows.cols()),
        part_table(static_cast<Index>(count), columns());
    for (std::size_t m = 0; m < count; ++m) {
      part.row(m) = rows.row(members[m]);
      part_table.row(m) = table.row(members[m]);
    }
    direct_quantiles(size, part, nodes, part_table);
    for (std::size_t m = 0; m < count; ++m) table.row(members[m]) = part_table.row(m);
  }

  // False where the series is not accurate.
  bool interpolate_between(double size, const MatrixXd& rows, const ConditionalNodes& nodes,
                           const Index* members, std::size_t count, MatrixXd& table) const {
    const Index f = design_.free_count();
    const double low = rows(members[0], f), high = rows(members[count - 1], f);
    const double middle = 0.5 * (low + high), half = 0.5 * (high - low);
    const double angle = boost::math::constants::pi<double>() / chebyshev_size;
    MatrixXd points = rows.row(0).replicate(chebyshev_size, 1);
    for (int k = 0; k < chebyshev_size; ++k)
      points(k, f) = middle + half * std::cos(angle * (k + 0.5));
    MatrixXd exact = group_moments(size, points);
    if (!(exact.col(1).minCoeff() > 0)) return false;
    direct_quantiles(size, points, nodes, exact);

    for (std::size_t i = 0; i < scores_.size(); ++i) {
      const VectorXd standardised =
          (exact.col(2 + i) - exact.col(0)).array() / exact.col(1).array();
      std::vector<double> coefficient(chebyshev_size);
      double tail = 0;
      for (int order = 0; order < chebyshev_size; ++order) {
        for (int k = 0; k < chebyshev_size; ++k)
          coefficient[order] +=
              2.0 / chebyshev_size * std::cos(angle * order * (k + 0.5)) * standardised(k);
        if (order >= chebyshev_size - 4) tail += std::abs(coefficient[order]);
      }
      if (tail > chebyshev_tolerance) return false;
      while (coefficient.size() > 2 && std::abs(coefficient.back()) < 1e-11) coefficient.pop_back();
      for (std::size_t m = 0; m < count; ++m) {
        const Index j = members[m];
        table(j, 2 + i) = table(j, 0) + table(j, 1) * boost::math::chebyshev_clenshaw_recurrence(
                                                          coefficient.data(), coefficient.size(),
                                                          (rows(j, f) - middle) / half);
      }
    }
    return true;
  }

  // With many groups the posterior of (sigma, tau) is narrow and a few Gauss-Hermite nodes in its normal
  // scores do. `few_` becomes the smallest rule (from the one before on) whose distribution functions agree
  // with the full one at a sample of the groups. False if there is none, and from then on.
  bool gauss_hermite_serves(double size, const MatrixXd& rows, const MatrixXd& table) const {
    if (quadrature_.sigma_known() || quadrature_.tau_known()) return false;
    for (; few_order_ <= 12; few_order_ += 3) {
      if (few_order_ != few_made_)
        few_ = ConditionalNodes(design_, gauss_hermite_rule(few_order_), limits_);
      few_made_ = few_order_;
      if (agrees_with_bulk(size, rows, table)) return true;
    }
    return false;
  }

  bool agrees_with_bulk(double size, const MatrixXd& rows, const MatrixXd& table) const {
    NormalMixture exact(bulk_.count()), tried(few_.count());
    const SizeWeights at_bulk(bulk_, size), at_few(few_, size);
    for (Index sample = 0; sample < 5; ++sample) {
      const Index j = sample * (rows.rows() - 1) / 4;
      set_group_mixture(bulk_, at_bulk, rows.row(j).transpose(), exact);
      set_group_mixture(few_, at_few, rows.row(j).transpose(), tried);
      for (double score : {-2.0, 0.0, 2.0}) {
        const double q = table(j, 0) - mixture_origin(rows, j) + score * table(j, 1);
        double cdf, tried_cdf, unused;
        exact.evaluate(q, cdf, unused, unused);
        tried.evaluate(q, tried_cdf, unused, unused);
        if (!(std::abs(cdf - tried_cdf) < gauss_hermite_tolerance)) return false;
      }
    }
    return true;
  }

  std::vector<PosteriorNode> gauss_hermite_rule(int order) const {
    VectorXd diagonal = VectorXd::Zero(order), off_diagonal(order - 1);
    for (int i = 1; i < order; ++i) off_diagonal(i - 1) = std::sqrt(static_cast<double>(i));
    Eigen::SelfAdjointEigenSolver<MatrixXd> solver;
    solver.computeFromTridiagonal(diagonal, off_diagonal);
    std::vector<PosteriorNode> rule;
    for (int a = 0; a < order; ++a)
      for (int b = 0; b < order; ++b) {
        PosteriorNode node{0, 0, square(solver.eigenvectors()(0, a) * solver.eigenvectors()(0, b))};
        if (node.weight < 1e-13) continue;
        quadrature_.transform(solver.eigenvalues()(a), solver.eigenvalues()(b), node.sigma,
                              node.tau);
        rule.push_back(node);
      }
    return rule;
  }

  static constexpr int chebyshev_size = 24;
  static constexpr double chebyshev_tolerance = 1e-8;      // in standardised quantiles
  static constexpr double gauss_hermite_tolerance = 1e-7;  // in probability

  const Design& design_;
  const Quadrature& quadrature_;
  const std::vector<double>& probabilities_;
  NodeLimits limits_;  // of each of two sets of nodes
  ConditionalNodes nodes_, bulk_;
  mutable ConditionalNodes few_;  // the Gauss-Hermite rule that was tried last
  mutable int few_order_ = 3, few_made_ = 0;
  bool finite_variance_;
  std::vector<double> scores_;
};

}  // namespace bayespool
