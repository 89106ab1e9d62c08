// Independent draws from the posterior of a mixed model (defined in src/effect_sampler.cpp).
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "core/exact/effect_quadrature.hpp"
#include "core/exact/lattice_sampler.hpp"
#include "core/numerics/streams.hpp"

namespace bayespool {

// The quadrature must outlive the object.
class EffectSampler {
 public:
  static constexpr Index chunk_size = 64;     // draws that share a stream
  static constexpr double first_bound = 1.6;  // of the ratio of densities

  EffectSampler(const EffectQuadrature& quadrature, EffectColumns columns, std::uint64_t seed);

  static Index chunk_count(Index draws) { return (draws + chunk_size - 1) / chunk_size; }

  // Fills the rows of one chunk in `out`, a matrix of `draws` rows stored by column. Returns the greatest ratio of densities
  // that was met; where it is above `bound`, all chunks must be drawn again with a larger bound.
  double draw_chunk(Index chunk, Index draws, double bound, double* out) const;

  // Of two effects, from a factor with rows of length 1.
  static double correlation(const MatrixXd& factor, Index k, Index l) {
    return factor.row(k).dot(factor.row(l));
  }

 private:
  void draw_point(RandomStream& random, EffectPosterior& posterior, double bound,
                  double& greatest) const;

  // Sigma as LatticeSampler draws points, on its line.
  static double draw_sigma(RandomStream& random, EffectPosterior& posterior,
                           EffectPosterior::Line& line, double bound, double& greatest);

  static constexpr double line_drop = 30;

  const EffectQuadrature* quadrature_;
  EffectColumns columns_;
  std::uint64_t seed_;
  LatticeSampler points_;
};

}  // namespace bayespool
