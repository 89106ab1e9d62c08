// Distribution functions and quantiles of the variance parameters from their quadrature.
#pragma once

#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/exact/quadrature.hpp"
#include "core/numerics/normal_score.hpp"

namespace bayespool {

// The quadrature must outlive the object.
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
    return quantile(p, false, [this](double value) {
      return average_over_columns([&](double) { return value; });
    });
  }

  // Quantile of tau / sigma. Where the support of tau ends at a positive value, tau / sigma <= value has a
  // kink in sigma and the integral over sigma is split there.
  double ratio_quantile(Tails p) const {
    if (quadrature_->tau_known())
      return quadrature_->priors().tau.fixed_value() / sigma_quantile({p.above, p.below});
    const ScalePrior& tau = quadrature_->priors().tau;
    const bool split = sigma_ && (tau.lower() > 0 || tau.upper() < infinity);
    return quantile(p, true, [&, split](double value) {
      return split ? split_ratio_tails(value)
                   : average_over_columns([&](double sigma) { return value * sigma; });
    });
  }

  // (sigma, tau) at normal scores: of sigma, and of tau given sigma.
  VariancePoint at_scores(double z_sigma, double z_tau) const {
    const Tails p_tau{normal_cdf(z_tau), normal_cdf(-z_tau)};
    const std::vector<Quadrature::Column>& columns = quadrature_->columns();
    const auto tau_of = [&](std::size_t i) { return columns[i].distribution().quantile(p_tau); };
    VariancePoint at = quadrature_->known();
    if (!sigma_) {
      if (!quadrature_->tau_known()) at.tau = quadrature_->tau_at(tau_of(0));
      return at;
    }
    const double x = sigma_->quantile({normal_cdf(z_sigma), normal_cdf(-z_sigma)});
    at.sigma = quadrature_->sigma_at(x);
    if (quadrature_->tau_known()) return at;
    const Neighbours near(quadrature_->outer().node_position(quadrature_->outer().map().s(x)),
                          static_cast<int>(columns.size()));
    double x_tau = 0;
    for (int i = 0; i < near.count; ++i)
      x_tau += near.weight[i] * tau_of(static_cast<std::size_t>(near.first + i));
    at.tau = quadrature_->tau_at(x_tau);
    return at;
  }

 private:
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

  Tails column_tails(const Quadrature::Column& column, double tau) const {
    return column.distribution().tails(quadrature_->tau_coordinate().exact_coordinate(tau));
  }

  // Tails of tau at bound(sigma)
  template <class Bound>
  Tails average_over_columns(Bound&& bound) const {
    Tails sum{0, 0};
    for (const Quadrature::Column& column : quadrature_->columns()) {
      if (column.weight <= negligible_weight) continue;
      const Tails tails = column_tails(column, bound(column.sigma));
      sum.below += column.weight * tails.below;
      sum.above += column.weight * tails.above;
    }
    return sum;
  }

  // Inverts the tails of tau, or of tau / sigma (`relative`).
  template <class TailsAt>
  double quantile(Tails p, bool relative, TailsAt&& tails_at) const {
    double low = HUGE_VAL, high = 0;
    for (const Quadrature::Column& column : quadrature_->columns()) {
      if (column.weight <= negligible_weight) continue;
      const double q = quadrature_->tau_at(column.distribution().quantile(p)) /
                       (relative ? column.sigma : 1);
      low = std::min(low, q);
      high = std::max(high, q);
    }
    if (high - low <= 1e-14 * high) return high;
    const auto excess = [&](double log_value) {
      const Tails at = tails_at(std::exp(log_value));
      return p.below < p.above ? at.below / p.below - 1 : 1 - at.above / p.above;
    };
    const double first = std::log(low) - 1e-5, last = std::log(high) + 1e-5;
    // The quantile of a mixture lies between those of its parts; in the far tails rounding may hide that.
    const double below = excess(first), above = excess(last);
    if (!(below < 0)) return low;
    if (!(above > 0)) return high;
    std::uintmax_t iterations = 100;
    const auto bracket = boost::math::tools::toms748_solve(
        excess, first, last, below, above, boost::math::tools::eps_tolerance<double>(34),
        iterations);
    return std::exp(0.5 * (bracket.first + bracket.second));
  }

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
    Tails sum{0, 0};
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      if (!(cuts[i + 1] > cuts[i])) continue;
      for (const bool below : {true, false}) {
        const auto integrand = [&](double x) {
          const Tails at = conditional_tails(value * quadrature_->sigma_at(x), x);
          return sigma_->density(x) * (below ? at.below : at.above);
        };
        (below ? sum.below : sum.above) +=
            boost::math::quadrature::gauss<double, 7>::integrate(integrand, cuts[i], cuts[i + 1]);
      }
    }
    const double total = sum.below + sum.above;
    return {sum.below / total, sum.above / total};
  }

  // Tails of tau given a sigma between columns.
  Tails conditional_tails(double tau, double x_sigma) const {
    const std::vector<Quadrature::Column>& columns = quadrature_->columns();
    const Neighbours near(quadrature_->outer().node_position(quadrature_->outer().map().s(x_sigma)),
                          static_cast<int>(columns.size()));
    Tails sum{0, 0};
    for (int i = 0; i < near.count; ++i) {
      const Tails at = column_tails(columns[static_cast<std::size_t>(near.first + i)], tau);
      sum.below += near.weight[i] * at.below;
      sum.above += near.weight[i] * at.above;
    }
    return sum;
  }

  static constexpr double negligible_weight = 1e-16;

  const Quadrature* quadrature_;
  std::unique_ptr<LineDistribution> sigma_;
};

}  // namespace bayespool
