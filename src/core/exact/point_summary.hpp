// Mean, sd, quantiles and shortest interval of a quantity that is known at weighted points.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "core/exact/mixture_columns.hpp"
#include "core/numerics/band_limited.hpp"
#include "core/numerics/lattice.hpp"
#include "core/numerics/shortest_interval.hpp"

namespace bayespool {

// Values of a quantity with weights that sum to one, and the frequency up to which their distribution is known. `stretch`, in sds: beyond
// it values are brought nearer by asinh, as by the lattice's map, so that they are as dense in the tails.
struct SummaryPoints {
  Eigen::ArrayXd f, weight;
  double bandwidth, stretch = 3;
  // The last `filtered` points tell their part of the distribution up to the frequency `filter` only.
  Index filtered = 0;
  double filter = 0;
};

class PointSummary {
 public:
  explicit PointSummary(SummaryPoints points)
      : points_(std::move(points)),
        centre_((points_.weight * points_.f).sum()),
        spread_(std::sqrt((points_.weight * (points_.f - centre_).square()).sum())),
        stretch_(points_.stretch * spread_) {}

  // Of value(f), an increasing function: mean, sd, and the wanted columns.
  Eigen::RowVectorXd row(const std::function<double(double)>& value, const SummaryColumns& wanted) {
    const Eigen::ArrayXd& weight = points_.weight;
    Eigen::RowVectorXd row(2 + wanted.count());
    // Where there is no weight a value may be infinite.
    const Eigen::ArrayXd natural = (weight != 0).select(points_.f.unaryExpr(value), 0);
    row(0) = (weight * natural).sum();
    // Under the square, so that the fourth power of a far node does not overflow. Weights may be negative (see LocalInterpolation).
    const Eigen::ArrayXd deviation = (natural - row(0)) * weight.abs().sqrt();
    row(1) = std::sqrt((deviation * deviation * weight.sign()).sum());
    if (!wanted.any()) return row;
    if (is_certain()) {
      row.tail(wanted.count()).setConstant(row(0));
      return row;
    }
    if (!distribution_) make_distribution();
    const auto quantile = [&](Tails p) {
      return value(centre_ + stretch_ * std::sinh(distribution_->quantile(p) / stretch_));
    };
    for (std::size_t i = 0; i < wanted.probabilities.size(); ++i)
      row(2 + static_cast<Index>(i)) = quantile(wanted.probabilities[i]);
    if (wanted.shortest > 0) {
      const Interval found = shortest_interval(quantile, wanted.shortest);
      row.tail<2>() << found.lower, found.upper;
    }
    return row;
  }

  // P(quantity <= f), where it has a spread.
  double below(double f) {
    if (!distribution_) make_distribution();
    return distribution_->below(place(f));
  }

  bool is_certain() const { return !(spread_ > 1e-13 * std::abs(centre_)); }

 private:
  double place(double f) const { return stretch_ * std::asinh((f - centre_) / stretch_); }

  void make_distribution() {
    const Eigen::ArrayXd position = points_.f.unaryExpr([this](double f) { return place(f); });
    // Stretching brings the tails nearer, so that frequencies are higher.
    const double slope =
        (points_.weight * position * (points_.f - centre_)).sum() / (spread_ * spread_);
    const Index whole = position.size() - points_.filtered;
    std::vector<BandLimitedPoints> parts;
    if (whole > 0)
      parts.push_back(
          {position.head(whole), points_.weight.head(whole), points_.bandwidth / slope});
    if (points_.filtered > 0)
      parts.push_back({position.tail(points_.filtered), points_.weight.tail(points_.filtered),
                       points_.filter / slope});
    distribution_.emplace(parts);
  }

  SummaryPoints points_;
  double centre_, spread_, stretch_;
  std::optional<BandLimitedDistribution> distribution_;
};

// With v the covariance of the quantity with the coordinates of a lattice and Sigma that of the coordinates, the quantity is about
// v'Sigma^-1 times them. Its characteristic function at omega is known up to the spectrum at the distance of that frequency from those at
// which the lattice repeats it, q = dual n. It is nearer to 0 as long as omega < q'Sigma q / (2 |v'q|).
inline double lattice_bandwidth(const MatrixXd& dual, const MatrixXd& covariance,
                                const VectorXd& v) {
  const Index d = v.size();
  double widest = HUGE_VAL;
  Index combinations = 1;
  for (Index i = 0; i < d; ++i) combinations *= 3;
  VectorXd n(d);
  for (Index c = 0; c < combinations; ++c) {
    for (Index i = 0, rest = c; i < d; ++i, rest /= 3) n(i) = static_cast<double>(rest % 3 - 1);
    if (n.isZero(0)) continue;
    const VectorXd q = dual * n;
    const double along = std::abs(v.dot(q));
    if (along > 0) widest = std::min(widest, q.dot(covariance * q) / (2 * along));
  }
  return widest;
}

}  // namespace bayespool
