// The search for nodes in all variance parameters: the definitions of core/exact/effect_quadrature.hpp.
#include "core/exact/effect_quadrature.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/numerics/lattice_search.hpp"

namespace bayespool {

namespace {

// In up to three dimensions the tolerance is that of the lattice's pattern, whose square is about the error of means; what is beyond the
// border is below 1e-8; more nodes would only mean that something is wrong. Quantiles of a standard deviation need a finer lattice where
// its directions are fewer (see away_from_axes()), which costs little there. Beyond three dimensions all that would take minutes.
LatticeOptions lattice_options(Index dimension) {
  constexpr std::array<double, 4> tolerance = {1e-9, 1e-9, 1e-5, 2.5e-4};
  if (dimension > 3) return {3e-2, 11, 800000};
  return {tolerance[static_cast<std::size_t>(dimension)], 20, 400000};
}

}  // namespace

EffectQuadrature::EffectQuadrature(const MixedDesign& design, const EffectPriors& priors,
                                   EffectOrders orders, std::function<void()> check_interrupt)
    : design_(&design),
      priors_(priors),
      orders_(std::move(orders)),
      check_interrupt_(std::move(check_interrupt)),
      posterior_(design, priors) {
  integrate();
}

EffectQuadrature::EffectQuadrature(const MixedDesign& design, const EffectPriors& priors,
                                   EffectOrders orders, RecordReader& record,
                                   std::function<void()> check_interrupt)
    : design_(&design),
      priors_(priors),
      orders_(std::move(orders)),
      check_interrupt_(std::move(check_interrupt)),
      posterior_(design, priors) {
  const double origin = record.number(), step = record.number();
  posterior_.set_line(origin, step);
  record.lattice(posterior_.dimension(), rule_);
  log_evidence_ = rule_.log_total;
  error_ = record.number();
}

void EffectQuadrature::write(RecordWriter& record) const {
  record.number(posterior_.line_origin());
  record.number(posterior_.line_step());
  record.lattice(rule_);
  record.number(error_);
}

double EffectQuadrature::log_mass_at(const EffectPosterior& posterior) const {
  if (!posterior.sigma_on_line()) return posterior.log_density();
  EffectPosterior::Line line;
  posterior.fill_line(line);
  double sum = 0;
  for (double value : line.log_f) sum += std::exp(value - line.top);
  return line.top + std::log(sum * posterior.line_step());
}

bool EffectQuadrature::finite_variance() const {
  bool finite = orders_.sigma >= 2;
  for (double order : orders_.tau) finite = finite && order >= 2;
  return finite;
}

void EffectQuadrature::integrate() {
  std::vector<Mode> modes;
  for (const VectorXd& start : starts()) {
    if (posterior_.sigma_on_line()) {
      posterior_.set_line(sigma_start_, 0.1);
      set_line(start);
    }
    const auto f = [this](const double* x) { return value(x); };
    Mode mode = find_mode(f, start);
    if (posterior_.sigma_on_line()) {
      set_line(mode.at);
      mode = find_mode(f, mode.at);
      set_line(mode.at);
    }
    mode.log_f = value(mode.at.data()).log_f;
    modes.push_back(mode);
  }
  std::sort(modes.begin(), modes.end(),
            [](const Mode& a, const Mode& b) { return a.log_f > b.log_f; });
  for (int halving = 0; halving < 6; ++halving) {
    const Index d = posterior_.dimension();
    if (posterior_.sigma_on_line() && halving == 0) set_line(modes.front().at);
    LatticeFit fit =
        fit_lattice([this](const double* x) { return value(x); }, modes, lattice_options(d));
    if (!fit.settled) throw TooManyNodes("the lattice does not resolve the posterior");
    rule_ = std::move(fit.rule);
    error_ = fit.error;
    log_evidence_ = rule_.log_total;
    const bool resolved = !posterior_.sigma_on_line() || line_error() < line_tolerance;
    // Also where the line stays: what follows must not depend on what the search has seen, as it does not after reading a record.
    posterior_.set_line(posterior_.line_origin(), (resolved ? 1 : 0.5) * posterior_.line_step());
    if (resolved) return;
  }
  throw NotConverged("the line of sigma does not resolve it");
}

std::vector<VectorXd> EffectQuadrature::starts() {
  const Index d = posterior_.dimension();
  const double typical = priors_.sigma.typical_value();
  double n = design_->observations();
  double residual = typical;
  if (n > 0) {
    const double squares = design_->pooled().within(design_->free_count(), design_->free_count());
    residual = std::sqrt(std::max(squares, 1e-300) / n);
  }
  sigma_start_ = posterior_.sigma_coordinate().coordinate(priors_.sigma.is_fixed() ? 1 : residual);
  std::vector<VectorXd> all;
  for (const bool informed : {true, false}) {
    if (informed && !(n > 0)) continue;
    VectorXd x = VectorXd::Zero(d);
    Index i = 0;
    double sigma = priors_.sigma.is_fixed() ? priors_.sigma.fixed_value()
                   : informed               ? residual
                                            : typical;
    if (posterior_.sigma_is_coordinate()) x(i++) = posterior_.sigma_coordinate().coordinate(sigma);
    for (Index k = 0; k < design_->effects(); ++k) {
      const ScalePrior& prior = priors_.tau[static_cast<std::size_t>(k)];
      if (prior.is_fixed()) continue;
      const double size = design_->squares(k) / std::max(n, 1.0);
      const double tau =
          informed && size > 0 ? 0.5 * sigma / std::sqrt(size) : prior.typical_value();
      const Coordinate coordinate(prior);
      x(i++) = coordinate.bounded() ? coordinate.coordinate(tau) : std::log(tau / sigma);
    }
    all.push_back(x);
  }
  return all;
}

LatticeValue EffectQuadrature::value(const double* x) {
  if (evaluations_++ % 256 == 0) check_interrupt_();
  posterior_.move(x);
  if (!posterior_.sigma_on_line()) {
    const double sigma = posterior_.given_sigma();
    const double log_f = posterior_.log_density();
    return {log_f, lift(2 * std::log(sigma), orders_.sigma > 0 && posterior_.sigma_is_coordinate()
                                                 ? 2 * std::log(sigma)
                                                 : -HUGE_VAL)};
  }
  posterior_.fill_line_beside_others(line_, orders_.sigma);
  double even = 0, odd = 0, square = 0;
  for (std::size_t i = 0; i < line_.log_f.size(); ++i) {
    const double w = std::exp(line_.log_f[i] - line_.top);
    ((line_.first + static_cast<int>(i)) % 2 ? odd : even) += w;
    const double sigma = posterior_.sigma_on_line(line_.first + static_cast<int>(i));
    square += w * sigma * sigma;
  }
  const double log_mass = line_.top + std::log((even + odd) * posterior_.line_step());
  parity_ = (even - odd) / (even + odd);
  const double log_square = std::log(square / (even + odd));
  return {log_mass, lift(log_square, orders_.sigma > 0 ? log_square : -HUGE_VAL)};
}

double EffectQuadrature::lift(double log_square, double of_sigma) const {
  double lift = of_sigma;
  for (std::size_t k = 0; k < orders_.tau.size(); ++k) {
    if (!(orders_.tau[k] > 0)) continue;
    const double log_ratio = std::log(posterior_.theta()(static_cast<Index>(k)));
    lift = std::max(lift, 0.5 * std::min(orders_.tau[k], 2.0) * (log_square + 2 * log_ratio));
  }
  return lift;
}

double EffectQuadrature::line_error() {
  const double least = 0.1 * *std::max_element(rule_.weight.begin(), rule_.weight.end());
  double sum = 0, total = 0;
  VectorXd x(posterior_.dimension());
  for (std::size_t i = 0; i < rule_.nodes.size(); ++i) {
    if (rule_.weight[i] < least) continue;
    rule_.map.point(rule_.nodes[i].k, x.data());
    value(x.data());
    sum += rule_.weight[i] * std::abs(parity_);
    total += rule_.weight[i];
  }
  return sum / total;
}

void EffectQuadrature::set_line(const VectorXd& x) {
  posterior_.move(x.data());
  double u = posterior_.line_origin(), step = 0.1, curvature = 1;
  for (int iteration = 0; iteration < 60; ++iteration) {
    const double here = posterior_.log_density(u), ahead = posterior_.log_density(u + step),
                 behind = posterior_.log_density(u - step);
    const double slope = 0.5 * (ahead - behind) / step;
    const double second = (2 * here - ahead - behind) / (step * step);
    curvature = std::max(second, 0.02);
    double move = slope / curvature;
    move = std::min(std::max(move, -1.0), 1.0);
    u += move;
    step = std::min(0.1, std::max(0.3 / std::sqrt(curvature), 1e-7));
    if (std::abs(move) * std::sqrt(curvature) < 1e-2) break;
  }
  posterior_.set_line(u, line_step(posterior_.dimension()) / std::sqrt(curvature));
}

}  // namespace bayespool
