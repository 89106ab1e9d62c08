// NUTS without a model: leapfrog steps, adaptation, transitions on a normal target.
#include <catch.h>

#include <cmath>
#include <vector>

#include "close_to.hpp"
#include "core/errors.hpp"
#include "core/nuts/adaptation.hpp"
#include "core/nuts/hamiltonian.hpp"
#include "core/nuts/nuts_chain.hpp"

using namespace bayespool;
using Eigen::VectorXd;

namespace {

// Independent normals with these means and sds.
struct NormalTarget {
  VectorXd mean, sd;
  double operator()(const VectorXd& q, VectorXd& gradient) const {
    gradient = -(q - mean).array() / sd.array().square();
    return -0.5 * ((q - mean).array() / sd.array()).square().sum();
  }
};

// Not quadratic, so that leapfrog steps are not exact in any sense.
struct QuarticTarget {
  double operator()(const VectorXd& q, VectorXd& gradient) const {
    gradient = -q.array().cube();
    return -0.25 * q.array().square().square().sum();
  }
};

PhasePoint start_at(const VectorXd& position, const VectorXd& momentum) {
  PhasePoint z;
  z.position = position;
  z.momentum = momentum;
  return z;
}

VectorXd vector(std::vector<double> values) {
  return Eigen::Map<VectorXd>(values.data(), static_cast<Eigen::Index>(values.size()));
}

NutsAdaptation sample(const LogDensity& target, const NutsOptions& options,
                      std::vector<VectorXd>& draws, std::vector<Transition>& transitions,
                      VectorXd unit) {
  RandomStream random(11, 0, 0);
  const VectorXd centre = VectorXd::Zero(unit.size());
  return run_chain(
      target, centre, unit, unit, options, random, [] {},
      [&](int iteration, const VectorXd& position, const Transition& transition) {
        if (iteration < options.warmup) return;
        draws.push_back(position);
        transitions.push_back(transition);
      });
}

}  // namespace

TEST_CASE("leapfrog steps can be taken back", "[nuts]") {
  QuarticTarget target;
  Hamiltonian hamiltonian(target, vector({0.5, 2}));
  PhasePoint z = start_at(vector({1, -0.7}), vector({0.3, 0.9}));
  hamiltonian.evaluate(z);
  const PhasePoint start = z;
  for (int i = 0; i < 25; ++i) hamiltonian.leapfrog(z, 0.1);
  CHECK((z.position - start.position).norm() > 0.1);
  for (int i = 0; i < 25; ++i) hamiltonian.leapfrog(z, -0.1);
  CHECK((z.position - start.position).norm() < 1e-12);
  CHECK((z.momentum - start.momentum).norm() < 1e-12);
}

TEST_CASE("the energy error of leapfrog steps falls with the square of the step", "[nuts]") {
  QuarticTarget target;
  Hamiltonian hamiltonian(target, vector({1, 1}));
  const auto error = [&](int steps) {
    PhasePoint z = start_at(vector({1, -0.7}), vector({0.3, 0.9}));
    hamiltonian.evaluate(z);
    const double energy = hamiltonian.energy(z);
    for (int i = 0; i < steps; ++i) hamiltonian.leapfrog(z, 1.0 / steps);
    return hamiltonian.energy(z) - energy;
  };
  for (const int steps : {64, 128, 256})
    CHECK(std::abs(error(steps) / error(2 * steps) - 4) < 0.01);
}

TEST_CASE("momenta are N(0, M)", "[nuts]") {
  QuarticTarget target;
  const Hamiltonian hamiltonian(target, vector({0.25, 9}));
  RandomStream random(3, 0, 0);
  PhasePoint z = start_at(vector({0, 0}), VectorXd());
  const int count = 20000;
  VectorXd squares = VectorXd::Zero(2);
  for (int i = 0; i < count; ++i) {
    hamiltonian.draw_momentum(z, random);
    squares += z.momentum.cwiseAbs2();
  }
  for (int k = 0; k < 2; ++k)
    CHECK(std::abs(squares(k) * hamiltonian.inverse_metric(k) / count - 1) <
          5 * std::sqrt(2.0 / count));
}

TEST_CASE("the density counts as zero where it or its gradient is not a number", "[nuts]") {
  auto target = [](const VectorXd& q, VectorXd& gradient) {
    gradient = VectorXd::Constant(q.size(), std::nan(""));
    return 0.0;
  };
  Hamiltonian hamiltonian(target, vector({1}));
  PhasePoint z = start_at(vector({1}), vector({1}));
  hamiltonian.evaluate(z);
  CHECK(z.log_density == -HUGE_VAL);
}

TEST_CASE("NUTS draws from a normal distribution", "[nuts]") {
  const NormalTarget target{vector({1, -20, 300}), vector({1, 0.1, 50})};
  NutsOptions options;
  options.sampling = 4000;
  std::vector<VectorXd> draws;
  std::vector<Transition> transitions;
  const NutsAdaptation adapted = sample(target, options, draws, transitions, vector({1, 5, 100}));
  REQUIRE(draws.size() == 4000);
  for (int k = 0; k < 3; ++k) {
    // Standard errors from the means of 40 batches.
    const int batches = 40, size = 100;
    VectorXd mean(batches), square(batches);
    for (int b = 0; b < batches; ++b) {
      mean(b) = square(b) = 0;
      for (int i = 0; i < size; ++i) {
        const double z =
            (draws[static_cast<std::size_t>(b * size + i)](k) - target.mean(k)) / target.sd(k);
        mean(b) += z / size;
        square(b) += z * z / size;
      }
    }
    const auto error = [&](const VectorXd& x) {
      return std::sqrt((x.array() - x.mean()).square().sum() / (batches - 1.0) / batches);
    };
    CHECK(std::abs(mean.mean()) < 5 * error(mean));
    CHECK(std::abs(square.mean() - 1) < 5 * error(square));
    const double variance = adapted.inverse_metric(k) / (target.sd(k) * target.sd(k));
    CHECK(variance > 0.6);
    CHECK(variance < 1.6);
  }
  for (const Transition& transition : transitions) {
    CHECK_FALSE(transition.divergent);
    CHECK(transition.n_leapfrog >= (1 << transition.treedepth) - 1);
    CHECK(transition.energy >= -transition.log_density);
  }
}

TEST_CASE("trajectories have at most 2^max_treedepth - 1 steps", "[nuts]") {
  NutsOptions options;
  options.warmup = 0;
  options.sampling = 50;
  options.max_treedepth = 3;
  std::vector<VectorXd> draws;
  std::vector<Transition> transitions;
  sample(NormalTarget{vector({0, 0}), vector({1, 1000})}, options, draws, transitions,
         vector({1, 1}));
  for (const Transition& transition : transitions) {
    CHECK(transition.treedepth <= 3);
    CHECK(transition.n_leapfrog <= 7);
  }
}

TEST_CASE("chains that cannot start say why by class", "[nuts]") {
  std::vector<VectorXd> draws;
  std::vector<Transition> transitions;
  const auto nowhere = [](const VectorXd& q, VectorXd& gradient) {
    gradient = VectorXd::Zero(q.size());
    return -HUGE_VAL;
  };
  CHECK_THROWS_AS(sample(nowhere, NutsOptions(), draws, transitions, vector({1})), NoStart);
  const auto flat = [](const VectorXd& q, VectorXd& gradient) {
    gradient = VectorXd::Zero(q.size());
    return 0.0;
  };
  CHECK_THROWS_AS(sample(flat, NutsOptions(), draws, transitions, vector({1})), NoStepSize);
}

TEST_CASE("transitions ask for interrupts, and one stops the chain", "[nuts]") {
  struct Stop {};
  NormalTarget target{vector({0}), vector({1})};
  RandomStream random(1, 0, 0);
  const VectorXd one = vector({1}), zero = vector({0});
  CHECK_THROWS_AS(run_chain(
                      target, zero, one, one, NutsOptions(), random, [] { throw Stop(); },
                      [](int, const VectorXd&, const Transition&) {}),
                  Stop);
}

TEST_CASE("the windows of warmup", "[nuts]") {
  const WarmupSchedule usual(1000), short_one(150), shorter(100), tiny(19), none(0);
  CHECK(usual.first == 75);
  CHECK(usual.ends == std::vector<int>({100, 150, 250, 450, 950}));
  CHECK(short_one.ends == std::vector<int>({100}));
  CHECK(shorter.first == 15);
  CHECK(shorter.ends == std::vector<int>({90}));
  CHECK(tiny.first == 19);
  CHECK(tiny.ends.empty());
  CHECK(none.ends.empty());
}

TEST_CASE("dual averaging finds the step with the acceptance that is asked for", "[nuts]") {
  // Acceptance exp(-step): 0.8 at -log(0.8).
  DualAveraging averaging(0.8);
  averaging.restart(1);
  double step = 1;
  for (int i = 0; i < 5000; ++i) step = averaging.update(std::exp(-step));
  CHECK(std::abs(averaging.adapted() + std::log(0.8)) < 0.01);
}

TEST_CASE("running variances, shrunk towards a thousandth of the first guess", "[nuts]") {
  RunningVariance variance(2);
  for (int pass = 0; pass < 2; ++pass) {  // also after a restart
    variance.restart();
    for (const double x : {1e6 + 1, 1e6 + 2, 1e6 + 6}) variance.add(vector({x, 5}));
    const VectorXd found = variance.regularised(vector({10, 2}));
    CHECK(close_to(found(0), 3.0 / 8 * 7 + 5.0 / 8 * 0.1));
    CHECK(close_to(found(1), 5.0 / 8 * 4e-3));
  }
}
