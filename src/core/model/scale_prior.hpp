// The prior of one standard deviation, of any family.
#pragma once

#include <cstddef>
#include <string>
#include <variant>

#include "core/errors.hpp"
#include "core/model/scale_families.hpp"
#include "core/numerics/constants.hpp"

namespace bayespool {

// The family of this name, as `ScaleFamily` lists it, with these parameters.
template <std::size_t I = 0>
ScaleFamily make_scale_family(const std::string& name, const ScaleParameters& parameters) {
  if constexpr (I == std::variant_size_v<ScaleFamily>) {
    throw UnknownName("no prior of a standard deviation is called '" + name + "'");
  } else {
    using Family = std::variant_alternative_t<I, ScaleFamily>;
    if (name != Family::name) return make_scale_family<I + 1>(name, parameters);
    if (parameters.size() != Family::parameter_count)
      throw InvalidInput("wrong number of parameters for the prior '" + name + "'");
    return Family(parameters);
  }
}

class ScalePrior {
 public:
  ScalePrior(const std::string& name, const ScaleParameters& parameters)
      : family_(make_scale_family(name, parameters)) {}

  // Log density at x > 0, natural scale, normalised on the support (flat: 0 everywhere).
  double log_density(double x) const {
    return std::visit([=](const auto& family) { return family.log_density(x); }, family_);
  }

  // d log_density / d x, natural scale.
  double slope(double x) const {
    return std::visit([=](const auto& family) { return family.slope(x); }, family_);
  }

  // Whether the value is known, and only then what it is.
  bool is_fixed() const { return std::holds_alternative<KnownScale>(family_); }
  double fixed_value() const { return std::get<KnownScale>(family_).value; }

  // Ends of the support.
  double lower() const {
    return std::visit([](const auto& family) { return family.lower(); }, family_);
  }
  double upper() const {
    return std::visit([](const auto& family) { return family.upper(); }, family_);
  }

  // The sd of the normal density with which the prior falls far out: 0 where it ends or is known, infinity where it falls more slowly.
  double normal_tail() const {
    if (is_fixed() || upper() < infinity) return 0;
    const auto* normal = std::get_if<NormalScale>(&family_);
    return normal ? normal->scale : infinity;
  }

  // A point near the mode of the density of log x, where a search for a peak may start.
  double typical_value() const {
    return std::visit([](const auto& family) { return family.typical_value(); }, family_);
  }

 private:
  ScaleFamily family_;
};

// Those of the sds within groups and of the group effects.
struct ScalePriors {
  ScalePrior sigma, tau;
};

// The highest moments of these sds that exist and are wanted: how far tails are followed.
struct MomentOrders {
  double sigma, tau;
};

}  // namespace bayespool
