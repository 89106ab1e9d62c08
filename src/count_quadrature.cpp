// The search for nodes in the coefficients and tau: the definitions of core/exact/count_quadrature.hpp.
#include "core/exact/count_quadrature.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/numerics/lattice_search.hpp"

namespace bayespool {

namespace {

// As for several effects: the square of the tolerance is about the error of means.
LatticeOptions lattice_options(Index dimension) {
  constexpr std::array<double, 4> tolerance = {1e-9, 1e-9, 1e-5, 2.5e-4};
  if (dimension > 3) return {2e-3, 18, 800000};
  return {tolerance[static_cast<std::size_t>(dimension)], 20, 400000};
}

}  // namespace

CountQuadrature::CountQuadrature(const CountData& data, const CountPriors& priors, double tau_order,
                                 std::function<void()> check_interrupt)
    : posterior_(data, priors),
      tau_order_(tau_order),
      check_interrupt_(std::move(check_interrupt)) {
  const auto f = [this](const double* x) { return value(x); };
  std::vector<Mode> modes;
  for (const VectorXd& start : posterior_.starts()) modes.push_back(find_mode(f, start));
  std::sort(modes.begin(), modes.end(),
            [](const Mode& a, const Mode& b) { return a.log_f > b.log_f; });
  LatticeFit fit = fit_lattice(f, modes, lattice_options(posterior_.dimension()));
  if (!fit.settled) throw TooManyNodes("the lattice does not resolve the posterior");
  rule_ = std::move(fit.rule);
  error_ = fit.error;
}

CountQuadrature::CountQuadrature(const CountData& data, const CountPriors& priors, double tau_order,
                                 RecordReader& record, std::function<void()> check_interrupt)
    : posterior_(data, priors),
      tau_order_(tau_order),
      check_interrupt_(std::move(check_interrupt)) {
  record.lattice(posterior_.dimension(), rule_);
  error_ = record.number();
}

void CountQuadrature::write(RecordWriter& record) const {
  record.lattice(rule_);
  record.number(error_);
}

LatticeValue CountQuadrature::value(const double* x) {
  if (evaluations_++ % 256 == 0) check_interrupt_();
  posterior_.move(x);
  return {posterior_.log_density(), tau_order_ > 0 ? 2 * std::log(posterior_.tau()) : -HUGE_VAL};
}

}  // namespace bayespool
