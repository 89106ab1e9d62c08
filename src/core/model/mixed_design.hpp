// What the posterior of a mixed model needs of its data, whether all effects belong to one grouping factor or to two.
#pragma once

#include <Eigen/Core>
#include <functional>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "core/model/design.hpp"
#include "core/numerics/streams.hpp"

namespace bayespool {

// Small, and without memory of their own: of at most six effects.
using EffectVector = Eigen::Matrix<double, Eigen::Dynamic, 1, 0, 6, 1>;
using EffectMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, 0, 6, 6>;

// z'b of a group: its position, or none for one without data. With two factors z is 0 but for one of them, whose level the group is.
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

class EffectSystem;   // of groups with several effects
class CrossedSystem;  // of two grouping factors
using CollapsedSystem = std::variant<EffectSystem, CrossedSystem>;

class MixedDesign {
 public:
  virtual ~MixedDesign() = default;

  const Design& pooled() const { return pooled_; }
  Index effects() const { return effects_; }
  Index free_count() const { return pooled_.free_count(); }
  double observations() const { return pooled_.observations; }

  virtual Index groups(Index effect) const = 0;    // that have effect k
  virtual double squares(Index effect) const = 0;  // of what multiplies it, summed over the rows

  // What the posterior asks for A and log|V| at a covariance of the effects relative to sigma^2.
  virtual CollapsedSystem system() const = 0;

  // A column for each combination without its noise: given gamma, sigma and the effects' covariance sigma^2 Lambda Lambda' it is normal
  // with mean w[F] + w[0..F-1]'gamma and variance sigma^2 w[F+1].
  virtual MatrixXd weights(const EffectMatrix& lambda,
                           const std::vector<EffectCombination>& combinations) const = 0;

  // Draws the effects of all groups given these and sigma; `contrast`: (-gamma, 1).
  using PutEffect = std::function<void(Index effect, Index group, double value)>;
  virtual void draw(RandomStream& random, const EffectMatrix& lambda, double sigma,
                    const VectorXd& contrast, const PutEffect& put) const = 0;

 protected:
  MixedDesign(Design pooled, Index effects) : pooled_(std::move(pooled)), effects_(effects) {}

 private:
  Design pooled_;
  Index effects_;
};

}  // namespace bayespool
