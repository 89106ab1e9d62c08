// Independent draws of the variance parameters.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "core/exact/quadrature.hpp"
#include "core/exact/score_tables.hpp"
#include "core/numerics/streams.hpp"

namespace bayespool {

// Where every distribution of the quadrature has one peak, by inversion: a pair of normal scores becomes a pair of quantiles,
// so that draws hardly change where the data hardly do. Quantiles jump between peaks, and are nothing to interpolate: then by
// rejection. The quadrature must outlive the object.
class VarianceSampler {
 public:
  explicit VarianceSampler(const Quadrature& quadrature) : quadrature_(&quadrature) {
    if (quadrature.single_peaked()) {
      tables_ = std::make_unique<ScoreTables>(quadrature);
      return;
    }
    double total = 0;
    for (const Quadrature::Column& column : quadrature.columns()) {
      outer_.push_back(total += column.weight);
      inner_.emplace_back();
      if (!column.tau) continue;
      double sum = 0;
      for (double weight : column.tau->weights()) inner_.back().push_back(sum += weight);
    }
  }

  // Draws (sigma, tau) and conditions `posterior` on them. `greatest` becomes the largest ratio of densities that rejection
  // met, if that is more: where it ends above `bound`, the draws are not exact and want a larger one.
  VariancePoint draw(RandomStream& random, CollapsedPosterior& posterior, double bound,
                     double& greatest) const {
    if (!tables_) return reject(random, posterior, bound, greatest);
    const double z_sigma = quadrature_->sigma_known() ? 0 : random.normal();
    const double z_tau = quadrature_->tau_known() ? 0 : random.normal();
    const VariancePoint at = tables_->at(z_sigma, z_tau);
    posterior.condition(at);
    return at;
  }

 private:
  // The proposal takes a node with its weight and moves it at random between its neighbours: its density is linear between
  // nodes. It is accepted with the ratio of the posterior's density to that over `bound`.
  VariancePoint reject(RandomStream& random, CollapsedPosterior& posterior, double bound,
                       double& greatest) const {
    const bool sigma_known = quadrature_->sigma_known(), tau_known = quadrature_->tau_known();
    VariancePoint at = quadrature_->known();
    for (;;) {
      double density = 1, x_sigma = 0, x_tau = 0;
      std::size_t column = 0;
      double position = 0;  // among the columns
      if (!sigma_known) {
        const LineRule& outer = quadrature_->outer();
        column = pick(outer_, random);
        position = between_neighbours(static_cast<double>(column), random);
        if (!inside(position, outer)) continue;
        x_sigma = outer.map().x(outer.s(0) + outer.step() * position);
        at.sigma = quadrature_->sigma_at(x_sigma);
        density = outer.map().density(x_sigma) / outer.step();
      }
      if (!tau_known) {
        const LineRule& rule = *quadrature_->columns()[column].tau;
        const double place =
            between_neighbours(static_cast<double>(pick(inner_[column], random)), random);
        if (!inside(place, rule)) continue;
        x_tau = rule.map().x(rule.s(0) + rule.step() * place);
        at.tau = quadrature_->tau_at(x_tau);
      }
      density *= mixture_density(position, x_tau);
      const double ratio = std::exp(quadrature_->log_density(posterior, x_sigma, x_tau)) / density;
      greatest = std::max(greatest, ratio);
      if (random.uniform() * bound < ratio) return at;
    }
  }

  static std::size_t pick(const std::vector<double>& sums, RandomStream& random) {
    const double u = random.uniform() * sums.back();
    return static_cast<std::size_t>(
        std::min(std::upper_bound(sums.begin(), sums.end(), u), sums.end() - 1) - sums.begin());
  }

  // Around `node` with a density that falls linearly to 0 at its neighbours.
  static double between_neighbours(double node, RandomStream& random) {
    const double first = random.uniform(), second = random.uniform();
    return node + first - second;
  }

  static bool inside(double position, const LineRule& rule) {
    return position > 0 && position < rule.count() - 1;
  }

  // The two columns around a position share it.
  double mixture_density(double position, double x_tau) const {
    const std::vector<Quadrature::Column>& columns = quadrature_->columns();
    const std::size_t left = static_cast<std::size_t>(position);
    const double t = position - static_cast<double>(left);
    double density = 0;
    for (std::size_t i = left; i < std::min(left + 2, columns.size()); ++i) {
      const double share = (i == left ? 1 - t : t) * columns[i].weight;
      density += share * (columns[i].tau ? columns[i].tau->linear_density(x_tau) : 1);
    }
    return density;
  }

  const Quadrature* quadrature_;
  std::unique_ptr<ScoreTables> tables_;
  std::vector<double> outer_;               // sums of the columns' weights
  std::vector<std::vector<double>> inner_;  // the same in each column
};

}  // namespace bayespool
