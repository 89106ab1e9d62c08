// The distribution of theta of a group: the definitions of core/exact/count_mixture.hpp.
#include "core/exact/count_mixture.hpp"

#include <algorithm>
#include <numeric>

#include "core/numerics/normal_score.hpp"

namespace bayespool {

namespace {

constexpr double of_sd = 8;      // beyond this frequency a density with sd 1 has nothing
constexpr double reach = 8.25;   // sds
constexpr double row_drop = 34;  // L is not needed where its log has fallen by more
constexpr double negligible = 1e-12, bulk = 1e-9;  // weights of nodes

// Points of nodes that are apart, in units of tau: resolved if the product with L has an sd of 0.7 or more, and reached if that moves
// its centre by `most_shift` at most.
constexpr double apart_step = 0.4, most_shift = 2, apart_reach = reach + most_shift,
                 most_curvature = 1;

}  // namespace

CountMixture::CountMixture(const Eigen::ArrayXd& weight, const Eigen::ArrayXd& eta,
                           const Eigen::ArrayXd& tau, double bandwidth)
    : count_(weight.size()), order_(static_cast<std::size_t>(count_)), of_eta_(bandwidth) {
  std::iota(order_.begin(), order_.end(), Index{0});
  std::stable_sort(order_.begin(), order_.end(), [&](Index a, Index b) { return tau(a) > tau(b); });
  for (Eigen::ArrayXd* array : {&weight_, &eta_, &tau_, &precision_, &log_factor_})
    array->resize(count_);
  for (Index t = 0; t < count_; ++t) {
    const Index from = order_[static_cast<std::size_t>(t)];
    const ThetaPrior prior{eta(from), tau(from)};
    weight_(t) = weight(from);
    eta_(t) = prior.eta;
    tau_(t) = prior.tau;
    precision_(t) = prior.precision();
    log_factor_(t) = std::log(weight_(t)) + prior.log_factor();
  }
  // Beyond what eta has where tau is small nothing need be known.
  const Eigen::ArrayXd small = weight_ * (tau_ * of_eta_ < of_sd).cast<double>();
  const double total = small.sum();
  if (total > bulk) {
    const double mean = (small * eta_).sum() / total;
    of_eta_ = std::min(of_eta_, of_sd / std::sqrt((small * (eta_ - mean).square()).sum() / total));
  }
  constexpr double widest = 1e4;
  middle_ = (weight_ * eta_).sum();
  stretch_ = std::min(
      widest,
      3 * std::exp(0.5 * (weight_ * ((eta_ - middle_).square() + tau_.square()).log()).sum()));
  lowest_ = (weight_ > negligible).select(eta_ - reach * tau_, eta_).minCoeff();
  highest_ = (weight_ > negligible).select(eta_ + reach * tau_, eta_).maxCoeff();
  while (wide_ < count_ && tau_(wide_) * of_eta_ >= of_sd) ++wide_;
  columns_ = wide_;
  while (columns_ < count_ && tau_(columns_) * of_eta_ >= 0.25 * of_sd) ++columns_;
  if (wide_ < count_) make_apart();
}

void CountMixture::make_apart() {
  constexpr Index window = LocalInterpolation::window;
  apart_.step = 0.3 / of_eta_;
  const auto some = (weight_ > negligible).tail(count_ - wide_);
  const Eigen::ArrayXd low = (eta_ - apart_reach * tau_).tail(count_ - wide_),
                       high = (eta_ + apart_reach * tau_).tail(count_ - wide_);
  apart_.start = some.select(low, HUGE_VAL).minCoeff() - window * apart_.step;
  const double end = some.select(high, -HUGE_VAL).maxCoeff();
  if (!(end > apart_.start)) return;
  apart_.count = static_cast<Index>((end - apart_.start) / apart_.step) + window;
  apart_.first.resize(static_cast<std::size_t>(low.size()));
  apart_.mass.resize(apart_.first.size());
  for (Index i = 0; i < low.size(); ++i) {
    if (!some(i)) continue;
    const std::size_t own = static_cast<std::size_t>(i);
    const double eta = eta_(wide_ + i), tau = tau_(wide_ + i);
    apart_.first[own] = LocalInterpolation((low(i) - apart_.start) / apart_.step).first;
    apart_.mass[own] =
        VectorXd::Zero(static_cast<Index>((high(i) - low(i)) / apart_.step) + window + 2);
    for (double z = -apart_reach; z <= apart_reach; z += apart_step) {
      const LocalInterpolation at((eta + tau * z - apart_.start) / apart_.step);
      apart_.mass[own].segment<window>(at.first - apart_.first[own]) +=
          apart_step * normal_density(z) * at.weight.matrix();
    }
  }
}

CountMixture::Choice CountMixture::choose(const CountLikelihood& likelihood, bool fine) const {
  Choice choice;
  const double centre = likelihood.is_empty() ? middle_ : likelihood.centre();
  if (likelihood.is_empty()) {
    choice.curvature = Eigen::ArrayXd::Zero(count_);
  } else {  // as in CountTable::choose()
    const bool binomial = likelihood.family() == CountFamily::binomial;
    const double k = likelihood.k(), n = likelihood.n();
    choice.curvature =
        (0.5 + (binomial ? std::min(k, n - k) : k) + (eta_ - centre).abs() * precision_)
            .min(binomial ? 0.25 * n : HUGE_VAL);
  }
  choice.sharpness =
      (choice.curvature + precision_) *
      (1 + ((eta_ - middle_).abs().max(std::abs(centre - middle_)) / stretch_).square());
  choice.shared.assign(static_cast<std::size_t>(count_), 0);
  std::fill(choice.shared.begin(), choice.shared.begin() + wide_, 1);
  // Of the others those whose theta hardly moves with eta: by sd^2 / tau^2 of it.
  for (Index t = wide_; t < count_; ++t)
    if (weight_(t) > negligible && choice.curvature(t) > most_curvature * precision_(t))
      choice.shared[static_cast<std::size_t>(t)] =
          tau_(t) * tau_(t) * of_eta_ >= of_sd * theta_peak(likelihood, {eta_(t), tau_(t)}).sd;
  double sharpest = 0;
  for (Index t = 0; t < columns_; ++t)
    if (choice.shared[static_cast<std::size_t>(t)] && weight_(t) > bulk)
      sharpest = std::max(sharpest, choice.sharpness(t));
  const double far = (centre - middle_) / stretch_,
               in_steps = ThetaRule::longest_step / step_in_sds(fine),
               needed = std::max(1 + far * far, sharpest * in_steps * in_steps);
  choice.level = 0;
  if (needed > 1) std::frexp(needed, &choice.level);
  // L falls within a few sds, the prior within its reach.
  constexpr double longest_row = 4000;
  const double sides = likelihood.falls_below() && likelihood.falls_above()
                           ? 20 / std::sqrt(likelihood.curvature(centre))
                           : HUGE_VAL;
  if (sharpest == 0 || choice.level >= levels ||
      std::min(sides, place(highest_) - place(lowest_)) > longest_row * step(choice.level))
    choice.level = -1;
  return choice;
}

CountMixture::Row CountMixture::row(const CountLikelihood& likelihood, int level) const {
  const double h = step(level), centre = likelihood.is_empty() ? middle_ : likelihood.centre();
  constexpr double farthest = 1e9;  // positions; a flat prior has no end
  const int low = static_cast<int>(std::max(std::floor(place(lowest_) / h), -farthest)),
            high = static_cast<int>(std::min(std::ceil(place(highest_) / h), farthest)),
            middle =
                std::min(std::max(static_cast<int>(std::lround(place(centre) / h)), low), high);
  std::vector<double> below, above;
  for (int i = middle - 1; i >= low; --i) {
    const double log_value = likelihood.log_relative(theta(h * i));
    if (log_value < -row_drop) break;
    below.push_back(std::exp(log_value));
  }
  for (int i = middle; i <= high; ++i) {
    const double log_value = likelihood.log_relative(theta(h * i));
    if (log_value < -row_drop && i > middle) break;
    above.push_back(std::exp(log_value));
  }
  Row row;
  row.first = middle - static_cast<int>(below.size());
  row.value.resize(static_cast<Index>(below.size() + above.size()));
  std::copy(below.rbegin(), below.rend(), row.value.data());
  std::copy(above.begin(), above.end(), row.value.data() + below.size());
  return row;
}

MatrixXd CountMixture::densities(int level, int first, Index count) const {
  MatrixXd density(count, columns_);
  Eigen::ArrayXd at(count);
  for (Index i = 0; i < count; ++i)
    at(i) = theta(step(level) * static_cast<double>(first + static_cast<int>(i)));
  for (Index t = 0; t < columns_; ++t)
    density.col(t) = (-0.5 * precision_(t) * (at - eta_(t)).square()).exp();
  return density;
}

void CountMixture::tabulate(const std::vector<const CountLikelihood*>& likelihoods) {
  constexpr double most_entries = 2e6;
  std::array<int, levels> low, high;
  low.fill(1 << 30);
  high.fill(-(1 << 30));
  for (const CountLikelihood* likelihood : likelihoods)
    for (const bool fine : {false, true}) {
      const int level = choose(*likelihood, fine).level;
      if (level < 0) continue;
      const Row needed = row(*likelihood, level);
      const std::size_t own = static_cast<std::size_t>(level);
      low[own] = std::min(low[own], needed.first);
      high[own] = std::max(high[own], needed.first + static_cast<int>(needed.value.size()));
    }
  for (std::size_t level = 0; level < levels; ++level) {
    const Index count = static_cast<Index>(high[level]) - low[level];
    if (count <= 0 || !(static_cast<double>(count * columns_) < most_entries)) continue;
    table_[level].first = low[level];
    table_[level].density = densities(static_cast<int>(level), low[level], count);
  }
}

SummaryPoints CountMixture::points(const CountLikelihood& likelihood,
                                   const Eigen::ArrayXd& log_z_of_nodes, bool fine) const {
  constexpr double prior_drop = 9;  // see CountTable
  Eigen::ArrayXd log_z(count_);
  for (Index t = 0; t < count_; ++t) log_z(t) = log_z_of_nodes(order_[static_cast<std::size_t>(t)]);
  const Choice choice = choose(likelihood, fine);
  const double centre = likelihood.is_empty() ? middle_ : likelihood.centre();
  std::vector<double> f, weight;
  std::vector<char> done(static_cast<std::size_t>(count_), 0);
  SummaryPoints result;
  result.stretch = 1e6;  // they are already where they should be
  const double h = choice.level < 0 ? 0 : step(choice.level);
  if (choice.level >= 0) {
    const Row values = row(likelihood, choice.level);
    const Index count = values.value.size();
    // At nodes where the lattice does not resolve the product, or L and the prior contradict each other, the rule integrates.
    VectorXd share = (log_factor_ - log_z).head(columns_) + likelihood.log_supremum();
    const double finest = step_in_sds(fine) * step_in_sds(fine) / (h * h);
    for (Index t = 0; t < columns_; ++t) {
      const double distance = likelihood.is_empty() ? 0 : eta_(t) - centre;
      const bool good = choice.shared[static_cast<std::size_t>(t)] &&
                        choice.sharpness(t) <= finest &&
                        0.5 * distance * distance * precision_(t) < prior_drop;
      done[static_cast<std::size_t>(t)] = good;
      if (!good) share(t) = -HUGE_VAL;
    }
    share = share.array().exp();
    const Table& table = table_[static_cast<std::size_t>(choice.level)];
    const Index offset = values.first - table.first;
    VectorXd density;
    if (offset >= 0 && offset + count <= table.density.rows()) {
      density.noalias() = table.density.middleRows(offset, count) * share;
    } else {
      density.noalias() = densities(choice.level, values.first, count) * share;
    }
    for (Index i = 0; i < count; ++i) {
      const double at = h * (values.first + static_cast<int>(i));
      f.push_back(at);
      weight.push_back(h * std::cosh(at / stretch_) * values.value(i) * density(i));
    }
  }
  result.bandwidth = h > 0 ? 3.14159265358979323846 / h : of_eta_;
  const Eigen::ArrayXd relative = (weight_.log() - log_z + likelihood.log_supremum()).exp();
  VectorXd grid = VectorXd::Zero(apart_.count);
  std::vector<double> apart_f, apart_weight;
  ThetaRule rule;
  for (Index t = 0; t < count_; ++t) {
    const std::size_t own = static_cast<std::size_t>(t);
    if (done[own] || weight_(t) < negligible) continue;
    const bool shared = choice.shared[own];
    const double tau = tau_(t);
    // L must be smooth on the grid, and the product within reach.
    if (!shared && choice.curvature(t) <= most_curvature * precision_(t) &&
        choice.curvature(t) * apart_.step * apart_.step < 0.1 &&
        std::abs(likelihood.k() - likelihood.mean(eta_(t))) * tau < most_shift) {
      const VectorXd& mass = apart_.mass[static_cast<std::size_t>(t - wide_)];
      grid.segment(apart_.first[static_cast<std::size_t>(t - wide_)], mass.size()) +=
          relative(t) * mass;
      continue;
    }
    rule.fill(likelihood, {eta_(t), tau}, shared ? result.bandwidth : of_eta_);
    for (std::size_t i = 0; i < rule.theta.size(); ++i) {
      (shared ? f : apart_f).push_back(place(rule.theta[i]));
      (shared ? weight : apart_weight).push_back(weight_(t) * rule.weight[i] / rule.total);
    }
  }
  for (Index i = 0; i < apart_.count; ++i)
    if (grid(i) != 0) {
      apart_f.push_back(place(apart_.theta(i)));
      apart_weight.push_back(grid(i) * std::exp(likelihood.log_relative(apart_.theta(i))));
    }
  result.filtered = static_cast<Index>(apart_f.size());
  result.filter = of_eta_;
  f.insert(f.end(), apart_f.begin(), apart_f.end());
  weight.insert(weight.end(), apart_weight.begin(), apart_weight.end());
  result.f = Eigen::Map<Eigen::ArrayXd>(f.data(), static_cast<Index>(f.size()));
  result.weight = Eigen::Map<Eigen::ArrayXd>(weight.data(), result.f.size());
  result.weight /= result.weight.sum();
  return result;
}

}  // namespace bayespool
