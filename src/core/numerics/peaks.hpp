// Maxima of a smooth function on the real line, given at some points: where an integral has its mass.
#pragma once

#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <cmath>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace bayespool {

// A function of one real number.
using LineFunction = std::function<double(double)>;

constexpr double coordinate_limit = 300;  // |log sd|; exp(+-600) is still a finite variance

// `width` is 1 / sqrt(-second derivative) of the logarithm, as seen where that has dropped by about one half.
struct Peak {
  double center, width, log_value;

  // Laplace's approximation of the integral.
  double log_mass() const { return log_value + 0.5 * 1.8378770664093454836 + std::log(width); }
};

// A peak near this one that is the same for a function that differs by rounding errors: what follows from where nodes are
// then differs as little.
inline Peak rounded(const Peak& peak) {
  const double width = std::exp2(std::round(4 * std::log2(peak.width)) / 4);
  return {std::round(8 * peak.center / width) * width / 8, width, peak.log_value};
}

// The maximum of log_f between `left` and `right`, which enclose it, to a fraction of its width.
inline Peak refine_peak(const LineFunction& log_f, double left, double right) {
  for (;;) {
    const double span = right - left;
    std::uintmax_t iterations = 40;
    // Over the unit interval, since the tolerance is partly absolute.
    const auto found = boost::math::tools::brent_find_minima(
        [&](double t) { return -log_f(left + span * t); }, 0.0, 1.0, 6, iterations);
    Peak peak{left + span * found.first, 0, -found.second};
    double delta = std::max(0.25 * span, 1e-9);
    for (int attempt = 0; attempt < 60; ++attempt) {
      const double drop =
          2 * peak.log_value - log_f(peak.center - delta) - log_f(peak.center + delta);
      peak.width = drop > 0 ? delta / std::sqrt(drop) : 4 * delta;
      if (drop < 4 && drop > 0.04) break;
      delta = std::min(std::max(peak.width, delta / 64), delta * 16);
      if (delta > 2 || delta < 1e-11) break;
    }
    peak.width = std::min(std::max(peak.width, 1e-10), 2.0);
    if (peak.width > 0.1 * span || span < 1e-8) return peak;
    left = std::max(left, peak.center - 0.1 * span);
    right = std::min(right, peak.center + 0.1 * span);
  }
}

// A peak that has moved a little, from three values; false where it has moved too far for that.
inline bool follow_peak(const LineFunction& log_f, Peak& peak) {
  const double left = log_f(peak.center - peak.width), middle = log_f(peak.center),
               right = log_f(peak.center + peak.width);
  const double drop = 2 * middle - left - right, tilt = 0.5 * (right - left);
  if (!(drop > 0.3 && drop < 3 && std::abs(tilt) < drop)) return false;
  peak.center += peak.width * tilt / drop;
  peak.log_value = middle + 0.5 * tilt * tilt / drop;
  peak.width = std::min(std::max(peak.width / std::sqrt(drop), 1e-10), 2.0);
  return true;
}

// The maximum that is reached uphill from `start`, first by steps of `step`.
inline Peak climb(const LineFunction& log_f, double start, double step) {
  const double limit = coordinate_limit;
  double x = start, best = log_f(x);
  double left = std::max(x - step, -limit), right = std::min(x + step, limit);
  double f_left = log_f(left), f_right = log_f(right);
  while (f_left > best && left > -limit) {
    right = x, f_right = best, x = left, best = f_left;
    step *= 2;
    f_left = log_f(left = std::max(x - step, -limit));
  }
  while (f_right > best && right < limit) {
    left = x, f_left = best, x = right, best = f_right;
    step *= 2;
    f_right = log_f(right = std::min(x + step, limit));
  }
  return refine_peak(log_f, left, right);
}

// A function seen at increasing points.
struct Scan {
  std::vector<double> x, log_value;

  Scan(const LineFunction& log_f, std::vector<double> points) : x(std::move(points)) {
    log_value.reserve(x.size());
    for (double point : x) log_value.push_back(log_f(point));
  }

  double top() const { return *std::max_element(log_value.begin(), log_value.end()); }

  // Positions of local maxima. However low one is here, between the points it may be the highest.
  std::vector<std::size_t> maxima() const {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const bool rises = i == 0 || log_value[i] > log_value[i - 1];
      const bool falls = i + 1 == x.size() || log_value[i] >= log_value[i + 1];
      if (rises && falls) found.push_back(i);
    }
    return found;
  }
};

// Points from `low` to `high` at most `spacing` apart, with more and more room beyond, and `extra` ones.
inline std::vector<double> scan_points(double low, double high, double spacing,
                                       const std::vector<double>& extra) {
  std::vector<double> points = extra;
  const int steps = std::max(1, static_cast<int>(std::ceil((high - low) / spacing)));
  for (int i = 0; i <= steps; ++i) points.push_back(low + (high - low) * i / steps);
  for (double beyond = 2 * spacing; beyond < 16; beyond *= 2) {
    points.push_back(low - beyond);
    points.push_back(high + beyond);
  }
  for (double& point : points)
    point = std::min(std::max(point, -coordinate_limit), coordinate_limit);
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  return points;
}

// Peaks of one function in the order of their places, without those that matter for no digit and those that are not
// apart from a higher one.
inline std::vector<Peak> significant_peaks(std::vector<Peak> peaks) {
  constexpr double drop = 50;
  std::sort(peaks.begin(), peaks.end(),
            [](const Peak& a, const Peak& b) { return a.log_value > b.log_value; });
  std::vector<Peak> kept;
  for (const Peak& peak : peaks) {
    const auto beside = [&](const Peak& other) {
      return std::abs(other.center - peak.center) < 0.5 * std::max(other.width, peak.width);
    };
    if (!kept.empty() && peak.log_mass() < kept.front().log_mass() - drop) continue;
    if (std::none_of(kept.begin(), kept.end(), beside)) kept.push_back(peak);
  }
  std::sort(kept.begin(), kept.end(),
            [](const Peak& a, const Peak& b) { return a.center < b.center; });
  return kept;
}

}  // namespace bayespool
