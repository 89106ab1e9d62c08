// The trapezoidal rule in several dimensions: a lattice of nodes, filled from where the integrand is large.
#pragma once

#include <Eigen/Core>
#include <Eigen/LU>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "core/errors.hpp"
#include "core/numerics/chosen_node.hpp"

namespace bayespool {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index most_dimensions = 6;

// An integer vector k, its first d entries.
using LatticePoint = std::array<std::int16_t, most_dimensions>;

// x_i = centre_i + stretch_i sinh(z_i / stretch_i), z = generator * k: nodes are denser in the middle than in the tails.
struct LatticeMap {
  VectorXd centre, stretch;  // d
  MatrixXd generator;        // d x d

  Index dimension() const { return centre.size(); }

  // Writes x; returns log |dx / dz|. `k`: d coordinates, which need not be integers.
  template <class Coordinates>
  double point(const Coordinates& k, double* x) const {
    double log_jacobian = 0;
    for (Index i = 0; i < dimension(); ++i) {
      double z = 0;
      for (Index j = 0; j < dimension(); ++j)
        z += generator(i, j) * static_cast<double>(k[static_cast<std::size_t>(j)]);
      x[i] = centre(i) + stretch(i) * std::sinh(z / stretch(i));
      log_jacobian += std::log(std::cosh(z / stretch(i)));
    }
    return log_jacobian;
  }

  // The k of the node nearest to x, about.
  LatticePoint nearest(const VectorXd& x) const {
    VectorXd z(dimension());
    for (Index i = 0; i < dimension(); ++i)
      z(i) = stretch(i) * std::asinh((x(i) - centre(i)) / stretch(i));
    const VectorXd k = generator.partialPivLu().solve(z);
    LatticePoint point{};
    for (Index i = 0; i < dimension(); ++i) {
      const double limited = std::min(std::max(std::round(k(i)), -500.0), 500.0);
      point[static_cast<std::size_t>(i)] = static_cast<std::int16_t>(limited);
    }
    return point;
  }

  // log of the volume of z that each node stands for
  double log_cell() const {
    return dimension() == 0 ? 0 : std::log(std::abs(generator.determinant()));
  }
};

// What is integrated at a point: its logarithm, and `lift`, the largest of the logs of squares whose means are wanted, too.
struct LatticeValue {
  double log_f, lift;
};

using LatticeFunction = std::function<LatticeValue(const double* x)>;

struct LatticeNode {
  LatticePoint k;
  double log_f;  // per volume of z
};

// All nodes that are connected with the first ones by nodes where log f, or log f + lift, is within `drop` of its maximum.
class LatticeRule {
 public:
  LatticeMap map;
  std::vector<LatticeNode> nodes;
  std::vector<double> weight;  // of the nodes, summing to one
  double log_total = 0;
  double edge = 0;  // share of nodes at the border
  // By s in {0, 1}^d (bits): the largest coefficient of (-1)^(s'k) in the weights and in the weights times a standardised
  // coordinate. It is the spectrum at half the sampling frequency; the error of the rule is about its square.
  std::vector<double> pattern;
  bool exhausted = false;  // there were more than `most_nodes`

  // `f` takes x and gives a LatticeValue.
  void fill(const LatticeFunction& f, const std::vector<LatticePoint>& first, double drop,
            std::size_t most_nodes) {
    const std::size_t d = static_cast<std::size_t>(map.dimension());
    nodes.clear();
    position_.clear();
    exhausted = false;
    double top = -HUGE_VAL, lifted_top = -HUGE_VAL;
    std::vector<double> lift;
    const auto visit = [&](const LatticePoint& k) {
      if (!position_.emplace(key(k), nodes.size()).second) return;
      std::array<double, most_dimensions> x;
      const double log_jacobian = map.point(k, x.data());
      const LatticeValue value = f(x.data());
      LatticeNode node{k, value.log_f + log_jacobian};
      if (!(node.log_f > lowest)) node.log_f = lowest;
      top = std::max(top, node.log_f);
      lifted_top = std::max(lifted_top, node.log_f + value.lift);
      lift.push_back(value.lift);
      nodes.push_back(node);
    };
    for (const LatticePoint& k : first) visit(k);
    for (std::size_t head = 0; head < nodes.size(); ++head) {
      if (!inside(head, lift, top, lifted_top, drop)) continue;
      if (nodes.size() > most_nodes) {
        exhausted = true;
        break;
      }
      for (std::size_t i = 0; i < d; ++i)
        for (int step : {-1, 1}) {
          LatticePoint k = nodes[head].k;
          k[i] = static_cast<std::int16_t>(k[i] + step);
          if (std::abs(k[i]) < farthest) visit(k);
        }
    }
    double total = 0, outside = 0;
    weight.resize(nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      total += weight[i] = std::exp(nodes[i].log_f - top);
      if (!inside(i, lift, top, lifted_top, drop)) outside += weight[i];
    }
    for (double& w : weight) w /= total;
    edge = outside / total;
    log_total = top + std::log(total) + map.log_cell();
    find_pattern();
  }

  // One bit a dimension.
  static std::size_t parity_of(const LatticePoint& k) {
    std::size_t parity = 0;
    for (std::size_t i = 0; i < k.size(); ++i) parity |= static_cast<std::size_t>(k[i] & 1) << i;
    return parity;
  }

  // Position of a node, or none (the number of nodes).
  std::size_t find(const LatticePoint& k) const {
    const auto found = position_.find(key(k));
    return found == position_.end() ? nodes.size() : found->second;
  }

  // The largest of the pattern, without the weights' own sum.
  double worst() const {
    double worst = 0;
    for (std::size_t s = 1; s < pattern.size(); ++s) worst = std::max(worst, pattern[s]);
    return worst;
  }

  // From nodes and weights that were kept, with the map set.
  void restore() {
    position_.clear();
    for (std::size_t i = 0; i < nodes.size(); ++i) position_.emplace(key(nodes[i].k), i);
    find_pattern();
  }

  // Nodes for means of smooth functions, the heaviest first: those of the sublattice that `tolerance` allows, without the least weights
  // that together stay below `discarded`.
  std::vector<ChosenNode> bulk(double discarded, double tolerance) const {
    const std::vector<std::size_t> even = parity_checks(tolerance);
    std::vector<ChosenNode> chosen;
    double total = 0;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const std::size_t parity = parity_of(nodes[i].k);
      if (std::any_of(even.begin(), even.end(),
                      [parity](std::size_t s) { return odd_bits(parity & s); }))
        continue;
      chosen.push_back({i, weight[i]});
      total += weight[i];
    }
    std::sort(chosen.begin(), chosen.end(),
              [](const ChosenNode& a, const ChosenNode& b) { return a.weight > b.weight; });
    double left = 0;
    while (left + chosen.back().weight < discarded * total) {
      left += chosen.back().weight;
      chosen.pop_back();
    }
    for (ChosenNode& node : chosen) node.weight /= total - left;
    return chosen;
  }

 private:
  static constexpr int farthest = 511;  // 10 bits for each coordinate
  static constexpr double lowest = -1e300;

  struct Hash {
    std::size_t operator()(std::uint64_t x) const {
      x ^= x >> 31;
      x *= 0x9e3779b97f4a7c15ULL;
      return static_cast<std::size_t>(x ^ (x >> 29));
    }
  };

  static std::uint64_t key(const LatticePoint& k) {
    std::uint64_t all = 0;
    for (std::int16_t value : k) all = all << 10 | static_cast<std::uint64_t>(value + 512);
    return all;
  }

  static bool odd_bits(std::size_t bits) {
    bool odd = false;
    for (; bits > 0; bits &= bits - 1) odd = !odd;
    return odd;
  }

  // Values of s for which only nodes with even s'k need be kept: a sum over these alone repeats the spectrum at half the sampling
  // frequency in the directions of these s and their sums, where the pattern is below `tolerance`. As many as one of them leads to, with
  // the others in the order of the pattern.
  std::vector<std::size_t> parity_checks(double tolerance) const {
    std::vector<std::size_t> order;
    for (std::size_t s = 1; s < pattern.size(); ++s)
      if (pattern[s] < tolerance) order.push_back(s);
    std::sort(order.begin(), order.end(),
              [this](std::size_t a, std::size_t b) { return pattern[a] < pattern[b]; });
    std::vector<std::size_t> most;
    for (std::size_t first : order) {
      std::vector<std::size_t> checks{first}, sums{0, first};
      for (std::size_t s : order) {
        if (std::find(sums.begin(), sums.end(), s) != sums.end() ||
            !std::all_of(sums.begin(), sums.end(),
                         [&](std::size_t sum) { return pattern[sum ^ s] < tolerance; }))
          continue;
        checks.push_back(s);
        const std::size_t count = sums.size();
        for (std::size_t i = 0; i < count; ++i) sums.push_back(sums[i] ^ s);
      }
      if (checks.size() > most.size()) most = checks;
    }
    return most;
  }

  bool inside(std::size_t i, const std::vector<double>& lift, double top, double lifted_top,
              double drop) const {
    const double log_f = nodes[i].log_f;
    return log_f > top - drop || log_f + lift[i] > lifted_top - drop;
  }

  void find_pattern() {
    const std::size_t d = static_cast<std::size_t>(map.dimension());
    std::vector<double> mean(d, 0.0), square(d, 0.0);
    for (std::size_t i = 0; i < nodes.size(); ++i)
      for (std::size_t j = 0; j < d; ++j) {
        mean[j] += weight[i] * nodes[i].k[j];
        square[j] += weight[i] * nodes[i].k[j] * nodes[i].k[j];
      }
    pattern.assign(std::size_t{1} << d, 0.0);
    std::vector<double> sums(pattern.size());
    for (std::size_t quantity = 0; quantity <= d; ++quantity) {  // the weights, then by coordinate
      std::fill(sums.begin(), sums.end(), 0.0);
      const std::size_t j = quantity - 1;
      const double scale =
          quantity == 0 ? 1 : 1 / std::sqrt(std::max(square[j] - mean[j] * mean[j], 1e-12));
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        sums[parity_of(nodes[i].k)] +=
            weight[i] * (quantity == 0 ? 1 : (nodes[i].k[j] - mean[j]) * scale);
      }
      for (std::size_t bit = 1; bit < sums.size(); bit <<= 1)  // Walsh's transform
        for (std::size_t s = 0; s < sums.size(); ++s) {
          if (s & bit) continue;
          const double even = sums[s], odd = sums[s | bit];
          sums[s] = even + odd;
          sums[s | bit] = even - odd;
        }
      for (std::size_t s = 0; s < sums.size(); ++s)
        pattern[s] = std::max(pattern[s], std::abs(sums[s]));
    }
  }

  std::unordered_map<std::uint64_t, std::size_t, Hash> position_;
};

}  // namespace bayespool
