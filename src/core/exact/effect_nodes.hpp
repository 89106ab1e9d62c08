// The nodes of a quadrature for several effects a group, and the normal distributions of linear combinations of coefficients and
// effects at each.
#pragma once

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "core/exact/coefficient_nodes.hpp"
#include "core/exact/conditional_nodes.hpp"
#include "core/exact/effect_quadrature.hpp"
#include "core/numerics/mixture_summary.hpp"

namespace bayespool {

// z'b of a group: position j, or none for one without data.
struct EffectOfGroup {
  VectorXd z;  // q
  std::optional<Index> group;
};

// constant + a'gamma + sum of effects (of different groups) + noise * e, e ~ N(0, sigma^2).
struct EffectCombination {
  double constant = 0;
  VectorXd a;  // F
  std::vector<EffectOfGroup> effects;
  double noise = 0;  // 0 or 1
};

// A point in the relative covariance of the effects, and sigma given that.
struct EffectNode {
  MatrixXd lambda;          // q x q
  double weight;            // those of all nodes sum to one
  Index first, count;       // its nodes of sigma among all
  std::size_t parity;       // of its place in the lattice, one bit a dimension
  std::size_t line_parity;  // of the first of its nodes of sigma in their line
};

// At each node of the lattice sigma has a few nodes of the Gauss rule for its distribution there, where all that is asked of them
// changes smoothly with log sigma; or all those of its line.
enum class SigmaNodes { few, all };

class EffectNodes {
 public:
  std::vector<EffectNode> lattice;  // T
  CoefficientNodes coefficients;    // K: gamma | sigma, Lambda, y
  Eigen::ArrayXd sigma;             // K
  std::size_t parities;             // 2^d, twice that with all nodes of a line of sigma

  // Nodes with the least weights that together stay below `discarded` are left out.
  EffectNodes(const EffectQuadrature& quadrature, SigmaNodes of_sigma, double discarded,
              double memory)
      : parities(std::size_t{1} << quadrature.posterior().dimension()),
        design_(&quadrature.design()),
        lattice_parities_(parities) {
    const bool whole_lines = of_sigma == SigmaNodes::all && quadrature.posterior().sigma_on_line();
    if (whole_lines) parities *= 2;
    EffectPosterior posterior = quadrature.posterior();
    const LatticeRule& rule = quadrature.rule();
    std::vector<std::size_t> order(rule.nodes.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(),
              [&](std::size_t i, std::size_t j) { return rule.weight[i] > rule.weight[j]; });
    double left = 0;
    while (left + rule.weight[order.back()] < discarded) {
      left += rule.weight[order.back()];
      order.pop_back();
    }
    const Index f = design_->free_count();
    std::vector<double> sigmas, weights, gammas, covariances;
    const Index pairs = f * (f + 1) / 2;
    VectorXd x(posterior.dimension()), gamma(f);
    std::vector<double> own(static_cast<std::size_t>(pairs));
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (i % 64 == 0) quadrature.check_interrupt()();
      rule.map.point(rule.nodes[order[i]].k, x.data());
      posterior.move(x.data());
      const double weight = rule.weight[order[i]] / (1 - left);
      const std::vector<SigmaNode> line =
          whole_lines ? line_nodes(posterior) : sigma_nodes(posterior);
      lattice.push_back({posterior.lambda(), weight, static_cast<Index>(sigmas.size()),
                         static_cast<Index>(line.size()), parity_of(rule.nodes[order[i]].k),
                         whole_lines ? static_cast<std::size_t>(line_.first & 1) : 0});
      for (const SigmaNode& node : line) {
        sigmas.push_back(node.sigma);
        weights.push_back(weight * node.weight);
        BorderedFactor& factor = posterior.condition(node.sigma);
        factor.gamma_hat(gamma);
        gammas.insert(gammas.end(), gamma.data(), gamma.data() + f);
        factor.invert(own.data(), 1);
        covariances.insert(covariances.end(), own.begin(), own.end());
      }
      if (8.0 * static_cast<double>(covariances.size()) > memory)
        throw NodesTooLarge(
            std::to_string(8.0 * static_cast<double>(covariances.size() * order.size() / (i + 1))));
    }
    const Index count = static_cast<Index>(sigmas.size());
    coefficients = CoefficientNodes(count, f);
    sigma = Eigen::Map<Eigen::ArrayXd>(sigmas.data(), count);
    coefficients.weight = Eigen::Map<Eigen::ArrayXd>(weights.data(), count);
    for (Index k = 0; k < count; ++k) {
      for (Index i = 0; i < f; ++i)
        coefficients.gamma(k, i) = gammas[static_cast<std::size_t>(k * f + i)];
      for (Index i = 0; i < pairs; ++i)
        coefficients.covariance(k)[i * count] =
            covariances[static_cast<std::size_t>(k * pairs + i)];
    }
  }

  Index count() const { return sigma.size(); }

  // Of the place of node k, one of this node's of sigma, in the lattice and in sigma's line: below `parities`.
  std::size_t parity(const EffectNode& node, Index k) const {
    if (parities == lattice_parities_) return node.parity;
    const std::size_t place = node.line_parity + static_cast<std::size_t>(k - node.first);
    return node.parity + lattice_parities_ * (place & 1);
  }

  // With B = R Lambda, M = I + B'B, t = M^-1 Lambda'z, g = B t:
  //   E(z'b_j | gamma)   = g'(c_y - c_x gamma),  Var(z'b_j | gamma) = sigma^2 (Lambda'z)'t
  WeightedNormals normals(const EffectCombination& combination) const {
    WeightedNormals result{coefficients.weight, Eigen::ArrayXd(count()), Eigen::ArrayXd(count())};
    const Index f = design_->free_count();
    VectorXd h(f);
    for (const EffectNode& node : lattice) {
      h = combination.a;
      double constant = combination.constant, variance = combination.noise;
      for (const EffectOfGroup& effect : combination.effects) {
        const VectorXd own = node.lambda.transpose() * effect.z;
        if (!effect.group) {
          variance += own.squaredNorm();
          continue;
        }
        const Index j = *effect.group;
        const MatrixXd& c = design_->projections[static_cast<std::size_t>(j)];
        const MatrixXd b = design_->class_of_group(j).r * node.lambda;
        const VectorXd t = shrink(b, own);
        const VectorXd g = b * t;
        variance += own.dot(t);
        h.noalias() -= c.leftCols(f).transpose() * g;
        constant += g.dot(c.col(f));
      }
      for (Index k = node.first; k < node.first + node.count; ++k) {
        result.mean(k) = constant + (f > 0 ? coefficients.gamma.row(k).dot(h) : 0);
        result.variance(k) = variance * sigma(k) * sigma(k) + coefficients.quadratic_form(h, k);
      }
    }
    return result;
  }

  // (I + B'B)^-1 v
  static VectorXd shrink(const MatrixXd& b, const VectorXd& v) {
    const Index q = v.size();
    if (q == 1) return v / (1 + b.squaredNorm());
    if (q == 2) {
      const double x = 1 + b.col(0).squaredNorm(), y = b.col(0).dot(b.col(1)),
                   z = 1 + b.col(1).squaredNorm(), determinant = x * z - y * y;
      return Eigen::Vector2d((z * v(0) - y * v(1)) / determinant,
                             (x * v(1) - y * v(0)) / determinant);
    }
    return (MatrixXd::Identity(q, q) + b.transpose() * b).llt().solve(v);
  }

 private:
  static std::size_t parity_of(const LatticePoint& k) {
    std::size_t parity = 0;
    for (std::size_t i = 0; i < k.size(); ++i) parity |= static_cast<std::size_t>(k[i] & 1) << i;
    return parity;
  }

  struct SigmaNode {
    double sigma, weight;
  };

  // All nodes of the line.
  std::vector<SigmaNode> line_nodes(const EffectPosterior& posterior) {
    posterior.fill_line(line_drop, 0, line_);
    const double top = *std::max_element(line_.log_f.begin(), line_.log_f.end());
    double total = 0;
    std::vector<SigmaNode> nodes;
    for (std::size_t i = 0; i < line_.log_f.size(); ++i) {
      const double weight = std::exp(line_.log_f[i] - top);
      total += weight;
      nodes.push_back({posterior.sigma_on_line(line_.first + static_cast<int>(i)), weight});
    }
    for (SigmaNode& node : nodes) node.weight /= total;
    return nodes;
  }

  // The Gauss rule for the distribution on the line (Golub & Welsch), with so many points that an integrand which is analytic for
  // |Im log sigma| < pi / 4, as a normal density of sd sigma is, has an error below 1e-7.
  std::vector<SigmaNode> sigma_nodes(const EffectPosterior& posterior) {
    if (!posterior.sigma_on_line()) return {{posterior.given_sigma(), 1}};
    posterior.fill_line(line_drop, 0, line_);
    const std::size_t count = line_.log_f.size();
    const double top = *std::max_element(line_.log_f.begin(), line_.log_f.end());
    Eigen::ArrayXd weight(static_cast<Index>(count)), m(static_cast<Index>(count));
    for (std::size_t i = 0; i < count; ++i) {
      weight(static_cast<Index>(i)) = std::exp(line_.log_f[i] - top);
      m(static_cast<Index>(i)) = line_.first + static_cast<int>(i);
    }
    weight /= weight.sum();
    const double mean = (weight * m).sum();
    m -= mean;
    const double sd = std::sqrt((weight * m.square()).sum());
    const double ratio = sd * posterior.line_step() / 0.7853981633974483;
    Index points = 2;
    for (double bound = 2 * std::pow(ratio, 4); bound > 1e-7 && points < 10;) {
      ++points;
      bound *= static_cast<double>(points) * ratio * ratio;
    }
    points = std::min(points, static_cast<Index>(count));
    VectorXd diagonal(points), off(points - 1);
    Eigen::ArrayXd before = Eigen::ArrayXd::Zero(m.size()),
                   now = Eigen::ArrayXd::Ones(m.size());  // orthogonal polynomials at the nodes
    double square = 1;
    for (Index i = 0; i < points; ++i) {
      diagonal(i) = (weight * m * now.square()).sum() / square;
      if (i + 1 == points) break;
      const double ratio_of_squares = i == 0 ? 0 : off(i - 1) * off(i - 1);
      const Eigen::ArrayXd next = (m - diagonal(i)) * now - ratio_of_squares * before;
      before = now;
      now = next;
      const double next_square = (weight * now.square()).sum();
      off(i) = std::sqrt(next_square / square);
      square = next_square;
    }
    Eigen::SelfAdjointEigenSolver<MatrixXd> rule;
    rule.computeFromTridiagonal(diagonal, off);
    std::vector<SigmaNode> nodes;
    for (Index i = 0; i < points; ++i) {
      const double u =
          posterior.line_origin() + posterior.line_step() * (mean + rule.eigenvalues()(i));
      nodes.push_back({posterior.sigma_coordinate().value(u),
                       rule.eigenvectors()(0, i) * rule.eigenvectors()(0, i)});
    }
    return nodes;
  }

  static constexpr double line_drop = 23;

  const EffectDesign* design_;
  std::size_t lattice_parities_;
  EffectPosterior::Line line_;
};

}  // namespace bayespool
