// Independent draws from the posterior: (sigma, tau) by inversion, then beta and the group means from
// their conditional normal distributions.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <numeric>
#include <vector>

#include "core/model/collapsed_posterior.hpp"
#include "core/exact/quadrature.hpp"
#include "core/numerics/streams.hpp"

namespace bayespool {

class InversionSampler {
 public:
  static constexpr Index chunk_size = 64;  // draws that share a stream

  InversionSampler(const Design& design, const Quadrature& quadrature, DrawColumns columns,
                   std::uint64_t seed, std::uint64_t purpose)
      : design_(design),
        quadrature_(quadrature),
        columns_(columns),
        seed_(seed),
        purpose_(purpose) {
    by_class_.resize(static_cast<std::size_t>(design.groups));
    std::iota(by_class_.begin(), by_class_.end(), Index{0});
    std::stable_sort(by_class_.begin(), by_class_.end(),
                     [&](Index a, Index b) { return design.class_of[a] < design.class_of[b]; });
  }

  static Index chunk_count(Index draws) { return (draws + chunk_size - 1) / chunk_size; }

  // Fills the rows of one chunk in `out`, a matrix of `draws` rows stored by column.
  void draw_chunk(Index chunk, Index draws, double* out) const {
    const Index first = chunk * chunk_size, count = std::min(chunk_size, draws - first);
    RandomStream random(seed_, purpose_, static_cast<std::uint64_t>(chunk));
    const auto column = [&](Index c) {
      return Eigen::Map<Eigen::ArrayXd>(out + c * draws + first, count);
    };
    const Index f = design_.free_count();

    Eigen::ArrayXd sigma(count), tau(count);
    MatrixXd gamma(count, f);
    CollapsedPosterior posterior(design_);
    VectorXd noise(f);
    for (Index i = 0; i < count; ++i) {
      const double z_sigma = quadrature_.sigma_known() ? 0 : random.normal();
      const double z_tau = quadrature_.tau_known() ? 0 : random.normal();
      quadrature_.transform(z_sigma, z_tau, sigma(i), tau(i));
      if (f == 0) continue;
      posterior.condition(sigma(i), tau(i));
      for (Index k = 0; k < f; ++k) noise(k) = random.normal();
      posterior.solve_transposed(noise);
      gamma.row(i) = (posterior.gamma_hat + noise).transpose();
    }
    if (columns_.sigma >= 0) column(columns_.sigma) = sigma;
    if (columns_.tau >= 0) column(columns_.tau) = tau;
    for (Index k = 0; k < design_.origin.size(); ++k)
      if (columns_.coefficients[k] >= 0)
        column(columns_.coefficients[k]) =
            design_.origin(k) + (gamma * design_.transform.row(k).transpose()).array();
    if (columns_.first_group >= 0) draw_groups(random, sigma, tau, gamma, column);
  }

 private:
  // mu_j = population part + kappa_j (ytilde_j - u_j'gamma) + sqrt(v_j) * noise
  template <class Column>
  void draw_groups(RandomStream& random, const Eigen::ArrayXd& sigma, const Eigen::ArrayXd& tau,
                   const MatrixXd& gamma, Column&& column) const {
    const Index count = sigma.size(), f = design_.free_count();
    const Eigen::ArrayXd population =
        design_.group_effect_origin + (gamma * design_.group_effect).array();
    Eigen::ArrayXd kappa(count), sd(count), center(count), noise(count);
    Index current = -1;
    for (Index j : by_class_) {
      if (design_.class_of[j] != current) {
        current = design_.class_of[j];
        const double size = design_.size_classes[current].size;
        for (Index i = 0; i < count; ++i) {
          kappa(i) = shrinkage_weight(size, sigma(i), tau(i));
          sd(i) = std::sqrt(group_variance(size, sigma(i), tau(i)));
        }
      }
      center = design_.rows(j, f);
      for (Index k = 0; k < f; ++k) center -= gamma.col(k).array() * design_.rows(j, k);
      for (Index i = 0; i < count; ++i) noise(i) = random.normal();
      column(columns_.first_group + j) = population + kappa * center + sd * noise;
    }
  }

  const Design& design_;
  const Quadrature& quadrature_;
  DrawColumns columns_;
  std::uint64_t seed_, purpose_;
  std::vector<Index> by_class_;
};

}  // namespace bayespool
