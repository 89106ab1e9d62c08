// Independent draws from the posterior: the variance parameters, then beta and the group means from their conditional
// normal distributions.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "core/exact/quadrature.hpp"
#include "core/exact/variance_sampler.hpp"
#include "core/model/shrinkage.hpp"
#include "core/numerics/streams.hpp"

namespace bayespool {

// The design and the quadrature must outlive the object.
class PosteriorSampler {
 public:
  static constexpr Index chunk_size = 64;      // draws that share a stream
  static constexpr double first_bound = 1.25;  // of the ratio of densities in VarianceSampler

  PosteriorSampler(const Design& design, const Quadrature& quadrature, DrawColumns columns,
                   std::uint64_t seed, std::uint64_t purpose)
      : design_(&design),
        quadrature_(&quadrature),
        variances_(quadrature),
        columns_(std::move(columns)),
        seed_(seed),
        purpose_(purpose),
        by_class_(static_cast<std::size_t>(design.groups)) {
    std::iota(by_class_.begin(), by_class_.end(), std::size_t{0});
    std::stable_sort(by_class_.begin(), by_class_.end(), [&](std::size_t a, std::size_t b) {
      return design.class_of[a] < design.class_of[b];
    });
  }

  static Index chunk_count(Index draws) { return (draws + chunk_size - 1) / chunk_size; }

  // Fills the rows of one chunk in `out`, a matrix of `draws` rows stored by column. Returns the greatest ratio of densities
  // that was met; where it is above `bound`, all chunks must be drawn again with a larger bound.
  double draw_chunk(Index chunk, Index draws, double bound, double* out) const {
    const Index first = chunk * chunk_size, count = std::min(chunk_size, draws - first);
    RandomStream random(seed_, purpose_, static_cast<std::uint64_t>(chunk));
    const auto column = [&](Index c) {
      return Eigen::Map<Eigen::ArrayXd>(out + c * draws + first, count);
    };
    const Index f = design_->free_count();

    Eigen::ArrayXd sigma(count), tau(count);
    MatrixXd gamma(count, f);
    CollapsedPosterior posterior = quadrature_->posterior();
    VectorXd noise(f);
    double greatest = 0;
    for (Index i = 0; i < count; ++i) {
      const VariancePoint at = variances_.draw(random, posterior, bound, greatest);
      sigma(i) = at.sigma;
      tau(i) = at.tau;
      if (f == 0) continue;
      for (Index k = 0; k < f; ++k) noise(k) = random.normal();
      posterior.draw(noise);
      for (Index k = 0; k < f; ++k) gamma(i, k) = noise(k);
    }
    if (columns_.sigma) column(*columns_.sigma) = sigma;
    if (columns_.tau) column(*columns_.tau) = tau;
    for (std::size_t k = 0; k < columns_.coefficients.size(); ++k)
      if (columns_.coefficients[k])
        column(*columns_.coefficients[k]) =
            design_->origin(static_cast<Index>(k)) +
            (gamma * design_->transform.row(static_cast<Index>(k)).transpose()).array();
    if (columns_.first_group) draw_groups(random, sigma, tau, gamma, column);
    return greatest;
  }

 private:
  // mu_j = population part + kappa_j (ytilde_j - u_j'gamma) + sqrt(v_j) * noise
  template <class Column>
  void draw_groups(RandomStream& random, const Eigen::ArrayXd& sigma, const Eigen::ArrayXd& tau,
                   const MatrixXd& gamma, Column&& column) const {
    const Index count = sigma.size(), f = design_->free_count();
    const Eigen::ArrayXd population =
        design_->group_effect_origin + (gamma * design_->group_effect).array();
    Eigen::ArrayXd kappa(count), sd(count), center(count), noise(count);
    const SizeClass* current = nullptr;
    for (std::size_t j : by_class_) {
      const Index row = static_cast<Index>(j);
      const SizeClass* const own = &design_->size_classes[design_->class_of[j]];
      if (own != current) {
        current = own;
        for (Index i = 0; i < count; ++i) {
          const VariancePoint at{sigma(i), tau(i)};
          kappa(i) = shrinkage_weight(own->size, at);
          sd(i) = std::sqrt(group_variance(own->size, at));
        }
      }
      center = design_->projections(row, f);
      for (Index k = 0; k < f; ++k) center -= gamma.col(k).array() * design_->projections(row, k);
      for (Index i = 0; i < count; ++i) noise(i) = random.normal();
      column(*columns_.first_group + row) = population + kappa * center + sd * noise;
    }
  }

  const Design* design_;
  const Quadrature* quadrature_;
  VarianceSampler variances_;
  DrawColumns columns_;
  std::uint64_t seed_, purpose_;
  std::vector<std::size_t> by_class_;
};

}  // namespace bayespool
