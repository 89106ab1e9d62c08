// Means, standard deviations and quantiles of the group means by quadrature, many groups at a time.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <boost/math/constants/constants.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

#include "core/exact/conditional_nodes.hpp"
#include "core/exact/mixture_columns.hpp"
#include "core/exact/posterior_summary.hpp"
#include "core/exact/score_tables.hpp"
#include "core/numerics/gauss_hermite.hpp"
#include "core/numerics/normal_mixture.hpp"

namespace bayespool {

enum class GroupQuantity {
  means,      // mu_j
  deviations  // of them from the population part
};

// The rows of a summary as PosteriorSummary has them.
class GroupSummary {
  using ArrayXd = Eigen::ArrayXd;

 public:
  // The design, the quadrature and the summary must outlive the object.
  GroupSummary(const Design& design, const Quadrature& quadrature, const PosteriorSummary& summary,
               GroupQuantity quantity)
      : design_(&design),
        quadrature_(&quadrature),
        summary_(&summary),
        finite_variance_(quadrature.finite_variance()),
        population_(VectorXd::Zero(design.free_count())) {
    if (quantity == GroupQuantity::means) {
      population_ = design.group_effect;
      population_origin_ = design.group_effect_origin;
    }
  }

  // J rows, of which those of the `wanted` groups (J) are computed; the others are NaN.
  MatrixXd table(const std::vector<bool>& wanted) {
    std::vector<std::vector<Index>> members(design_->size_classes.size());
    for (std::size_t j = 0; j < design_->class_of.size(); ++j)
      if (wanted[j]) members[design_->class_of[j]].push_back(static_cast<Index>(j));
    members.erase(std::remove_if(members.begin(), members.end(),
                                 [](const std::vector<Index>& of_size) { return of_size.empty(); }),
                  members.end());
    MatrixXd table = MatrixXd::Constant(design_->groups, summary_->columns(),
                                        std::numeric_limits<double>::quiet_NaN());
    const bool many = std::count(wanted.begin(), wanted.end(), true) >= enough_groups;
    const ConditionalNodes& nodes = many ? nodes_for_quantiles(members) : summary_->bulk();
    for (const std::vector<Index>& of_size : members) {
      summary_->limits().check_interrupt();
      const MatrixXd part =
          same_size_groups(design_->size_of(of_size.front()), rows_of(of_size), nodes);
      for (std::size_t m = 0; m < of_size.size(); ++m)
        table.row(of_size[m]) = part.row(static_cast<Index>(m));
    }
    return table;
  }

 private:
  // v_j = (u_j, ytilde_j)
  MatrixXd rows_of(const std::vector<Index>& groups) const {
    MatrixXd rows(groups.size(), design_->projections.cols());
    for (std::size_t m = 0; m < groups.size(); ++m)
      rows.row(static_cast<Index>(m)) = design_->projections.row(groups[m]);
    return rows;
  }

  // Summaries of groups of one size.
  MatrixXd same_size_groups(double size, const MatrixXd& rows,
                            const ConditionalNodes& nodes) const {
    MatrixXd table = moments_of_groups(size, rows);
    if (!summary_->wanted().any()) return table;
    const Index f = design_->free_count();
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

  // With delta = 1 - kappa and h = population - u_j:
  //   E(mu_j | sigma, tau, y)   = origin + ytilde_j + h'gamma - delta (ytilde_j - u_j'gamma)
  //   Var(mu_j | sigma, tau, y) = v_j + (h + delta u_j)' Q^-1 (h + delta u_j)
  // The first is linear and the second quadratic in (ytilde_j, u_j, h), with coefficients that are
  // averaged over the nodes once for all groups of a size.
  MatrixXd moments_of_groups(double size, const MatrixXd& rows) const {
    const Index f = design_->free_count(), d = 1 + 2 * f;
    const ArrayXd delta = summary_->nodes().pooling_weights(size),
                  &weight = summary_->nodes().weight;
    MatrixXd coefficients(summary_->nodes().count(), d);
    coefficients.col(0) = -delta;
    coefficients.middleCols(1, f) = delta.matrix().asDiagonal() * summary_->nodes().gamma;
    coefficients.rightCols(f) = summary_->nodes().gamma;
    const Eigen::RowVectorXd mean = weight.matrix().transpose() * coefficients;
    coefficients.rowwise() -= mean;
    MatrixXd quadratic = coefficients.transpose() * weight.matrix().asDiagonal() * coefficients;
    const MatrixXd mixed = summary_->nodes().sum_of_covariances(weight * delta);
    quadratic.block(1, 1, f, f) += summary_->nodes().sum_of_covariances(weight * delta.square());
    quadratic.block(1, 1 + f, f, f) += mixed;
    quadratic.block(1 + f, 1, f, f) += mixed;
    quadratic.block(1 + f, 1 + f, f, f) += summary_->nodes().sum_of_covariances(weight);
    const double variance = (weight * summary_->nodes().group_variances(size)).sum();

    MatrixXd table(rows.rows(), summary_->columns());
    VectorXd features(d);
    for (Index j = 0; j < rows.rows(); ++j) {
      const auto u = rows.row(j).head(f).transpose();
      features << rows(j, f), u, population_ - u;
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

  // The mixture of mu_j - population_origin - ytilde_j over the nodes.
  void set_group_mixture(const ConditionalNodes& nodes, const SizeWeights& at, const VectorXd& row,
                         NormalMixture& mixture) const {
    const Index f = design_->free_count();
    const VectorXd u = row.head(f), h = population_ - u;
    mixture.weight = nodes.weight;
    mixture.mean = (nodes.gamma * h).array() + at.delta * ((nodes.gamma * u).array() - row(f));
    mixture.inverse_sd = (at.variance + nodes.quadratic_form(h, u, at.delta)).rsqrt();
  }

  double mixture_origin(const MatrixXd& rows, Index j) const {
    return population_origin_ + rows(j, design_->free_count());
  }

  void direct_quantiles(double size, const MatrixXd& rows, const ConditionalNodes& nodes,
                        MatrixXd& table) const {
    const SizeWeights at(nodes, size);
    NormalMixture mixture(nodes.count());
    MixtureColumns distribution(summary_->wanted(), finite_variance_);
    for (Index j = 0; j < rows.rows(); ++j) {
      summary_->limits().check_interrupt();
      if (table(j, 1) > 0) set_group_mixture(nodes, at, rows.row(j).transpose(), mixture);
      distribution.fill(mixture, mixture_origin(rows, j), table.row(j));
    }
  }

  // Groups of one size and equal columns differ in ytilde_j alone, and their standardised quantiles are a
  // smooth function of it: a Chebyshev series through few exact values, on halves of the range where one
  // series is not accurate. `members` are rows in the order of ytilde_j.
  void interpolate_quantiles(double size, const MatrixXd& rows, const ConditionalNodes& nodes,
                             const Index* members, std::size_t count, MatrixXd& table) const {
    const Index f = design_->free_count();
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
        part_table(static_cast<Index>(count), summary_->columns());
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
    const Index f = design_->free_count();
    const double low = rows(members[0], f), high = rows(members[count - 1], f);
    const double middle = 0.5 * (low + high), half = 0.5 * (high - low);
    const double angle = boost::math::constants::pi<double>() / chebyshev_size;
    MatrixXd points = rows.row(0).replicate(chebyshev_size, 1);
    for (int k = 0; k < chebyshev_size; ++k)
      points(k, f) = middle + half * std::cos(angle * (k + 0.5));
    MatrixXd exact = moments_of_groups(size, points);
    if (!(exact.col(1).minCoeff() > 0)) return false;
    direct_quantiles(size, points, nodes, exact);

    for (Index c = 2; c < table.cols(); ++c) {
      const VectorXd standardised = (exact.col(c) - exact.col(0)).array() / exact.col(1).array();
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
        table(j, c) =
            table(j, 0) + table(j, 1) * chebyshev_sum(coefficient, (rows(j, f) - middle) / half);
      }
    }
    return true;
  }

  // Half the first coefficient and the others times T_1(x), T_2(x), ..., by Clenshaw's recurrence.
  static double chebyshev_sum(const std::vector<double>& coefficient, double x) {
    double next = 0, after = 0;
    for (std::size_t k = coefficient.size() - 1; k > 0; --k) {
      const double here = 2 * x * next - after + coefficient[k];
      after = next;
      next = here;
    }
    return x * next - after + 0.5 * coefficient[0];
  }

  // With many groups the posterior of (sigma, tau) is narrow and a few Gauss-Hermite nodes in its normal scores do: the
  // smallest such rule whose distribution functions agree with those of all nodes at a sample of the groups, else all nodes.
  const ConditionalNodes& nodes_for_quantiles(const std::vector<std::vector<Index>>& members) {
    if (!summary_->wanted().any() || tails_wanted() || quadrature_->sigma_known() ||
        quadrature_->tau_known() || !quadrature_->single_peaked())
      return summary_->bulk();
    const ScoreTables tables(*quadrature_);
    for (int points = 3; points <= most_points; points += 3) {
      few_ = summary_->at_nodes(rule_in_scores(tables, points));
      if (agrees_with_bulk(members)) return few_;
    }
    return summary_->bulk();
  }

  // Where few nodes lie and their agreement is not looked at.
  bool tails_wanted() const {
    const std::vector<double> scores = summary_->wanted().scores();
    return std::any_of(scores.begin(), scores.end(), [](double z) { return std::abs(z) > 3; });
  }

  // At the least, the middle and the largest mean of some sizes from the smallest to the largest. `members`: the groups of each size.
  bool agrees_with_bulk(const std::vector<std::vector<Index>>& members) const {
    const std::size_t sizes = std::min(members.size(), sampled_sizes);
    for (std::size_t s = 0; s < sizes; ++s) {
      const std::size_t c = sizes == 1 ? 0 : s * (members.size() - 1) / (sizes - 1);
      std::vector<Index> groups = members[c];
      std::sort(groups.begin(), groups.end(), [&](Index a, Index b) {
        return design_->projections(a, design_->free_count()) <
               design_->projections(b, design_->free_count());
      });
      std::vector<Index> sample = {groups.front(), groups[groups.size() / 2], groups.back()};
      sample.erase(std::unique(sample.begin(), sample.end()), sample.end());
      if (!agrees_with_bulk(design_->size_of(sample.front()), rows_of(sample))) return false;
    }
    return true;
  }

  bool agrees_with_bulk(double size, const MatrixXd& rows) const {
    const MatrixXd table = moments_of_groups(size, rows);
    NormalMixture exact(summary_->bulk().count()), tried(few_.count());
    const SizeWeights at_bulk(summary_->bulk(), size), at_few(few_, size);
    for (Index j = 0; j < rows.rows(); ++j) {
      set_group_mixture(summary_->bulk(), at_bulk, rows.row(j).transpose(), exact);
      set_group_mixture(few_, at_few, rows.row(j).transpose(), tried);
      for (double score : {-2.0, 0.0, 2.0}) {
        const double q = table(j, 0) - mixture_origin(rows, j) + score * table(j, 1);
        const double difference = exact.evaluate(q).tails.below - tried.evaluate(q).tails.below;
        if (!(std::abs(difference) < few_nodes_tolerance)) return false;
      }
    }
    return true;
  }

  static std::vector<PosteriorNode> rule_in_scores(const ScoreTables& tables, int points) {
    const GaussHermite normal(points);
    std::vector<PosteriorNode> rule;
    for (std::size_t a = 0; a < normal.node.size(); ++a)
      for (std::size_t b = 0; b < normal.node.size(); ++b)
        rule.push_back(
            {tables.at(normal.node[a], normal.node[b]), normal.weight[a] * normal.weight[b]});
    return rule;
  }

  static constexpr std::ptrdiff_t enough_groups = 200;  // for their posterior to be narrow
  static constexpr int most_points = 12;
  static constexpr std::size_t sampled_sizes = 5;
  static constexpr int chebyshev_size = 24;
  static constexpr double chebyshev_tolerance = 1e-8;  // in standardised quantiles
  static constexpr double few_nodes_tolerance = 1e-7;  // in probability

  const Design* design_;
  const Quadrature* quadrature_;
  const PosteriorSummary* summary_;
  ConditionalNodes few_;  // the rule of few nodes that was tried last
  bool finite_variance_;
  VectorXd population_;           // F: coefficients of gamma in the population part
  double population_origin_ = 0;  // and its value at gamma = 0
};

}  // namespace bayespool
