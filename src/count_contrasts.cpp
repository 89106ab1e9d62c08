// Differences between two groups of a model of counts: the definitions of core/exact/count_contrasts.hpp.
#include "core/exact/count_contrasts.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/errors.hpp"

namespace bayespool {

namespace {

// The integrals of Lagrange's polynomials of eight points, 0, ..., 7, from 3 to 4.
const Eigen::Array<double, LocalInterpolation::window, 1>& step_integrals() {
  static const Eigen::Array<double, LocalInterpolation::window, 1> weights = [] {
    // The four-point Gauss rule is exact up to degree 7.
    constexpr double point[2] = {0.3399810435848563, 0.8611363115940526},
                     gauss[2] = {0.6521451548625461, 0.3478548451374538};
    Eigen::Array<double, LocalInterpolation::window, 1> sum;
    sum.setZero();
    for (std::size_t i = 0; i < 2; ++i)
      for (const double sign : {-0.5, 0.5}) {
        const LocalInterpolation at(3.5 + sign * point[i]);
        sum += 0.5 * gauss[i] * at.weight;
      }
    return sum;
  }();
  return weights;
}

// Masses at the multiples of a step, from the one numbered `first`.
struct GridMasses {
  Index first;
  Eigen::ArrayXd mass;
};

// The density L(theta) N(theta; eta, tau^2) about its peak, as far as it is more than `least` of that.
GridMasses grid_masses(const CountLikelihood& likelihood, const ThetaPrior& prior,
                       const ThetaPeak& peak, double step, double least) {
  constexpr int most = 2000000;  // points to one side
  const LikelihoodStep from_peak = likelihood.step_from(peak.at);
  const double w = prior.precision(), distance = std::isinf(prior.tau) ? 0 : peak.at - prior.eta;
  const Index centre = static_cast<Index>(std::round(peak.at / step));
  std::vector<double> sides[2];
  for (const int side : {0, 1})
    for (Index i = side;; ++i) {
      const Index position = centre + (side == 1 ? i : -i);
      const double move = static_cast<double>(position) * step - peak.at;
      const double mass = std::exp(from_peak(move) - move * (distance + 0.5 * move) * w);
      sides[side].push_back(mass);
      if (!(mass > least)) break;
      if (i == most) throw NotConverged("a group's density has no end");
    }
  GridMasses result{centre - static_cast<Index>(sides[0].size()) + 1,
                    Eigen::ArrayXd(static_cast<Index>(sides[0].size() + sides[1].size()))};
  std::copy(sides[0].rbegin(), sides[0].rend(), result.mass.data());
  std::copy(sides[1].begin(), sides[1].end(),
            result.mass.data() + static_cast<Index>(sides[0].size()));
  result.mass /= result.mass.sum();
  return result;
}

}  // namespace

GridDistribution::GridDistribution(double first, double step, const Eigen::ArrayXd& mass)
    : step_(step) {
  // Room for a window of points at both ends, where there is no mass.
  constexpr Index margin = LocalInterpolation::window;
  const Index count = mass.size() + 2 * margin;
  first_ = first - step * static_cast<double>(margin);
  mass_ = Eigen::ArrayXd::Zero(count);
  mass_.segment(margin, mass.size()) = mass;
  below_ = Eigen::ArrayXd::Zero(count);
  constexpr Index before = LocalInterpolation::before;
  for (Index i = before; i + LocalInterpolation::window - before <= count; ++i)
    below_(i + 1) =
        below_(i) +
        (mass_.segment<LocalInterpolation::window>(i - before) * step_integrals()).sum();
  const Index reached = count - LocalInterpolation::window + before + 1;
  for (Index i = reached + 1; i < count; ++i) below_(i) = below_(reached);
  below_ /= below_(count - 1);
  for (Index i = 0; i < count; ++i) mean_ += mass_(i) * at(i);
  for (Index i = 0; i < count; ++i) variance_ += mass_(i) * (at(i) - mean_) * (at(i) - mean_);
}

double GridDistribution::interpolate(const Eigen::ArrayXd& values, double x, double beyond) const {
  const double position = (x - first_) / step_;
  if (!(position >= LocalInterpolation::before)) return 0;
  if (position >= static_cast<double>(values.size() - LocalInterpolation::window)) return beyond;
  const LocalInterpolation at(position);
  return (values.segment<LocalInterpolation::window>(at.first) * at.weight).sum();
}

double ContrastMixture::below(double x) const {
  double sum = comb_ ? comb_weight_ * comb_->below(x) : 0;
  for (const auto& [weight, part] : parts_) sum += weight * part.below(x);
  return sum;
}

double ContrastMixture::density(double x) const {
  double sum = comb_ ? comb_weight_ * comb_->density(x) : 0;
  for (const auto& [weight, part] : parts_) sum += weight * part.density(x);
  return sum;
}

ContrastMixture::Evaluation ContrastMixture::evaluate(double x) const {
  constexpr double third_root = 1e-4;  // of the error of the density, about
  const double below = this->below(x);
  double step = HUGE_VAL;
  for (const auto& [weight, part] : parts_) step = std::min(step, std::sqrt(part.variance()));
  step = std::max(third_root, std::min(step, 1.0) * third_root);
  return {{below, 1 - below}, density(x), (density(x + step) - density(x - step)) / (2 * step)};
}

double ContrastMixture::quantile(Tails p, double start, double scale) const {
  double low = start, high = start;
  for (double width = scale; below(low) > p.below; width *= 2) low -= width;
  for (double width = scale; below(high) < p.below; width *= 2) high += width;
  double x = start;
  for (int iteration = 0; iteration < 100; ++iteration) {
    const double excess = below(x) - p.below;
    (excess > 0 ? high : low) = x;
    double next = x - excess / density(x);
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (std::abs(next - x) < 1e-11 * scale) return next;
    x = next;
  }
  return x;
}

CountContrasts::Side CountContrasts::side(Index c) const {
  const CountClasses& classes = posterior_.classes();
  Side result;
  result.likelihood = &classes.likelihood[static_cast<std::size_t>(c)];
  result.eta = (classes.x_of_class(c).transpose() * nodes_.beta).transpose().array();
  result.with_eta = bandwidth_.covariance_with(result.eta);
  result.at.resize(nodes_.count());
  result.sd.resize(nodes_.count());
  for (Index t = 0; t < nodes_.count(); ++t) {
    const ThetaPeak peak = theta_peak(*result.likelihood, {result.eta(t), nodes_.tau(t)});
    result.at(t) = peak.at;
    result.sd(t) = peak.sd;
  }
  return result;
}

// Both densities on one grid: fine enough for the sums over the narrower one, and, where that is much finer than what interpolation needs of
// the difference, with every `stride`-th point of that. The error of interpolation goes with the eighth power of the step: nodes of little
// weight have longer ones, and less of the tails, up to what the sums need.
GridDistribution CountContrasts::convolution(const Side& a, const Side& b, Index t) const {
  constexpr double of_difference = 0.125, of_narrower = 0.3, longest = 0.09;
  constexpr double coarsest = 2.7, least = 1e-14, most_left_out = 1e-7;
  const double tau = nodes_.tau(t), rarity = heaviest_ / nodes_.weight(t);
  const double coarse = std::min(std::pow(rarity, 0.125), coarsest);
  const double end = std::min(least * rarity, most_left_out);
  const double wanted = coarse * std::min(of_difference * std::hypot(a.sd(t), b.sd(t)), longest);
  const double needed = std::min(wanted, coarse * of_narrower * std::min(a.sd(t), b.sd(t)));
  const Index stride = static_cast<Index>(std::floor(wanted / needed));
  const GridMasses first =
      grid_masses(*a.likelihood, {a.eta(t), tau}, {a.at(t), a.sd(t)}, needed, end);
  const GridMasses second =
      grid_masses(*b.likelihood, {b.eta(t), tau}, {b.at(t), b.sd(t)}, needed, end);
  // Of the differences, numbered by first - second.
  const Index m = first.mass.size(), n = second.mass.size();
  const Index lowest = first.first - second.first - (n - 1), count = m + n - 1;
  Eigen::ArrayXd mass = Eigen::ArrayXd::Zero((count - 1) / stride + 1);
  if (stride == 1) {
    const Eigen::ArrayXd reversed = second.mass.reverse();
    for (Index i = 0; i < m; ++i) mass.segment(i, n) += first.mass(i) * reversed;
  } else {
    // For each difference the points of either that lie within the other.
    for (Index k = 0; k < mass.size(); ++k) {
      const Index d = k * stride - (n - 1);  // of the positions
      const Index from = std::max<Index>(0, d), size = std::min(m, n + d) - from;
      mass(k) = static_cast<double>(stride) *
                (first.mass.segment(from, size) * second.mass.segment(from - d, size)).sum();
    }
  }
  return {needed * static_cast<double>(lowest), needed * static_cast<double>(stride), mass};
}

CountContrast CountContrasts::difference(Index a, Index b, const VectorXd& less,
                                         IntervalKind kind) const {
  constexpr double of_sd = 8, negligible = 1e-12;
  if ((nodes_.tau == 0).any()) return {0, 0, 0, 0, 0};  // all groups are alike
  const Side first = side(a), second = side(b);
  const CountClasses& classes = posterior_.classes();
  const VectorXd apart = (classes.x_of_class(a) - classes.x_of_class(b)).cwiseProduct(less);
  const Eigen::ArrayXd shift = (apart.transpose() * nodes_.beta).transpose().array();
  const VectorXd with_shift = bandwidth_.covariance_with(shift);
  ContrastMixture mixture;
  std::vector<double> comb_point, comb_weight;
  double total = 0, comb_total = 0, comb_bandwidth = HUGE_VAL, mean = 0, square = 0;
  for (Index t = 0; t < nodes_.count(); ++t) {
    const double w = nodes_.weight(t);
    if (w < negligible) continue;
    GridDistribution part = convolution(first, second, t);
    part.move(-shift(t));
    total += w;
    mean += w * part.mean();
    square += w * (part.variance() + part.mean() * part.mean());
    // A centre moves by sd^2 / tau^2 as eta does.
    const double of_first = first.sd(t) / nodes_.tau(t), of_second = second.sd(t) / nodes_.tau(t);
    const double known = bandwidth_.along(of_first * of_first * first.with_eta -
                                          of_second * of_second * second.with_eta - with_shift);
    if (known * std::hypot(first.sd(t), second.sd(t)) >= of_sd) {
      mixture.add(w, std::move(part));
      continue;
    }
    comb_total += w;
    comb_bandwidth = std::min(comb_bandwidth, known);
    for (Index i = 0; i < part.mass().size(); ++i) {
      if (part.mass()(i) < negligible) continue;
      comb_point.push_back(part.at(i));
      comb_weight.push_back(w * part.mass()(i));
    }
  }
  const auto as_array = [](const std::vector<double>& values) {
    return Eigen::Map<const Eigen::ArrayXd>(values.data(), static_cast<Index>(values.size()));
  };
  if (!comb_point.empty())
    mixture.add_comb(1, {as_array(comb_point), as_array(comb_weight), comb_bandwidth});
  mean /= total;
  const double sd = std::sqrt(std::max(square / total - mean * mean, 0.0));
  const Interval near = normal_interval(kind.probability, mean, sd);
  ShortestInterval<ContrastMixture> ends(mixture, kind.probability, near, sd);
  // Where tau may be small groups with the same x are alike: there is a peak at 0.
  const Interval found = kind.shortest ? ends.shortest(0.0) : ends.central();
  return {mean, sd, found.lower, found.upper, 1 - mixture.below(0)};
}

}  // namespace bayespool
