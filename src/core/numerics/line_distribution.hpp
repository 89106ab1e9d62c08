// The distribution whose density a line rule integrates: its distribution function and quantiles between the nodes.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/numerics/line_rule.hpp"
#include "core/numerics/normal_score.hpp"
#include "core/numerics/tails.hpp"

namespace bayespool {

// In a cell, between two nodes, log f is interpolated through the `window` nodes nearest to it and its exponential
// integrated by the four-point Gauss rule. The rule must outlive the object.
class LineDistribution {
 public:
  // Halves the step of a rule until what is interpolated integrates to one.
  static void resolve(LineRule& rule, const LineFunction& log_f) {
    for (int halvings = 0; halvings < 4 && LineDistribution(rule).error() > tolerance; ++halvings)
      rule.refine(log_f);
  }

  explicit LineDistribution(const LineRule& rule) : rule_(&rule), last_(rule.count() - 1) {
    const auto& log_mass = rule.log_mass();
    const double least = *std::max_element(log_mass.begin(), log_mass.end()) - usable_drop;
    while (log_mass[first_] < least) ++first_;
    while (log_mass[last_] < least) --last_;
    window_ = std::min(most, last_ - first_ + 1);
    const int cells = rule.count() - 1;
    cell_.assign(static_cast<std::size_t>(cells), 0.0);
    for (int i = first_; i < last_; ++i) {
      if (std::max(rule.weight(i), rule.weight(i + 1)) < negligible) continue;
      cell_[i] = whole_cell(i);
      total_ += cell_[i];
    }
    below_.assign(static_cast<std::size_t>(cells) + 1, 0.0);
    above_ = below_;
    for (int i = 0; i < cells; ++i) below_[i + 1] = below_[i] + cell_[i] / total_;
    for (int i = cells; i > 0; --i) above_[i - 1] = above_[i] + cell_[i - 1] / total_;
  }

  // How far the interpolated density is from integrating to one.
  double error() const { return std::abs(total_ - 1); }

  Tails tails(double x) const { return tails_at(rule_->node_position(rule_->map().s(x))); }

  // Quantiles at regular normal scores.
  NormalScoreTable table() const {
    std::vector<double> z, value, slope;
    for (int i = first_; i <= last_; ++i) {
      if (below_[i] < least_tail || above_[i] < least_tail) continue;
      z.push_back(normal_score(below_[i], above_[i]));
      value.push_back(rule_->x(i));
      const double density = rule_->weight(i) / rule_->step() * rule_->map().density(value.back());
      slope.push_back(normal_density(z.back()) / density);
    }
    return NormalScoreTable(z, value, slope);
  }

  // Density of x.
  double density(double x) const {
    const double s = rule_->map().s(x), position = rule_->node_position(s);
    if (!(position >= first_ && position <= last_)) return 0;
    return density_at(cell_of(position), position) * rule_->map().density(x);
  }

  // The quantile of a probability given from below and from above.
  double quantile(Tails p) const {
    const bool lower = p.below < p.above;
    const std::vector<double>& sums = lower ? below_ : above_;
    const double wanted = lower ? p.below : p.above;
    // The cell in which the sum passes what is wanted.
    const auto found = lower ? std::upper_bound(sums.begin(), sums.end(), wanted)
                             : std::upper_bound(sums.begin(), sums.end(), wanted,
                                                [](double w, double s) { return s <= w; });
    const int cell =
        std::min(std::max(static_cast<int>(found - sums.begin()) - 1, first_), last_ - 1);
    double left = 0, right = 1, t = 0.5;
    for (int iteration = 0; iteration < 60; ++iteration) {
      const Tails at = tails_at(cell + t);
      const double excess = lower ? at.below - wanted : wanted - at.above;
      (excess > 0 ? right : left) = t;
      const double slope = density_at(cell, cell + t) * rule_->step();
      double next = slope > 0 ? t - excess / slope : -1;
      if (!(next >= left && next <= right)) next = 0.5 * (left + right);
      const bool done = std::abs(next - t) < 1e-12;
      t = next;
      if (done) break;
    }
    return rule_->map().x(rule_->s(0) + rule_->step() * (cell + t));
  }

 private:
  static constexpr int most = 12;
  static constexpr double negligible = 1e-17;
  static constexpr double least_tail = 1e-14;
  static constexpr double tolerance = 1e-9;
  static constexpr double usable_drop =
      500;  // nodes at the ends with less are not interpolated through

  int cell_of(double position) const {
    return std::min(std::max(static_cast<int>(position), first_), last_ - 1);
  }

  int first_of(int cell) const {
    return std::min(std::max(cell - window_ / 2 + 1, first_), last_ + 1 - window_);
  }

  Tails tails_at(double position) const {
    if (!(position > first_)) return {0, 1};
    if (!(position < last_)) return {1, 0};
    const int i = cell_of(position);
    if (cell_[i] == 0) return {below_[i], above_[i]};
    const double t = position - i;
    // Each tail from its own side, so that small ones keep their digits.
    const double part = std::min(part_of_cell(i, t), cell_[i]) / total_;
    return {below_[i] + part, above_[i + 1] + std::max(cell_[i] / total_ - part, 0.0)};
  }

  // The integral over cell i, in units of the rule's total.
  double whole_cell(int i) const {
    if (window_ < most) return part_of_cell(i, 1);
    const int first = first_of(i);
    const double* const log_mass = rule_->log_mass().data() + first;
    double sum = 0;
    for (int g = 0; g < 4; ++g) {
      const std::array<double, most>& weight = gauss_points()[i - first][g];
      double log_f = -rule_->log_total();
      for (int m = 0; m < most; ++m) log_f += weight[m] * log_mass[m];
      sum += gauss_weight[g] * std::exp(log_f);
    }
    return sum * rule_->step();
  }

  // The integral over the first part t of cell i, in units of the rule's total.
  double part_of_cell(int i, double t) const {
    double sum = 0;
    for (int g = 0; g < 4; ++g)
      sum += gauss_weight[g] * density_at(i, i + 0.5 * t * (1 + gauss_root[g]));
    return sum * t * rule_->step();
  }

  // Density of s at a position in cell i, by the barycentric formula for equidistant points.
  double density_at(int i, double position) const {
    const int first = first_of(i);
    const double u = position - first;
    const double* const log_mass = rule_->log_mass().data() + first;
    double weighted = 0, weights = 0;
    for (int m = 0; m < window_; ++m) {
      const double distance = u - m;
      if (distance == 0) return std::exp(log_mass[m] - rule_->log_total());
      const double w = binomials()[window_][m] / distance;
      weighted += w * log_mass[m];
      weights += w;
    }
    return std::exp(weighted / weights - rule_->log_total());
  }

  // Weights of interpolation from a full window to the Gauss points of each of its cells.
  using GaussPoints = std::array<std::array<std::array<double, most>, 4>, most - 1>;
  static const GaussPoints& gauss_points() {
    static const GaussPoints table = [] {
      GaussPoints points{};
      for (int cell = 0; cell < most - 1; ++cell)
        for (int g = 0; g < 4; ++g)
          for (int m = 0; m < most; ++m) {
            const double t = cell + 0.5 * (1 + gauss_root[g]);
            points[cell][g][m] = 1;
            for (int l = 0; l < most; ++l)
              if (l != m) points[cell][g][m] *= (t - l) / (m - l);
          }
      return points;
    }();
    return table;
  }

  // (-1)^m (n - 1 over m) for n points.
  using Binomials = std::array<std::array<double, most>, most + 1>;
  static const Binomials& binomials() {
    static const Binomials table = [] {
      Binomials b{};
      for (int n = 1; n <= most; ++n) {
        b[n][0] = 1;
        for (int m = 1; m < n; ++m) b[n][m] = -b[n][m - 1] * (n - m) / m;
      }
      return b;
    }();
    return table;
  }

  static constexpr double gauss_root[4] = {-0.86113631159405257522, -0.33998104358485626480,
                                           0.33998104358485626480, 0.86113631159405257522};
  static constexpr double gauss_weight[4] = {0.17392742256872692869, 0.32607257743127307131,
                                             0.32607257743127307131, 0.17392742256872692869};

  const LineRule* rule_;
  int first_ = 0, last_;  // nodes that are used
  int window_ = 0;
  std::vector<double> cell_, below_, above_;  // below and above: at the nodes
  double total_ = 0;
};

}  // namespace bayespool
