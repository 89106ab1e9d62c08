// Independent draws where groups have several effects: the definitions of core/exact/effect_sampler.hpp.
#include "core/exact/effect_sampler.hpp"

#include <cmath>

#include "core/model/effect_weights.hpp"

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
  const EffectDesign& design = quadrature_->design();
  const Design& pooled = design.pooled();
  VectorXd gamma(design.free_count());
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
    const MatrixXd& lambda = posterior.lambda();
    const VectorXd& theta = posterior.theta();
    for (std::size_t k = 0; k < columns_.tau.size(); ++k)
      put(columns_.tau[k], theta(static_cast<Index>(k)) * sigma);
    for (Index k = 1, pair = 0; k < design.effects() && !columns_.rho.empty(); ++k)
      for (Index l = 0; l < k; ++l, ++pair)
        put(columns_.rho[static_cast<std::size_t>(pair)],
            correlation(posterior.correlation().factor(), k, l));
    draw_groups(random, lambda, sigma, gamma, beta, put);
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

void EffectSampler::draw_groups(RandomStream& random, const MatrixXd& lambda, double sigma,
                                const VectorXd& gamma, const VectorXd& beta, const Put& put) const {
  const EffectDesign& design = quadrature_->design();
  const Index q = design.effects(), f = design.free_count();
  EffectVector population = EffectVector::Zero(q), effect(q);
  VectorXd contrast(f + 1);
  contrast << -gamma, 1;
  for (Index k = 0; k < q; ++k)
    if (columns_.coefficient_of_direction[static_cast<std::size_t>(k)])
      population(k) = beta(*columns_.coefficient_of_direction[static_cast<std::size_t>(k)]);
  std::vector<EffectMatrix> b(design.classes.size()), factor(design.classes.size());
  for (std::size_t c = 0; c < design.classes.size(); ++c) {
    b[c] = design.classes[c].r * lambda;
    factor[c] = effect_factor(b[c]);
  }
  for (Index j = 0; j < design.groups(); ++j) {
    const std::size_t group = static_cast<std::size_t>(j), c = design.class_of[group];
    const MatrixXd& projections = design.projections[group];
    effect.setZero();
    for (Index a = 0; a < projections.rows(); ++a) {
      double residual = 0;
      for (Index l = 0; l <= f; ++l) residual += projections(a, l) * contrast(l);
      for (Index k = 0; k < q; ++k) effect(k) += b[c](a, k) * residual;
    }
    solve_lower(factor[c], effect);
    for (Index k = 0; k < q; ++k) effect(k) += sigma * random.normal();
    solve_lower_transposed(factor[c], effect);
    for (Index k = 0; k < q; ++k) {
      double value = population(k);
      for (Index l = 0; l < q; ++l) value += lambda(k, l) * effect(l);
      put(columns_.first_group[static_cast<std::size_t>(k)] + j, value);
    }
  }
}

}  // namespace bayespool
