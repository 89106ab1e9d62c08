// Where the nodes of a lattice go: the mode of a density on R^d, its spread, and steps that resolve it.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/numerics/lattice.hpp"
#include "core/numerics/linear_algebra.hpp"

namespace bayespool {

struct Mode {
  VectorXd at;
  MatrixXd curvature;  // minus the second derivatives of log f
  double log_f;
};

// By Newton's method with differences for derivatives; where log f is not concave, along the directions of its curvature.
inline Mode find_mode(const LatticeFunction& f, VectorXd x) {
  constexpr int most_steps = 100;
  constexpr double longest = 2, flattest = 0.02, enough = 1e-4;
  const Index d = x.size();
  const auto log_f = [&f](const VectorXd& at) { return f(at.data()).log_f; };
  Mode mode{x, MatrixXd::Identity(d, d), log_f(x)};
  VectorXd step = VectorXd::Constant(d, 0.05);
  for (int iteration = 0; iteration < most_steps && d > 0; ++iteration) {
    VectorXd gradient(d), ahead(d), behind(d);
    for (Index i = 0; i < d; ++i) {
      VectorXd y = mode.at;
      y(i) += step(i);
      ahead(i) = log_f(y);
      y(i) = mode.at(i) - step(i);
      behind(i) = log_f(y);
      gradient(i) = (ahead(i) - behind(i)) / (2 * step(i));
      mode.curvature(i, i) = (2 * mode.log_f - ahead(i) - behind(i)) / (step(i) * step(i));
    }
    for (Index i = 0; i < d; ++i)
      for (Index j = 0; j < i; ++j) {
        VectorXd y = mode.at;
        y(i) += step(i);
        y(j) += step(j);
        const double both_ahead = log_f(y);
        y(i) = mode.at(i) - step(i);
        y(j) = mode.at(j) - step(j);
        const double both_behind = log_f(y);
        mode.curvature(i, j) = mode.curvature(j, i) =
            -(both_ahead + both_behind - ahead(i) - behind(i) - ahead(j) - behind(j) +
              2 * mode.log_f) /
            (2 * step(i) * step(j));
      }
    if (!mode.curvature.allFinite() || !gradient.allFinite()) {
      step *= 0.25;
      if (step.maxCoeff() < 1e-6) return mode;
      continue;
    }
    const SymmetricEigen axes(mode.curvature);
    const VectorXd steepness = axes.values.cwiseAbs().cwiseMax(flattest);
    VectorXd move = axes.vectors * (axes.vectors.transpose() * gradient).cwiseQuotient(steepness);
    const double length = move.cwiseAbs().maxCoeff();
    if (length > longest) move *= longest / length;
    double gain = 0;
    for (int halving = 0; halving < 20; ++halving, move *= 0.4) {
      const VectorXd y = mode.at + move;
      const double value = log_f(y);
      if (!(value > mode.log_f)) continue;
      gain = value - mode.log_f;
      mode.at = y;
      mode.log_f = value;
      break;
    }
    for (Index i = 0; i < d; ++i)
      step(i) =
          std::min(0.3, std::max(1e-6, 0.2 / std::sqrt(std::max(mode.curvature(i, i), 0.25))));
    if (gain < enough) break;
  }
  return mode;
}

struct LatticeOptions {
  double tolerance;  // of the pattern (see LatticeRule)
  double drop;       // of log f from its maximum to the border
  std::size_t most_nodes;
};

// A rotation that takes no axis near another axis or a sum of few: then the spectrum of any one coordinate of a lattice rotated
// so is known far beyond the frequencies at which the lattice's own axes repeat it, and with it the distribution of that coordinate.
inline MatrixXd away_from_axes(Index d) {
  MatrixXd rotation = MatrixXd::Identity(d, d);
  for (Index first = 0; first < d;) {
    const Index size = std::min<Index>(d - first == 4 ? 2 : 3, d - first);
    auto block = rotation.block(first, first, size, size);
    if (size == 2) block << 1, 1, -1, 1;
    if (size == 3) block << 2, 2, -1, -1, 2, 2, 2, -1, 2;
    if (size > 1) block /= size == 2 ? std::sqrt(2.0) : 3.0;
    first += size;
  }
  return rotation;
}

// How the pattern of a lattice falls with its steps, to tell which steps will do.
class StepChoice {
 public:
  StepChoice(Index d, double tolerance)
      : tolerance_(tolerance),
        step_(VectorXd::Constant(d, 1)),
        exponent_(std::size_t{1} << d, most_exponent) {}

  // Steps for which all of the pattern is below the tolerance, by what it was with the steps `step`. It falls as exp(-c / step^n), n = 2
  // for a normal density, 1 for one that has kinks if seen from afar; n is learnt where the pattern with other steps is known.
  VectorXd next(const VectorXd& step, const std::vector<double>& pattern) {
    VectorXd factor = VectorXd::Constant(step.size(), longest);
    const double target = std::log((before_.empty() ? before_learning : safety) * tolerance_);
    for (std::size_t s = 1; s < pattern.size(); ++s) {
      const double now = std::log(std::min(pattern[s], 0.9));
      if (!before_.empty()) learn(s, step, now);
      const double ratio = std::pow(now / target, 1 / exponent_[s]);
      // Of several directions together those are to blame that are coarse alone, or all of them.
      std::size_t blamed = 0;
      for (std::size_t alone = 1; alone < pattern.size(); alone <<= 1)
        if ((s & alone) && pattern[alone] > 0.1 * pattern[s]) blamed |= alone;
      if (blamed == 0) blamed = s;
      for (Index i = 0; i < step.size(); ++i)
        if (blamed >> i & 1) factor(i) = std::min(factor(i), std::max(shortest, ratio));
    }
    step_ = step;
    before_ = pattern;
    return step.cwiseProduct(factor);
  }

 private:
  static constexpr double most_exponent = 2, least_exponent = 1, shortest = 0.45, longest = 1,
                          safety = 0.7, before_learning = 0.2;

  void learn(std::size_t s, const VectorXd& step, double now) {
    double finer = 0;
    for (Index i = 0; i < step.size(); ++i)
      if (s >> i & 1) finer = std::max(finer, std::log(step_(i) / step(i)));
    if (!(finer > 0.1)) return;
    const double exponent = std::log(now / std::log(std::min(before_[s], 0.9))) / finer;
    exponent_[s] = std::min(std::max(exponent, least_exponent), most_exponent);
  }

  double tolerance_;
  VectorXd step_;
  std::vector<double> before_, exponent_;
};

// A rule for f (see LatticeRule), filled from all `modes`, of which the first is the highest. `error`: about that of the total and of
// means in sds; `settled`: whether the tolerance was reached.
struct LatticeFit {
  LatticeRule rule;
  double error;
  bool settled;
};

inline LatticeFit fit_lattice(const LatticeFunction& f, const std::vector<Mode>& modes,
                              const LatticeOptions& options) {
  constexpr double pilot_step = 1.2, pilot_drop = 11, coarsest = 0.8, stretch = 3, widest = 2;
  constexpr int pilots = 2, most_refinements = 10;
  const Index d = modes.front().at.size();
  const MatrixXd rotation = away_from_axes(d);
  LatticeFit result{{}, 0, false};
  LatticeRule& rule = result.rule;
  const SymmetricEigen axes(modes.front().curvature);  // also of no dimension, where all is known
  VectorXd centre = modes.front().at;
  MatrixXd covariance = axes.vectors *
                        axes.values.cwiseMax(1 / (widest * widest)).cwiseInverse().asDiagonal() *
                        axes.vectors.transpose();
  const auto fill = [&](const VectorXd& step, double drop) {
    rule.map.centre = centre;
    rule.map.stretch = stretch * covariance.diagonal().cwiseSqrt();
    rule.map.generator = MatrixXd(covariance.llt().matrixL()) * rotation * step.asDiagonal();
    std::vector<LatticePoint> first;
    for (const Mode& mode : modes) first.push_back(rule.map.nearest(mode.at));
    rule.fill(f, first, drop, options.most_nodes);
  };
  for (int pilot = 0; pilot < pilots; ++pilot) {
    fill(VectorXd::Constant(d, pilot_step), pilot_drop);
    if (rule.exhausted) return result;
    VectorXd mean = VectorXd::Zero(d), x(d);
    MatrixXd square = MatrixXd::Zero(d, d);
    for (std::size_t i = 0; i < rule.nodes.size(); ++i) {
      rule.map.point(rule.nodes[i].k, x.data());
      mean += rule.weight[i] * x;
      square += rule.weight[i] * (x - centre) * (x - centre).transpose();
    }
    covariance = square - (mean - centre) * (mean - centre).transpose();
    covariance.diagonal().array() += 1e-8 * covariance.diagonal().array() + 1e-300;
    centre = mean;
  }
  StepChoice choice(d, options.tolerance);
  VectorXd step = choice.next(VectorXd::Constant(d, pilot_step), rule.pattern).cwiseMin(coarsest);
  for (int refinement = 0; refinement < most_refinements; ++refinement) {
    fill(step, options.drop);
    const double worst = rule.worst();
    result.error = 10 * (worst * worst + rule.edge);
    if (rule.exhausted) return result;
    if (worst <= options.tolerance) {
      result.settled = true;
      return result;
    }
    const VectorXd finer = choice.next(step, rule.pattern);
    step = finer == step ? VectorXd(0.9 * step) : finer;
  }
  return result;
}

}  // namespace bayespool
