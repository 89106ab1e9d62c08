// R's entry points to summaries by quadrature where groups have several effects, or where there are two grouping factors. `orders`: see
// effect_orders(); `record`: what cpp_effects_fit() returned, or numeric() to integrate anew; `memory`: bytes for what is kept at the
// nodes.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/exact/effect_marginals.hpp"
#include "core/numerics/compressed_mixture.hpp"
#include "effect_mixtures.h"
#include "effect_problem.h"

using namespace bayespool;

namespace {

double exponential(double x) { return std::exp(x); }
double logistic(double x) { return 1 / (1 + std::exp(-x)); }

// tau_k / sigma and a correlation, from Lambda.
double sd_of(const EffectMatrix& lambda, Index k) { return lambda.row(k).norm(); }
double score_of_correlation(const EffectMatrix& lambda, Index k, Index l) {
  // Rows of length 1, whatever is below the range of numbers.
  EffectMatrix rows = lambda;
  for (Index i = 0; i < rows.rows(); ++i) rows.row(i).stableNormalize();
  // atanh(r) = log((1 + r) / (1 - r)) / 2 with 1 - r^2 from the area that the rows span, so that r near 1 keeps its digits
  const double r = rows.row(k).dot(rows.row(l));
  double area = 0;
  for (Index i = 0; i < lambda.cols(); ++i)
    for (Index j = 0; j < i; ++j) {
      const double minor = rows(k, i) * rows(l, j) - rows(k, j) * rows(l, i);
      area += minor * minor;
    }
  const double size = std::abs(r), score = std::log1p(size) - 0.5 * std::log(area);
  return r < 0 ? -score : score;
}

// The variance of z'b as a share of sigma^2 and the variance of total'b.
VarianceFunction share_of(const EffectVector& z, const EffectVector& total) {
  const EffectVector rest = total - z;
  const auto log_odds = [z, rest](const EffectMatrix& lambda) {
    return 2 * std::log((lambda.transpose() * z).norm()) -
           std::log1p((lambda.transpose() * rest).squaredNorm());
  };
  return {log_odds, 0, logistic};
}

SummaryColumns columns_of(const std::vector<double>& probabilities, double shortest) {
  SummaryColumns wanted;
  for (double p : probabilities) wanted.probabilities.push_back({p, 1 - p});
  wanted.shortest = shortest;
  return wanted;
}

// The two effects that z'b is made of, where their sds are known, so that its variance is linear in their correlation alone.
std::optional<std::pair<Index, Index>> known_pair(const EffectPriors& priors, const VectorXd& z) {
  std::vector<Index> effects;
  for (Index k = 0; k < z.size(); ++k) {
    const ScalePrior& prior = priors.tau[static_cast<std::size_t>(k)];
    if (z(k) == 0) continue;
    if (!prior.is_fixed()) return std::nullopt;
    if (prior.fixed_value() > 0) effects.push_back(k);
  }
  if (!priors.eta || effects.size() != 2) return std::nullopt;
  return std::make_pair(effects[0], effects[1]);
}

// Mean, sd and wanted columns of a mixture.
Eigen::RowVectorXd summary_row(const WeightedNormals& normals, MixtureColumns& distribution,
                               const SummaryColumns& wanted) {
  Eigen::RowVectorXd row(2 + wanted.count());
  row(0) = (normals.weight * normals.mean).sum();
  row(1) =
      std::sqrt((normals.weight * ((normals.mean - row(0)).square() + normals.variance)).sum());
  if (!wanted.any()) return row;
  if (!(normals.variance.maxCoeff() > 0)) {
    row.tail(wanted.count()).setConstant(row(0));
    return row;
  }
  distribution.fill(compressed(normals), 0, row);
  return row;
}

}  // namespace

// One row a variable in the order of the draws: mean, sd, quantiles, and the ends of the shortest interval that holds `shortest`,
// if that is not 0. `deviations`: of the groups' coefficients from the population's, in their place. `chosen` may be longer than the variables
// by the number of effects: then the share of each in the variance of an observation follows.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_effects_summary(const Rcpp::List& problem,
                                        const Rcpp::NumericVector& orders,
                                        const Rcpp::NumericVector& record,
                                        const std::vector<double>& probabilities, double shortest,
                                        const std::vector<bool>& chosen, bool deviations,
                                        double memory) {
  const EffectProblem parsed(problem);
  const std::function<void()> check_interrupt = interrupt_check();
  const std::unique_ptr<const MixedDesign> design = parsed.design();
  const EffectQuadrature quadrature =
      effect_quadrature(*design, parsed, orders, record, check_interrupt);
  const SummaryColumns wanted = columns_of(probabilities, shortest);
  Rcpp::NumericMatrix out(static_cast<int>(chosen.size()), 2 + static_cast<int>(wanted.count()));
  std::fill(out.begin(), out.end(), R_NaN);
  Eigen::Map<MatrixXd> table(out.begin(), out.nrow(), out.ncol());
  const EffectColumns& columns = parsed.columns;
  const auto is_chosen = [&](Index row) { return chosen[static_cast<std::size_t>(row)]; };
  const auto any_of = [&](const std::vector<Index>& rows) {
    return std::any_of(rows.begin(), rows.end(), is_chosen);
  };
  const bool with_sigma = columns.sigma && is_chosen(*columns.sigma);
  const bool with_shares =
      std::find(chosen.begin() + parsed.variables, chosen.end(), true) != chosen.end();
  if (with_sigma || with_shares || any_of(columns.tau) || any_of(columns.rho)) {
    const EffectMarginals marginals(quadrature);
    if (with_sigma) table.row(*columns.sigma) = marginals.row({nullptr, 1, exponential}, wanted);
    for (std::size_t k = 0; k < columns.tau.size(); ++k) {
      if (!is_chosen(columns.tau[k])) continue;
      const Index direction = static_cast<Index>(k);
      const ScalePrior& prior = parsed.priors.tau[k];
      if (prior.is_fixed()) {
        table.row(columns.tau[k]).setConstant(prior.fixed_value());
        table(columns.tau[k], 1) = 0;
        continue;
      }
      table.row(columns.tau[k]) = marginals.row(
          {[direction](const EffectMatrix& lambda) { return std::log(sd_of(lambda, direction)); },
           1, exponential},
          wanted);
    }
    for (Index k = 0; k < design->effects() && with_shares; ++k)
      table.row(parsed.variables + k) = marginals.row(
          share_of(VectorXd::Unit(design->effects(), k), VectorXd::Ones(design->effects())),
          wanted);
    for (Index k = 1, pair = 0; k < design->effects() && !columns.rho.empty(); ++k)
      for (Index l = 0; l < k; ++l, ++pair) {
        const Index row = columns.rho[static_cast<std::size_t>(pair)];
        if (!is_chosen(row)) continue;
        table.row(row) = marginals.row(
            {[k, l](const EffectMatrix& lambda) { return score_of_correlation(lambda, k, l); }, 0,
             [](double score) { return std::tanh(score); }},
            wanted);
      }
  }
  const EffectNodes nodes(quadrature, EffectNodes::Choice::bulk, memory);
  const Design& pooled = design->pooled();
  std::vector<Index> rows;
  std::vector<EffectCombination> combinations;
  for (std::size_t k = 0; k < columns.coefficients.size(); ++k) {
    const Index i = static_cast<Index>(k);
    if (!is_chosen(columns.coefficients[k])) continue;
    rows.push_back(columns.coefficients[k]);
    combinations.push_back({pooled.origin(i), pooled.transform.row(i).transpose(), {}, 0});
  }
  const Index q = design->effects();
  for (Index k = 0; k < q; ++k) {
    const std::size_t effect = static_cast<std::size_t>(k);
    const std::optional<Index>& mean = columns.coefficient_of_direction[effect];
    const bool whole = mean && !deviations;
    for (Index j = 0; j < design->groups(k); ++j) {
      const Index row = columns.first_group[effect] + j;
      if (!is_chosen(row)) continue;
      rows.push_back(row);
      EffectCombination combination{
          0, VectorXd::Zero(design->free_count()), {{VectorXd::Unit(q, k), j}}, 0};
      if (whole) {
        combination.constant = pooled.origin(*mean);
        combination.a = pooled.transform.row(*mean).transpose();
      }
      combinations.push_back(std::move(combination));
    }
  }
  MixtureColumns distribution(wanted, quadrature.finite_variance());
  for_each_mixture(nodes, combinations, 1, [&](Index i, const WeightedNormals& normals) {
    table.row(rows[static_cast<std::size_t>(i)]) = summary_row(normals, distribution, wanted);
  });
  return out;
}

// For each row z: the variance of z'b, and its share in that of an observation, which is sigma^2 and the variance of t'b, t a row of `total`:
// z itself or, of independent effects, more of them. First the variances between, then sigma^2 (one row), then the shares. Mean, sd,
// lower, upper.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_effects_variances(const Rcpp::List& problem,
                                          const Rcpp::NumericVector& orders,
                                          const Rcpp::NumericVector& record,
                                          const Rcpp::NumericMatrix& z,
                                          const Rcpp::NumericMatrix& total, double probability,
                                          bool shortest) {
  const EffectProblem parsed(problem);
  const std::unique_ptr<const MixedDesign> design = parsed.design();
  const EffectQuadrature quadrature =
      effect_quadrature(*design, parsed, orders, record, interrupt_check());
  const EffectMarginals marginals(quadrature);
  const MatrixXd directions = matrix_from(z), totals = matrix_from(total);
  const Index rows = directions.rows();
  const double outside = 0.5 * (1 - probability);
  SummaryColumns wanted;
  if (shortest)
    wanted.shortest = probability;
  else
    wanted.probabilities = {{outside, 1 - outside}, {1 - outside, outside}};
  Rcpp::NumericMatrix out(static_cast<int>(2 * rows + 1), 4);
  Eigen::Map<MatrixXd> table(out.begin(), 2 * rows + 1, 4);
  for (Index i = 0; i < rows; ++i) {
    const EffectVector own = directions.row(i).transpose();
    const auto log_ratio = [own](const EffectMatrix& lambda) {
      return 2 * std::log((lambda.transpose() * own).norm());
    };
    // The variance then has bounds, but the correlation's score has none.
    const std::optional<std::pair<Index, Index>> pair = known_pair(parsed.priors, own);
    if (pair) {
      const auto [k, l] = *pair;
      const auto size = [&](Index effect) {
        return own(effect) * parsed.priors.tau[static_cast<std::size_t>(effect)].fixed_value();
      };
      const double a = size(k), b = size(l);
      const double sign = a * b < 0 ? -1 : 1;
      const auto score = [k = k, l = l, sign](const EffectMatrix& lambda) {
        return sign * score_of_correlation(lambda, k, l);
      };
      const auto variance = [a, b, sign](double x) {
        return a * a + b * b + 2 * sign * a * b * std::tanh(x);
      };
      table.row(i) = marginals.row({score, 0, variance}, wanted);
      const ScalePrior& sigma = parsed.priors.sigma;
      const auto share = [&](double x) {
        return variance(x) / (variance(x) + sigma.fixed_value() * sigma.fixed_value());
      };
      table.row(rows + 1 + i) = sigma.is_fixed() ? marginals.row({score, 0, share}, wanted)
                                                 : marginals.row({log_ratio, 0, logistic}, wanted);
      continue;
    }
    table.row(i) = marginals.row({log_ratio, 2, exponential}, wanted);
    table.row(rows + 1 + i) = marginals.row(share_of(own, totals.row(i).transpose()), wanted);
  }
  table.row(rows) = marginals.row({nullptr, 2, exponential}, wanted);
  return out;
}
