// The distribution of a smooth function of the points of a lattice rule.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/numerics/local_interpolation.hpp"
#include "core/numerics/tails.hpp"

namespace bayespool {

struct BandLimitedPoints {
  Eigen::ArrayXd x, weight;
  double bandwidth;
};

// Weighted points whose characteristic function is that of a density up to the frequency `bandwidth`, and negligible there:
//   F(x) = sum_i w_i [1/2 + Si(bandwidth (x - x_i)) / pi]
// A sum over a regular grid with steps of `fraction / bandwidth` is as good: each point's weight goes to eight grid points, with the
// weights of interpolation between these. Several sets of points give the sum of their parts.
class BandLimitedDistribution {
 public:
  BandLimitedDistribution(const Eigen::ArrayXd& x, const Eigen::ArrayXd& weight, double bandwidth)
      : BandLimitedDistribution({{x, weight, bandwidth}}) {}

  explicit BandLimitedDistribution(const std::vector<BandLimitedPoints>& parts) {
    double widest = 0, lowest = HUGE_VAL, highest = -HUGE_VAL;
    for (const BandLimitedPoints& part : parts) {
      widest = std::max(widest, part.bandwidth);
      // Points at the ends that have no mass are left out.
      for (Eigen::Index i = 0; i < part.x.size(); ++i) {
        if (std::abs(part.weight(i)) < negligible) continue;
        lowest = std::min(lowest, part.x(i));
        highest = std::max(highest, part.x(i));
      }
    }
    step_ = fraction / widest;
    first_ = lowest - margin * step_;
    const Eigen::Index count =
        static_cast<Eigen::Index>((highest - first_) / step_) + static_cast<Eigen::Index>(margin);
    below_ = Eigen::ArrayXd::Zero(count);
    density_ = Eigen::ArrayXd::Zero(count);
    for (const BandLimitedPoints& part : parts) add(part);
  }

  double below(double x) const { return interpolate(below_, x); }
  double density(double x) const { return interpolate(density_, x); }

  // By bisection among grid points, then by Newton's method between two of them.
  double quantile(Tails p) const {
    Eigen::Index low = 0, high = below_.size() - 1;
    while (high - low > 1) {
      const Eigen::Index middle = (low + high) / 2;
      (below_(middle) < p.below ? low : high) = middle;
    }
    double left = first_ + step_ * static_cast<double>(low), right = left + step_,
           x = 0.5 * (left + right);
    for (int iteration = 0; iteration < 50; ++iteration) {
      const double excess = below(x) - p.below;
      (excess > 0 ? right : left) = x;
      double next = x - excess / density(x);
      if (!(next >= left && next <= right)) next = 0.5 * (left + right);
      const bool done = std::abs(next - x) < 1e-11 * step_;
      x = next;
      if (done) break;
    }
    return x;
  }

 private:
  static constexpr double fraction = 0.3, pi = 3.14159265358979323846;
  static constexpr double negligible = 1e-16;
  static constexpr double margin = 12;  // grid points beyond the outermost

  void add(const BandLimitedPoints& part) {
    const Eigen::Index count = below_.size();
    Eigen::ArrayXd mass = Eigen::ArrayXd::Zero(count);
    for (Eigen::Index i = 0; i < part.x.size(); ++i) {
      if (std::abs(part.weight(i)) < negligible) continue;
      const LocalInterpolation at((part.x(i) - first_) / step_);
      mass.segment<LocalInterpolation::window>(at.first) += part.weight(i) * at.weight;
    }
    // At all distances between grid points: 1/2 + Si / pi, by the four-point Gauss rule, and the density's kernel.
    Eigen::ArrayXd below(2 * count - 1), kernel(2 * count - 1);
    const double spacing = step_ * part.bandwidth;
    double si = 0;
    for (Eigen::Index n = 0; n < count; ++n) {
      const double t = spacing * static_cast<double>(n);
      below(count - 1 + n) = 0.5 + si / pi;
      below(count - 1 - n) = 0.5 - si / pi;
      kernel(count - 1 + n) = kernel(count - 1 - n) =
          (n == 0 ? 1 : std::sin(t) / t) * part.bandwidth / pi;
      si += integral_of_sinc(t, t + spacing);
    }
    for (Eigen::Index j = 0; j < count; ++j) {
      if (std::abs(mass(j)) < negligible) continue;
      below_ += mass(j) * below.segment(count - 1 - j, count);
      density_ += mass(j) * kernel.segment(count - 1 - j, count);
    }
  }

  static double integral_of_sinc(double from, double to) {
    constexpr std::array<double, 2> point = {0.3399810435848563, 0.8611363115940526},
                                    gauss = {0.6521451548625461, 0.3478548451374538};
    const double middle = 0.5 * (from + to), half = 0.5 * (to - from);
    double sum = 0;
    for (std::size_t i = 0; i < 2; ++i)
      for (double sign : {-1.0, 1.0}) {
        const double t = middle + sign * half * point[i];
        sum += gauss[i] * std::sin(t) / t;
      }
    return half * sum;
  }

  double interpolate(const Eigen::ArrayXd& values, double x) const {
    const LocalInterpolation at((x - first_) / step_);
    if (at.first < 0 || at.first + LocalInterpolation::window > values.size())
      return at.first < 0 ? values(0) : values(values.size() - 1);
    return (values.segment<LocalInterpolation::window>(at.first) * at.weight).sum();
  }

  double step_ = 1, first_ = 0;
  Eigen::ArrayXd below_, density_;
};

}  // namespace bayespool
