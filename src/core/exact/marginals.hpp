// Distributions of the variance parameters, each alone, from their quadrature.
#pragma once

#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/exact/quadrature.hpp"
#include "core/numerics/line_distribution.hpp"

namespace bayespool {

// A line rule and its distribution, which refers to it.
class Marginal {
 public:
  explicit Marginal(LineRule rule)
      : rule_(std::make_unique<LineRule>(std::move(rule))), distribution_(*rule_) {}

  double quantile(Tails p) const { return distribution_.quantile(p); }
  double density(double x) const { return distribution_.density(x); }

 private:
  std::unique_ptr<LineRule> rule_;
  LineDistribution distribution_;
};

// The density of tau, and of tau / sigma, is the mean over the columns of theirs given sigma. Each becomes a rule of its own,
// when it is asked for first. The quadrature must outlive the object.
class Marginals {
 public:
  explicit Marginals(const Quadrature& quadrature) : quadrature_(&quadrature) {
    if (!quadrature.sigma_known()) sigma_ = std::make_unique<LineDistribution>(quadrature.outer());
  }

  double sigma_quantile(Tails p) const {
    return sigma_ ? quadrature_->sigma_at(sigma_->quantile(p))
                  : quadrature_->priors().sigma.fixed_value();
  }

  double tau_quantile(Tails p) const {
    if (quadrature_->tau_known()) return quadrature_->priors().tau.fixed_value();
    if (!sigma_)
      return quadrature_->tau_at(quadrature_->columns().front().distribution().quantile(p));
    if (!tau_) tau_ = mean_of_columns([](const Quadrature::Column&) { return 0.0; });
    return quadrature_->tau_at(tau_->quantile(p));
  }

  // Quantile of tau / sigma.
  double ratio_quantile(Tails p) const {
    const ScalePriors& priors = quadrature_->priors();
    if (quadrature_->tau_known())
      return priors.tau.fixed_value() / sigma_quantile({p.above, p.below});
    if (!sigma_) return tau_quantile(p) / priors.sigma.fixed_value();
    if (priors.tau.lower() > 0 || priors.tau.upper() < infinity) return split_ratio_quantile(p);
    if (!ratio_)
      ratio_ = mean_of_columns([](const Quadrature::Column& c) { return std::log(c.sigma); });
    return std::exp(ratio_->quantile(p));
  }

 private:
  // Of the coordinate of tau less `shift`, a function of the column.
  std::unique_ptr<Marginal> mean_of_columns(
      const std::function<double(const Quadrature::Column&)>& shift) const {
    struct Part {
      double weight, shift;
      const LineDistribution* distribution;
    };
    std::vector<Part> parts;
    std::vector<double> points;
    for (const Quadrature::Column& column : quadrature_->columns()) {
      if (column.weight <= negligible_weight) continue;
      parts.push_back({column.weight, shift(column), &column.distribution()});
      for (const Peak& peak : column.tau->map().peaks())
        for (double z : {-2.0, 0.0, 2.0})
          points.push_back(peak.center + z * peak.width - parts.back().shift);
    }
    const auto log_density = [&](double x) {
      double density = 0;
      for (const Part& part : parts)
        density += part.weight * part.distribution->density(x + part.shift);
      return std::log(density);
    };
    std::sort(points.begin(), points.end());
    std::vector<double> apart;  // a few dozen of them
    const double spacing = (points.back() - points.front()) / 40;
    for (double x : points)
      if (apart.empty() || x - apart.back() > spacing) apart.push_back(x);
    const Scan scan(log_density, apart);
    std::vector<Peak> peaks;
    for (std::size_t i : scan.maxima()) {
      const bool enclosed = i > 0 && i + 1 < apart.size();
      peaks.push_back(enclosed ? refine_peak(log_density, apart[i - 1], apart[i + 1])
                               : climb(log_density, apart[i], std::max(spacing, 1e-6)));
    }
    LineRule rule(log_density, significant_peaks(std::move(peaks)),
                  Reach{apart.front(), apart.back()}, HUGE_VAL, [](double) { return 0.0; });
    LineDistribution::resolve(rule, log_density);
    return std::make_unique<Marginal>(std::move(rule));
  }

  // Where the support of tau ends at a positive value, tau / sigma <= value has a kink in sigma: the integral over sigma is
  // split there.
  double split_ratio_quantile(Tails p) const {
    const auto excess = [&](double log_value) {
      const Tails at = split_ratio_tails(std::exp(log_value));
      return p.below < p.above ? at.below / p.below - 1 : 1 - at.above / p.above;
    };
    double first = HUGE_VAL, last = -HUGE_VAL;
    for (const Quadrature::Column& column : quadrature_->columns()) {
      if (column.weight <= negligible_weight) continue;
      const double q =
          std::log(quadrature_->tau_at(column.distribution().quantile(p)) / column.sigma);
      first = std::min(first, q - 1e-5);
      last = std::max(last, q + 1e-5);
    }
    // The quantile of a mixture lies between those of its parts; in the far tails rounding may hide that.
    const double below = excess(first), above = excess(last);
    if (!(below < 0)) return std::exp(first);
    if (!(above > 0)) return std::exp(last);
    std::uintmax_t iterations = 100;
    const auto bracket = boost::math::tools::toms748_solve(
        excess, first, last, below, above, boost::math::tools::eps_tolerance<double>(34),
        iterations);
    return std::exp(0.5 * (bracket.first + bracket.second));
  }

  // Equidistant columns around a position and their weights in interpolation.
  struct Neighbours {
    static constexpr int most = 6;
    int first, count;
    double weight[most];

    Neighbours(double position, int columns) : count(std::min(most, columns)) {
      first = std::min(std::max(static_cast<int>(std::floor(position)) - count / 2 + 1, 0),
                       columns - count);
      for (int i = 0; i < count; ++i) {
        weight[i] = 1;
        for (int j = 0; j < count; ++j)
          if (j != i) weight[i] *= (position - first - j) / (i - j);
      }
    }
  };

  // P(tau / sigma <= value) as an integral over the coordinate of sigma, between the ends of the support of tau.
  Tails split_ratio_tails(double value) const {
    const LineRule& outer = quadrature_->outer();
    int first = 0, last = outer.count() - 1;
    while (outer.weight(first) < negligible_weight) ++first;
    while (outer.weight(last) < negligible_weight) --last;
    std::vector<double> cuts;
    for (int i = first; i <= last; ++i) cuts.push_back(outer.x(i));
    const ScalePrior& tau = quadrature_->priors().tau;
    for (double end : {tau.lower(), tau.upper()}) {
      const double x = quadrature_->sigma_coordinate().exact_coordinate(end / value);
      if (x > outer.x(first) && x < outer.x(last)) cuts.push_back(x);
    }
    std::sort(cuts.begin(), cuts.end());
    using Rule = boost::math::quadrature::gauss<double, 5>;
    Tails sum{0, 0};
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      const double half = 0.5 * (cuts[i + 1] - cuts[i]), middle = 0.5 * (cuts[i + 1] + cuts[i]);
      const auto add = [&](double t, double weight) {
        const double x = middle + half * t, mass = weight * half * sigma_->density(x);
        const Tails at = conditional_tails(value * quadrature_->sigma_at(x), x);
        sum.below += mass * at.below;
        sum.above += mass * at.above;
      };
      for (std::size_t g = 0; g < Rule::abscissa().size(); ++g) {
        add(Rule::abscissa()[g], Rule::weights()[g]);
        if (g > 0) add(-Rule::abscissa()[g], Rule::weights()[g]);
      }
    }
    const double total = sum.below + sum.above;
    return {sum.below / total, sum.above / total};
  }

  // Tails of tau given a sigma between columns.
  Tails conditional_tails(double tau, double x_sigma) const {
    const std::vector<Quadrature::Column>& columns = quadrature_->columns();
    const double x_tau = quadrature_->tau_coordinate().exact_coordinate(tau);
    const Neighbours near(quadrature_->outer().node_position(quadrature_->outer().map().s(x_sigma)),
                          static_cast<int>(columns.size()));
    Tails sum{0, 0};
    for (int i = 0; i < near.count; ++i) {
      const Tails at =
          columns[static_cast<std::size_t>(near.first + i)].distribution().tails(x_tau);
      sum.below += near.weight[i] * at.below;
      sum.above += near.weight[i] * at.above;
    }
    return sum;
  }

  static constexpr double negligible_weight = 1e-16;

  const Quadrature* quadrature_;
  std::unique_ptr<LineDistribution> sigma_;
  mutable std::unique_ptr<Marginal> tau_, ratio_;
};

}  // namespace bayespool
