// Densities of problems that share no parameter, as one: NUTS moves in all of them together.
#pragma once

#include <Eigen/Core>
#include <memory>
#include <utility>
#include <vector>

#include "core/nuts/sampled_coordinate.hpp"
#include "core/nuts/sampled_density.hpp"

namespace bayespool {

// The log densities add up, and each part has its own stretch of the coordinates. `Density`: see HierarchicalDensity.
template <class Density>
class JointDensity final : public SampledDensity {
 public:
  explicit JointDensity(std::vector<Density> parts) : parts_(std::move(parts)) {
    for (std::size_t part = 0; part < parts_.size(); ++part)
      for (SampledCoordinate coordinate : parts_[part].coordinates()) {
        coordinate.part = static_cast<Eigen::Index>(part);
        coordinates_.push_back(coordinate);
      }
    centre_.resize(dimension());
    unit_.resize(dimension());
    scale_.resize(dimension());
    for_each_part([&](const Density& part, Eigen::Index first) {
      centre_.segment(first, part.dimension()) = part.centre();
      unit_.segment(first, part.dimension()) = part.unit();
      scale_.segment(first, part.dimension()) = part.scale();
    });
  }

  std::unique_ptr<SampledDensity> copy() const override {
    return std::make_unique<JointDensity>(*this);
  }

  double operator()(const Eigen::Ref<const Eigen::VectorXd>& q,
                    Eigen::Ref<Eigen::VectorXd> gradient) override {
    double log_density = 0;
    for_each_part([&](Density& part, Eigen::Index first) {
      const Eigen::Index size = part.dimension();
      log_density += part(q.segment(first, size), gradient.segment(first, size));
    });
    return log_density;
  }

  void store(const Eigen::Ref<const Eigen::VectorXd>& q, double* row,
             Eigen::Index stride) override {
    for_each_part([&](Density& part, Eigen::Index first) {
      part.store(q.segment(first, part.dimension()), row, stride);
    });
  }

 private:
  template <class F>
  void for_each_part(F f) {
    Eigen::Index first = 0;
    for (Density& part : parts_) {
      f(part, first);
      first += part.dimension();
    }
  }

  std::vector<Density> parts_;
};

}  // namespace bayespool
