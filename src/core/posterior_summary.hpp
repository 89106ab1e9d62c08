// Means, standard deviations and quantiles of every parameter by quadrature.
#pragma once

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <boost/math/constants/constants.hpp>
#include <boost/math/special_functions/chebyshev.hpp>
#include <cmath>
#include <functional>
#include <vector>

#include "core/collapsed_posterior.hpp"
#include "core/normal_mixture.hpp"
#include "core/quadrature.hpp"

namespace bayespool {

// Rows of a summary: mean, sd, then one quantile for each probability.
class PosteriorSummary {
 public:
  PosteriorSummary(const Design& design, const Quadrature& quadrature,
                   const std::vector<double>& probabilities,
                   const std::function<void()>& check_interrupt)
      : design_(design),
        quadrature_(quadrature),
        probabilities_(probabilities),
        check_interrupt_(check_interrupt),
        nodes_(conditional_nodes(quadrature.nodes())),
        bulk_(conditional_nodes(quadrature.bulk_nodes())) {
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
      row(2 + i) =
          quadrature_.ratio_quantile(probabilities_[i], scores_[i], [](double) { return 1.0; });
    return row;
  }

  // tau^2 / (tau^2 + sigma^2)
  Eigen::RowVectorXd icc() const {
    Eigen::RowVectorXd row =
        moments([](const PosteriorNode& node) { return share(node.tau / node.sigma); });
    for (std::size_t i = 0; i < scores_.size(); ++i)
      row(2 + i) = share(quadrature_.ratio_quantile(probabilities_[i], scores_[i],
                                                    [](double sigma) { return sigma; }));
    return row;
  }

  // P rows; a fixed coefficient has sd 0.
  MatrixXd coefficients() const {
    MatrixXd table(design_.origin.size(), columns());
    for (Index k = 0; k < table.rows(); ++k) {
      const VectorXd direction = design_.transform.row(k).transpose();
      NormalMixture mixture(count(bulk_));
      for (Index i = 0; i < count(bulk_); ++i) {
        mixture.weight(i) = bulk_[i].weight;
        mixture.mean(i) = direction.dot(bulk_[i].gamma);
        mixture.inverse_sd(i) = 1 / std::sqrt(direction.dot(bulk_[i].covariance * direction));
      }
      double mean = 0, variance = 0;
      for (const ConditionalNode& node : nodes_) mean += node.weight * direction.dot(node.gamma);
      for (const ConditionalNode& node : nodes_)
        variance += node.weight * (square(direction.dot(node.gamma) - mean) +
                                   direction.dot(node.covariance * direction));
      fill_row(table.row(k), mixture, mean, std::sqrt(variance), design_.origin(k));
    }
    return table;
  }

  // J rows: the group means mu_j.
  MatrixXd groups() const {
    std::vector<std::vector<Index>> members(design_.size_classes.size());
    for (Index j = 0; j < design_.groups; ++j) members[design_.class_of[j]].push_back(j);
    MatrixXd table(design_.groups, columns());
    for (std::size_t c = 0; c < members.size(); ++c) {
      check_interrupt_();
      MatrixXd rows(members[c].size(), design_.rows.cols());
      for (std::size_t m = 0; m < members[c].size(); ++m)
        rows.row(m) = design_.rows.row(members[c][m]);
      const MatrixXd summary = same_size_groups(design_.size_classes[c].size, rows);
      for (std::size_t m = 0; m < members[c].size(); ++m) table.row(members[c][m]) = summary.row(m);
    }
    return table;
  }

 private:
  struct ConditionalNode {
    double sigma, tau, weight;
    VectorXd gamma;       // F
    MatrixXd covariance;  // F x F: Q^-1
  };

  static double square(double x) { return x * x; }
  static double share(double ratio) {
    return std::isinf(ratio) ? 1 : ratio * ratio / (1 + ratio * ratio);
  }
  static Index count(const std::vector<ConditionalNode>& nodes) {
    return static_cast<Index>(nodes.size());
  }

  std::vector<ConditionalNode> conditional_nodes(const std::vector<PosteriorNode>& nodes) const {
    CollapsedPosterior posterior(design_);
    const Index f = design_.free_count();
    std::vector<ConditionalNode> result;
    result.reserve(nodes.size());
    for (const PosteriorNode& node : nodes) {
      ConditionalNode conditional{node.sigma, node.tau, node.weight, VectorXd(f), MatrixXd(f, f)};
      if (f > 0) {
        posterior.condition(node.sigma, node.tau);
        conditional.gamma = posterior.gamma_hat;
        conditional.covariance = posterior.inverse();
      }
      result.push_back(std::move(conditional));
    }
    return result;
  }

  template <class Quantity>
  Eigen::RowVectorXd moments(Quantity&& quantity) const {
    Eigen::RowVectorXd row = Eigen::RowVectorXd::Zero(columns());
    for (const PosteriorNode& node : quadrature_.nodes()) row(0) += node.weight * quantity(node);
    for (const PosteriorNode& node : quadrature_.nodes())
      row(1) += node.weight * square(quantity(node) - row(0));
    row(1) = std::sqrt(row(1));
    return row;
  }

  // Quantiles of a mixture around its mean; `origin` is added to all.
  template <class Row>
  void fill_row(Row&& row, const NormalMixture& mixture, double mean, double sd,
                double origin) const {
    row(0) = origin + mean;
    row(1) = sd;
    for (std::size_t i = 0; i < scores_.size(); ++i)
      row(2 + i) =
          origin +
          (sd > 0 ? mixture.quantile(probabilities_[i], mean + sd * scores_[i], sd) : mean);
  }

  // Summaries of groups of one size, given the rows v_j = (u_j, ytilde_j).
  MatrixXd same_size_groups(double size, const MatrixXd& rows) const {
    MatrixXd table = group_moments(size, rows);
    if (probabilities_.empty()) return table;
    const bool same_columns =
        (rows.leftCols(rows.cols() - 1).rowwise() - rows.row(0).head(rows.cols() - 1)).isZero(0);
    if (same_columns && rows.rows() > 2 * chebyshev_size &&
        interpolate_quantiles(size, rows, table))
      return table;
    const bool reduced = rows.rows() > 100 && choose_gauss_hermite(size, rows, table);
    direct_quantiles(size, rows, reduced ? few_ : bulk_, table);
    return table;
  }

  // With delta = 1 - kappa and h = group_effect - u_j:
  //   E(mu_j | sigma, tau, y)   = origin + ytilde_j + h'gamma - delta (ytilde_j - u_j'gamma)
  //   Var(mu_j | sigma, tau, y) = v_j + (h + delta u_j)' Q^-1 (h + delta u_j)
  // The first is linear and the second quadratic in (ytilde_j, u_j, h), with coefficients that are
  // averaged over the nodes once for all groups of a size.
  MatrixXd group_moments(double size, const MatrixXd& rows) const {
    const Index f = design_.free_count(), d = 1 + 2 * f;
    VectorXd mean = VectorXd::Zero(d), coefficients(d);
    const auto coefficients_at = [&](const ConditionalNode& node) {
      const double delta = pooling_weight(size, node.sigma, node.tau);
      coefficients << -delta, delta * node.gamma, node.gamma;
      return delta;
    };
    for (const ConditionalNode& node : nodes_) {
      coefficients_at(node);
      mean += node.weight * coefficients;
    }
    MatrixXd quadratic = MatrixXd::Zero(d, d);
    double variance = 0;
    for (const ConditionalNode& node : nodes_) {
      const double delta = coefficients_at(node);
      coefficients -= mean;
      quadratic += node.weight * coefficients * coefficients.transpose();
      quadratic.block(1, 1, f, f) += node.weight * delta * delta * node.covariance;
      quadratic.block(1, 1 + f, f, f) += node.weight * delta * node.covariance;
      quadratic.block(1 + f, 1, f, f) += node.weight * delta * node.covariance;
      quadratic.block(1 + f, 1 + f, f, f) += node.weight * node.covariance;
      variance += node.weight * group_variance(size, node.sigma, node.tau);
    }
    MatrixXd table(rows.rows(), columns());
    VectorXd features(d);
    for (Index j = 0; j < rows.rows(); ++j) {
      features << rows(j, f), rows.row(j).head(f).transpose(),
          design_.group_effect - rows.row(j).head(f).transpose();
      table(j, 0) = design_.group_effect_origin + rows(j, f) + mean.dot(features);
      table(j, 1) = std::sqrt(std::max(variance + features.dot(quadratic * features), 0.0));
    }
    return table;
  }

  // The mixture of mu_j - group_effect_origin - ytilde_j over the nodes.
  NormalMixture group_mixture(const std::vector<ConditionalNode>& nodes, double size,
                              const VectorXd& row) const {
    const Index f = design_.free_count();
    const VectorXd u = row.head(f), h = design_.group_effect - u;
    VectorXd a(f);
    NormalMixture mixture(count(nodes));
    for (Index k = 0; k < count(nodes); ++k) {
      const ConditionalNode& node = nodes[k];
      const double delta = pooling_weight(size, node.sigma, node.tau);
      a = h + delta * u;
      mixture.weight(k) = node.weight;
      mixture.mean(k) = a.dot(node.gamma) - delta * row(f);
      mixture.inverse_sd(k) =
          1 / std::sqrt(group_variance(size, node.sigma, node.tau) + a.dot(node.covariance * a));
    }
    return mixture;
  }

  double mixture_origin(const MatrixXd& rows, Index j) const {
    return design_.group_effect_origin + rows(j, design_.free_count());
  }

  void direct_quantiles(double size, const MatrixXd& rows,
                        const std::vector<ConditionalNode>& nodes, MatrixXd& table) const {
    std::vector<double> start = scores_;  // standardised quantiles of the group before
    for (Index j = 0; j < rows.rows(); ++j) {
      if (j % 64 == 0) check_interrupt_();
      const double origin = mixture_origin(rows, j), mean = table(j, 0) - origin, sd = table(j, 1);
      if (!(sd > 0)) {
        table.row(j).tail(scores_.size()).setConstant(table(j, 0));
        continue;
      }
      const NormalMixture mixture = group_mixture(nodes, size, rows.row(j).transpose());
      for (std::size_t i = 0; i < scores_.size(); ++i) {
        const double q = mixture.quantile(probabilities_[i], mean + sd * start[i], sd);
        start[i] = (q - mean) / sd;
        table(j, 2 + i) = origin + q;
      }
    }
  }

  // Groups of one size and equal columns differ in ytilde_j alone, and their standardised quantiles are a
  // smooth function of it: a Chebyshev series through few exact values. False where that is not accurate.
  bool interpolate_quantiles(double size, const MatrixXd& rows, MatrixXd& table) const {
    const auto response = rows.col(design_.free_count());
    const double low = response.minCoeff(), high = response.maxCoeff();
    if (!(high > low)) return false;
    const double middle = 0.5 * (low + high), half = 0.5 * (high - low);
    const double pi = boost::math::constants::pi<double>();
    MatrixXd points = rows.row(0).replicate(chebyshev_size, 1);
    for (int k = 0; k < chebyshev_size; ++k)
      points(k, design_.free_count()) = middle + half * std::cos(pi * (k + 0.5) / chebyshev_size);
    MatrixXd exact = group_moments(size, points);
    if (!(exact.col(1).minCoeff() > 0)) return false;
    direct_quantiles(size, points, bulk_, exact);

    for (std::size_t i = 0; i < scores_.size(); ++i) {
      const VectorXd standardised =
          (exact.col(2 + i) - exact.col(0)).array() / exact.col(1).array();
      std::vector<double> coefficient(chebyshev_size);
      double tail = 0;
      for (int order = 0; order < chebyshev_size; ++order) {
        for (int k = 0; k < chebyshev_size; ++k)
          coefficient[order] += 2.0 / chebyshev_size *
                                std::cos(pi * order * (k + 0.5) / chebyshev_size) * standardised(k);
        if (order >= chebyshev_size - 4) tail += std::abs(coefficient[order]);
      }
      if (tail > chebyshev_tolerance) return false;
      while (coefficient.size() > 2 && std::abs(coefficient.back()) < 1e-11) coefficient.pop_back();
      for (Index j = 0; j < rows.rows(); ++j)
        table(j, 2 + i) = table(j, 0) + table(j, 1) * boost::math::chebyshev_clenshaw_recurrence(
                                                          coefficient.data(), coefficient.size(),
                                                          (response(j) - middle) / half);
    }
    return true;
  }

  // With many groups the posterior of (sigma, tau) is narrow and a few Gauss-Hermite nodes in its normal
  // scores do: `few_` becomes the smallest rule whose distribution functions agree with the full one at a
  // sample of groups. False if there is none.
  bool choose_gauss_hermite(double size, const MatrixXd& rows, const MatrixXd& table) const {
    if (quadrature_.sigma_known() || quadrature_.tau_known()) return false;
    for (int order : {3, 5, 8, 12}) {
      if (order != few_order_) few_ = conditional_nodes(gauss_hermite_rule(order));
      few_order_ = order;
      bool accurate = true;
      for (Index sample = 0; sample < 5 && accurate; ++sample) {
        const Index j = sample * (rows.rows() - 1) / 4;
        const NormalMixture exact = group_mixture(bulk_, size, rows.row(j).transpose());
        const NormalMixture tried = group_mixture(few_, size, rows.row(j).transpose());
        for (double score : {-2.0, 0.0, 2.0}) {
          const double q = table(j, 0) - mixture_origin(rows, j) + score * table(j, 1);
          double cdf, tried_cdf, unused;
          exact.evaluate(q, cdf, unused, unused);
          tried.evaluate(q, tried_cdf, unused, unused);
          accurate = accurate && std::abs(cdf - tried_cdf) < gauss_hermite_tolerance;
        }
      }
      if (accurate) return true;
    }
    return false;
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

  static constexpr int chebyshev_size = 32;
  static constexpr double chebyshev_tolerance = 1e-8;      // in standardised quantiles
  static constexpr double gauss_hermite_tolerance = 1e-7;  // in probability

  const Design& design_;
  const Quadrature& quadrature_;
  const std::vector<double>& probabilities_;
  const std::function<void()>& check_interrupt_;
  std::vector<ConditionalNode> nodes_, bulk_;
  mutable std::vector<ConditionalNode> few_;  // the Gauss-Hermite rule that was tried last
  mutable int few_order_ = 0;
  std::vector<double> scores_;
};

}  // namespace bayespool
