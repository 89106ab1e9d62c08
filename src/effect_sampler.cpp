// Independent draws where groups have several effects: the definitions of core/exact/effect_sampler.hpp.
#include "core/exact/effect_sampler.hpp"

#include <cmath>

namespace bayespool {

EffectSampler::EffectSampler(const EffectQuadrature& quadrature, EffectColumns columns,
                             std::uint64_t seed)
    : quadrature_(&quadrature),
      columns_(std::move(columns)),
      seed_(seed),
      points_(quadrature.rule()) {}

double EffectSampler::draw_chunk(Index chunk, Index draws, double bound, double* out) const {
  const Index first = chunk * chunk_size, count = std::min(chunk_size, draws - first);
  RandomStream random(seed_, 0, static_cast<std::uint64_t>(chunk));
  EffectPosterior posterior = quadrature_->posterior();
  EffectPosterior::Line line;
  const MixedDesign& design = quadrature_->design();
  const Design& pooled = design.pooled();
  VectorXd gamma(design.free_count()), contrast(design.free_count() + 1);
  double greatest = 0;
  for (Index i = 0; i < count; ++i) {
    double* const row = out + first + i;
    const auto put = [&](Index column, double value) { row[column * draws] = value; };
    draw_point(random, posterior, bound, greatest);
    const double sigma = posterior.sigma_on_line()
                             ? draw_sigma(random, posterior, line, bound, greatest)
                             : posterior.given_sigma();
    const BorderedFactor& factor = posterior.condition(sigma);
    for (Index k = 0; k < gamma.size(); ++k) gamma(k) = random.normal();
    factor.draw(gamma);
    const VectorXd beta = pooled.origin + pooled.transform * gamma;
    for (std::size_t k = 0; k < columns_.coefficients.size(); ++k)
      put(columns_.coefficients[k], beta(static_cast<Index>(k)));
    if (columns_.sigma) put(*columns_.sigma, sigma);
    const VectorXd& theta = posterior.theta();
    for (std::size_t k = 0; k < columns_.tau.size(); ++k)
      put(columns_.tau[k], theta(static_cast<Index>(k)) * sigma);
    for (Index k = 1, pair = 0; k < design.effects() && !columns_.rho.empty(); ++k)
      for (Index l = 0; l < k; ++l, ++pair)
        put(columns_.rho[static_cast<std::size_t>(pair)],
            correlation(posterior.correlation().factor(), k, l));
    contrast << -gamma, 1;
    design.draw(random, posterior.lambda(), sigma, contrast,
                [&](Index effect, Index group, double value) {
                  const std::size_t own = static_cast<std::size_t>(effect);
                  const std::optional<Index>& mean = columns_.coefficient_of_direction[own];
                  put(columns_.first_group[own] + group, value + (mean ? beta(*mean) : 0));
                });
  }
  return greatest;
}

void EffectSampler::draw_point(RandomStream& random, EffectPosterior& posterior, double bound,
                               double& greatest) const {
  LatticeSampler::Point x{};
  const auto log_f = [&](const double* at) {
    posterior.move(at);
    return quadrature_->log_mass_at(posterior);
  };
  if (quadrature_->rule().map.dimension() > 0) x = points_.draw(random, log_f, bound, greatest);
  posterior.move(x.data());
}

double EffectSampler::draw_sigma(RandomStream& random, EffectPosterior& posterior,
                                 EffectPosterior::Line& line, double bound, double& greatest) {
  posterior.fill_line(line, line_drop);
  double total = 0;
  std::vector<double> sums, mass;
  for (double value : line.log_f) {
    mass.push_back(std::exp(value - line.top));
    sums.push_back(total += mass.back());
  }
  for (;;) {
    const double u = random.uniform() * total;
    const std::size_t node = static_cast<std::size_t>(
        std::min(std::upper_bound(sums.begin(), sums.end(), u), sums.end() - 1) - sums.begin());
    const double ahead = random.uniform(), behind = random.uniform();
    const double position = static_cast<double>(node) + ahead - behind;
    if (!(position > 0 && position < static_cast<double>(mass.size() - 1))) continue;
    const std::size_t left = static_cast<std::size_t>(position);
    const double part = position - static_cast<double>(left);
    const double coordinate =
        posterior.line_origin() + posterior.line_step() * (line.first + position);
    const double ratio = std::exp(posterior.log_density(coordinate) - line.top) /
                         ((1 - part) * mass[left] + part * mass[left + 1]);
    greatest = std::max(greatest, ratio);
    if (random.uniform() * bound < ratio) return posterior.sigma_coordinate().value(coordinate);
  }
}

}  // namespace bayespool
