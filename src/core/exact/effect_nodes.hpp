// The nodes of a quadrature for a mixed model, and the normal distributions of linear combinations of coefficients and effects at each
// (defined in src/effect_nodes.cpp).
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "core/exact/coefficient_nodes.hpp"
#include "core/exact/conditional_nodes.hpp"
#include "core/exact/effect_quadrature.hpp"
#include "core/model/mixed_design.hpp"
#include "core/numerics/mixture_summary.hpp"

namespace bayespool {

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

  // What MixedDesign::weights() has of these combinations, at each node of the lattice.
  std::vector<MatrixXd> weights(const std::vector<EffectCombination>& combinations,
                                const std::function<void()>& check_interrupt) const;
  // How many combinations at a time that should be for: so many that they take some 32 MB.
  Index weights_at_a_time() const;

  // At each node the distribution of the combination with these weights: column i of those at each node of the lattice.
  WeightedNormals normals(const std::vector<MatrixXd>& weights, Index i, double noise) const;
  WeightedNormals normals(const EffectCombination& combination) const {
    return normals(weights({combination}, [] {}), 0, combination.noise);
  }

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

  const MixedDesign* design_;
  std::size_t lattice_parities_;
  EffectPosterior::Line line_;
};

}  // namespace bayespool
