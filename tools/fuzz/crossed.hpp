// Two grouping factors: the same rows in cells, by quadrature and by NUTS.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "core/exact/effect_nodes.hpp"
#include "core/exact/effect_sampler.hpp"
#include "core/model/crossed_design.hpp"
#include "core/model/moment_lines.hpp"
#include "core/nuts/crossed_density.hpp"
#include "core/nuts/nuts_chain.hpp"
#include "input.hpp"
#include "require.hpp"

namespace fuzz {

struct CrossedProblem {
  EffectData cells;
  CellLevels levels;
  CoefficientPriors coefficients;
  EffectPriors priors;
  EffectColumns columns;
  Index parameters;
  bool heavy, flat;
};

// Levels are numbered as they come, so that each occurs.
class Codes {
 public:
  Index operator()(int key) {
    return codes_.emplace(key, static_cast<Index>(codes_.size())).first->second;
  }
  Index count() const { return static_cast<Index>(codes_.size()); }

 private:
  std::map<int, Index> codes_;
};

// The groups of the rows are the first factor; the second is drawn, or is nested in the first.
inline CellLevels split_into_cells(Input& input, Rows& rows) {
  const int second_count = input.integer(1, 6);
  const bool nested = input.flip();
  std::array<Codes, 2> codes;
  std::map<std::pair<Index, Index>, int> cells;
  CellLevels levels;
  for (int& group : rows.group) {
    const int own = input.integer(1, second_count);
    const std::pair<Index, Index> pair{codes[0](group), codes[1](nested ? 10 * group + own : own)};
    const auto [cell, is_new] = cells.emplace(pair, static_cast<int>(cells.size()) + 1);
    if (is_new) {
      levels.of_cell[0].push_back(pair.first);
      levels.of_cell[1].push_back(pair.second);
    }
    group = cell->second;
  }
  rows.groups = static_cast<int>(cells.size());
  levels.count = {codes[0].count(), codes[1].count()};
  return levels;
}

inline CrossedProblem crossed_problem(Input& input, const GroupMoments& moments,
                                      CellLevels levels) {
  const Index variables = moments.mean.cols(), count = moments.size.size();
  const bool intercept = input.flip() || variables == 1, prior_only = input.integer(0, 9) == 0;
  const double keep = prior_only ? 0 : 1;
  std::vector<std::optional<Index>> predictors;
  if (intercept) predictors.push_back(std::nullopt);
  for (Index k = 0; k + 1 < variables; ++k) predictors.push_back(k);
  const Index p = static_cast<Index>(predictors.size());
  CoefficientPriors coefficients{VectorXd::Zero(p), VectorXd::Zero(p)};
  bool flat = false;
  for (Index k = 0; k < p; ++k) {
    const int kind = input.integer(0, 5);
    coefficients.mean(k) = kind == 1 || input.flip() ? 0 : input.number();
    coefficients.sd(k) = kind == 0 ? 0 : kind == 1 ? infinity : input.parameter();
    flat = flat || kind == 1;
  }
  const Prior sigma = scale_prior(input, false), first = scale_prior(input, true),
              second = scale_prior(input, true);
  EffectColumns columns;
  Index next = 0;
  for (; next < p; ++next) columns.coefficients.push_back(next);
  for (const Index own : levels.count) {
    columns.first_group.push_back(next);
    columns.coefficient_of_direction.emplace_back();
    next += own;
  }
  columns.sigma = next++;
  columns.tau = {next, next + 1};
  flat = flat || sigma.flat || first.flat || second.flat;
  return {{keep * moments.size,
           keep * moments.size,
           MatrixXd(keep * moments.mean),
           MatrixXd(keep * moments.within),
           predictors,
           {{}, {}},
           0},
          std::move(levels),
          coefficients,
          {sigma.density, {first.density, second.density}, std::nullopt},
          columns,
          next + 2,
          flat || sigma.heavy || first.heavy || second.heavy || count == 0,
          flat};
}

inline void check_crossed_quadrature(const CrossedProblem& p, Input& input,
                                     const std::function<void()>& check) {
  const CrossedDesign design(p.cells, p.levels, p.coefficients);
  for (Index i = 0; i < design.free_count(); ++i)  // R refuses these
    if (std::isinf(p.coefficients.sd(design.pooled().free[i])) &&
        design.pooled().total_fit.rank < design.free_count())
      return;
  const double order = p.heavy ? 0 : 2;
  const EffectOrders orders{order, {order, order}};
  const EffectQuadrature quadrature(design, p.priors, orders, check);
  require(std::isfinite(quadrature.log_evidence()), "finite evidence of two factors");
  RecordWriter writer;
  quadrature.write(writer);
  RecordReader reader(writer.numbers());
  require(EffectQuadrature(design, p.priors, orders, reader, check).log_evidence() ==
              quadrature.log_evidence(),
          "a record of two factors keeps the evidence");

  const EffectSampler sampler(quadrature, p.columns, 1);
  const Index draws = 10;
  MatrixXd out(draws, p.parameters);
  double bound = EffectSampler::first_bound;
  for (double met = infinity; met > bound;) {
    if (std::isfinite(met)) bound = 1.1 * met;
    met = sampler.draw_chunk(0, draws, bound, out.data());
    require(std::isfinite(met), "the ratio of densities of two factors is finite");
  }
  require(out.allFinite(), "finite draws of two factors");

  // An effect of each factor, known or new.
  const EffectNodes nodes(quadrature, EffectNodes::Choice::bulk, 1e9);
  EffectCombination combination{0, VectorXd::Zero(design.free_count()), {}, 0};
  for (Index k = 0; k < 2; ++k) {
    std::optional<Index> level;
    if (input.flip()) level = input.integer(0, static_cast<int>(design.groups(k)) - 1);
    combination.effects.push_back({VectorXd::Unit(2, k), level});
  }
  const WeightedNormals normals = nodes.normals(combination);
  require(normals.mean.allFinite() && normals.variance.allFinite(), "finite effects");
  require((normals.variance >= 0).all(), "variances of effects are not negative");
}

inline void check_crossed_nuts(const CrossedProblem& p, Input& input,
                               const std::function<void()>& check) {
  CrossedDensity density(p.cells, p.levels, p.coefficients, p.priors,
                         input.flip() ? Parameterization::centered : Parameterization::noncentered,
                         p.columns);
  if (density.dimension() == 0) return;
  NutsOptions options;
  options.warmup = input.integer(0, 20);
  options.sampling = 4;
  options.adapt_delta = 0.8;
  options.max_treedepth = input.integer(1, 5);
  RandomStream random(1, 2, 3);
  MatrixXd out(options.sampling, p.parameters);
  run_chain(std::ref(density), density.centre(), density.unit(), density.scale(), options, random,
            check, [&](int iteration, const VectorXd& position, const Transition&) {
              if (iteration >= options.warmup)
                density.store(position, out.data() + iteration - options.warmup, options.sampling);
            });
  require(out.allFinite(), "finite draws of NUTS of two factors");
}

inline void check_crossed(Input& input, Rows rows, const std::function<void()>& check) {
  CellLevels levels = split_into_cells(input, rows);
  const GroupMoments moments = compute_group_moments(rows.view(0, rows.size()), false, check);
  if (!moments.mean.allFinite() || !moments.within.allFinite()) return;
  const CrossedProblem problem = crossed_problem(input, moments, std::move(levels));
  if (problem.flat && problem.cells.rows.sum() == 0) return;  // R refuses these
  if (input.flip())
    check_crossed_nuts(problem, input, check);
  else
    check_crossed_quadrature(problem, input, check);
}

}  // namespace fuzz
