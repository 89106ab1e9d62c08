// The nodes of a quadrature for several effects a group, and the normal distributions of linear combinations of coefficients and
// effects at each (defined in src/effect_nodes.cpp).
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <cstddef>
#include <optional>
#include <vector>

#include "core/exact/coefficient_nodes.hpp"
#include "core/exact/conditional_nodes.hpp"
#include "core/exact/effect_quadrature.hpp"
#include "core/model/effect_weights.hpp"
#include "core/numerics/mixture_summary.hpp"

namespace bayespool {

// z'b of a group: position j, or none for one without data.
struct EffectOfGroup {
  VectorXd z;  // q
  std::optional<Index> group;
};

// constant + a'gamma + sum of effects (of different groups) + e, e ~ N(0, noise * sigma^2).
struct EffectCombination {
  double constant = 0;
  VectorXd a;  // F
  std::vector<EffectOfGroup> effects;
  double noise = 0;
};

// A point in the relative covariance of the effects, and sigma given that.
struct EffectNode {
  EffectMatrix lambda;      // q x q
  double weight;            // those of all nodes sum to one
  Index first, count;       // its nodes of sigma among all
  std::size_t parity;       // of its place in the lattice, one bit a dimension
  std::size_t line_parity;  // of the first of its nodes of sigma in their line
};

// At each node of the lattice sigma has a few nodes of the Gauss rule for its distribution there, where all that is asked of them
// changes smoothly with log sigma; or all those of its line.
class EffectNodes {
 public:
  std::vector<EffectNode> lattice;  // T
  CoefficientNodes coefficients;    // K: gamma | sigma, Lambda, y
  Eigen::ArrayXd sigma;             // K
  std::size_t parities;             // 2^d, twice that with all nodes of a line of sigma

  // Those that means and intervals need, or all, also of sigma's lines. `memory`: in bytes.
  enum class Choice { bulk, all };
  EffectNodes(const EffectQuadrature& quadrature, Choice choice, double memory);

  Index count() const { return sigma.size(); }

  // Of the place of node k, one of this node's of sigma, in the lattice and in sigma's line: below `parities`.
  std::size_t parity(const EffectNode& node, Index k) const {
    if (parities == lattice_parities_) return node.parity;
    const std::size_t place = node.line_parity + static_cast<std::size_t>(k - node.first);
    return node.parity + lattice_parities_ * (place & 1);
  }

  // At each node, given the effects' weights (see EffectWeights).
  WeightedNormals normals(const EffectCombination& combination) const;

 private:
  struct SigmaNode {
    double sigma, weight;
  };

  // All nodes of the line.
  std::vector<SigmaNode> line_nodes(const EffectPosterior& posterior);

  // The Gauss rule for the distribution on the line (Golub & Welsch), with so many points that an integrand which is analytic for
  // |Im log sigma| < pi / 4, as a normal density of sd sigma is, has an error below 1e-6.
  std::vector<SigmaNode> sigma_nodes(EffectPosterior& posterior);

  // What the bulk leaves out, and the pattern at which a sublattice serves: less than these where the quadrature's own error is less.
  static constexpr double most_discarded = 1e-9, most_thinned = 1e-7;

  const EffectDesign* design_;
  std::size_t lattice_parities_;
  EffectPosterior::Line line_;
};

}  // namespace bayespool
