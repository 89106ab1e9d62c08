// Densities of problems that share no parameter, as one: NUTS moves in all of them together.
#pragma once

#include <Eigen/Core>
#include <utility>
#include <vector>

#include "core/nuts/sampled_coordinate.hpp"

namespace bayespool {

// The log densities add up, and each part has its own stretch of the coordinates. `Density`: see HierarchicalDensity.
template <class Density>
class JointDensity {
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

  const std::vector<SampledCoordinate>& coordinates() const { return coordinates_; }
  Eigen::Index dimension() const { return static_cast<Eigen::Index>(coordinates_.size()); }
  const Eigen::VectorXd& centre() const { return centre_; }
  const Eigen::VectorXd& unit() const { return unit_; }
  const Eigen::VectorXd& scale() const { return scale_; }

  double operator()(const Eigen::VectorXd& q, Eigen::VectorXd& gradient) {
    double log_density = 0;
    for_each_part([&](Density& part, Eigen::Index first) {
      const Eigen::Index size = part.dimension();
      log_density += part(q.segment(first, size), gradient.segment(first, size));
    });
    return log_density;
  }

  void store(const Eigen::VectorXd& q, double* row, Eigen::Index stride) {
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
  std::vector<SampledCoordinate> coordinates_;
  Eigen::VectorXd centre_, unit_, scale_;
};

}  // namespace bayespool
