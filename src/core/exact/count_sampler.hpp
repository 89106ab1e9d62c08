// Independent draws from the posterior of a model of counts.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/exact/count_quadrature.hpp"
#include "core/exact/lattice_sampler.hpp"
#include "core/numerics/streams.hpp"

namespace bayespool {

// Where each parameter stands in the matrix of draws, from 0; nothing where it is not stored.
struct CountColumns {
  std::vector<std::optional<Index>> coefficients;  // one per coefficient
  std::optional<Index> tau;
  std::optional<Index> first_group;  // the groups' stand side by side: theta_j - x_j'(less * beta)
  VectorXd less;                     // one per coefficient, 0 or 1
};

// theta from a density that is proportional to L(theta) N(theta; eta, tau^2): by rejection from an envelope of its logarithm, which is
// concave. It is flat at the maximum and beyond that the tangents about one sd away.
class ThetaSampler {
 public:
  ThetaSampler(const CountLikelihood& likelihood, const ThetaPrior& prior)
      : peak_(theta_peak(likelihood, prior)),
        precision_(prior.precision()),
        distance_(std::isinf(prior.tau) ? 0 : peak_.at - prior.eta),
        from_peak_(likelihood.step_from(peak_.at)) {
    // The maximum is known to 0.01 sds, the logarithm there to the square of that: the flat part is `margin` higher.
    for (std::size_t i = 0; i < 2; ++i) {
      const double touch = (i == 0 ? -1 : 1) * tangent * peak_.sd, at = peak_.at + touch;
      const double slope = likelihood.k() - likelihood.mean(at) - (distance_ + touch) * precision_;
      slope_[i] = std::abs(slope);
      // Where the tangent is as high as the flat part.
      edge_[i] = std::abs(touch) - (margin - log_density(touch)) / slope_[i];
    }
  }

  double draw(RandomStream& random) const {
    const double left = 1 / slope_[0], middle = edge_[0] + edge_[1], right = 1 / slope_[1];
    for (;;) {
      const double u = random.uniform() * (left + middle + right), v = 1 - random.uniform();
      double step, log_envelope = margin;
      if (u < left) {
        step = -edge_[0] + left * std::log(v);
        log_envelope += std::log(v);
      } else if (u < left + middle) {
        step = -edge_[0] + (u - left);
      } else {
        step = edge_[1] - right * std::log(v);
        log_envelope += std::log(v);
      }
      if (std::log(1 - random.uniform()) < log_density(step) - log_envelope) return peak_.at + step;
    }
  }

 private:
  static constexpr double tangent = 1.3, margin = 1e-4;

  // Beside that at the peak.
  double log_density(double step) const {
    return from_peak_(step) - step * (distance_ + 0.5 * step) * precision_;
  }

  ThetaPeak peak_;
  double precision_, distance_;
  LikelihoodStep from_peak_;
  double slope_[2],
      edge_[2];  // below and above: of the tangents, and how far the flat part reaches
};

// The quadrature must outlive the object.
class CountSampler {
 public:
  static constexpr Index chunk_size = 64;     // draws that share a stream
  static constexpr double first_bound = 1.6;  // of the ratio of densities

  CountSampler(const CountQuadrature& quadrature, CountColumns columns, std::uint64_t seed)
      : quadrature_(&quadrature),
        columns_(std::move(columns)),
        seed_(seed),
        points_(quadrature.rule()) {}

  static Index chunk_count(Index draws) { return (draws + chunk_size - 1) / chunk_size; }

  // Fills the rows of one chunk in `out`, a matrix of `draws` rows stored by column. Returns the greatest ratio of densities that was met;
  // where it is above `bound`, all chunks must be drawn again with a larger bound.
  double draw_chunk(Index chunk, Index draws, double bound, double* out) const {
    const Index first = chunk * chunk_size, count = std::min(chunk_size, draws - first);
    RandomStream random(seed_, 0, static_cast<std::uint64_t>(chunk));
    CountPosterior posterior = quadrature_->posterior();
    const CountClasses& classes = posterior.classes();
    const auto log_f = [&](const double* x) {
      posterior.move(x);
      return posterior.log_density();
    };
    double greatest = 0;
    for (Index i = 0; i < count; ++i) {
      double* const row = out + first + i;
      if (posterior.dimension() > 0) points_.draw(random, log_f, bound, greatest);
      for (std::size_t k = 0; k < columns_.coefficients.size(); ++k)
        if (columns_.coefficients[k])
          row[*columns_.coefficients[k] * draws] = posterior.beta()(static_cast<Index>(k));
      if (columns_.tau) row[*columns_.tau * draws] = posterior.tau();
      if (!columns_.first_group) continue;
      for (std::size_t j = 0; j < classes.class_of.size(); ++j) {
        const Index c = classes.class_of[j];
        const ThetaPrior prior = posterior.prior_of_class(c);
        const double theta =
            prior.tau == 0
                ? prior.eta
                : ThetaSampler(classes.likelihood[static_cast<std::size_t>(c)], prior).draw(random);
        row[(*columns_.first_group + static_cast<Index>(j)) * draws] =
            theta - classes.x_of_class(c).dot(columns_.less.cwiseProduct(posterior.beta()));
      }
    }
    return greatest;
  }

 private:
  const CountQuadrature* quadrature_;
  CountColumns columns_;
  std::uint64_t seed_;
  LatticeSampler points_;
};

}  // namespace bayespool
