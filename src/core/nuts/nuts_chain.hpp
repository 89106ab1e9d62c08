// A Markov chain: a start, warmup, draws.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <functional>

#include "core/errors.hpp"
#include "core/numerics/streams.hpp"
#include "core/nuts/adaptation.hpp"
#include "core/nuts/hamiltonian.hpp"
#include "core/nuts/nuts.hpp"

namespace bayespool {

struct NutsOptions {
  int warmup = 1000, sampling = 1000;
  double adapt_delta = 0.8;  // target of the mean acceptance statistic
  int max_treedepth = 10;
};

struct NutsAdaptation {
  double step_size;
  Eigen::VectorXd inverse_metric;
};

// The step size, by doubling or halving from `step`, at which one leapfrog step is accepted with probability 0.8.
inline double find_step_size(Hamiltonian& hamiltonian, const PhasePoint& start, double step,
                             RandomStream& random) {
  const auto accepts = [&](double step) {
    PhasePoint z = start;
    hamiltonian.draw_momentum(z, random);
    const double energy = hamiltonian.energy(z);
    hamiltonian.leapfrog(z, step);
    return energy - hamiltonian.energy(z) > std::log(0.8);
  };
  const bool grow = accepts(step);
  do {
    step *= grow ? 2 : 0.5;
    if (step < 1e-300 || step > 1e300)
      throw NoStepSize("no step size is neither too long nor too short");
  } while (accepts(step) == grow);
  return step;
}

// Starts uniformly within 2 `unit`s of `centre` in each coordinate, where the log density is finite.
inline PhasePoint find_start(Hamiltonian& hamiltonian, const Eigen::VectorXd& centre,
                             const Eigen::VectorXd& unit, RandomStream& random) {
  PhasePoint z;
  for (int attempt = 0; attempt < 100; ++attempt) {
    z.position = centre;
    for (Eigen::Index i = 0; i < centre.size(); ++i)
      z.position(i) += (4 * random.uniform() - 2) * unit(i);
    hamiltonian.evaluate(z);
    if (std::isfinite(z.log_density)) return z;
  }
  throw NoStart("the log density is not finite at any of 100 starting points");
}

// Sees every iteration, counted from 0 with warmup first.
using Record = std::function<void(int iteration, const Eigen::VectorXd& position,
                                  const Transition& transition)>;

// Runs warmup and sampling. The metric starts at scale^2, a guess of the variances.
inline NutsAdaptation run_chain(const LogDensity& density, const Eigen::VectorXd& centre,
                                const Eigen::VectorXd& unit, const Eigen::VectorXd& scale,
                                const NutsOptions& options, RandomStream& random,
                                const std::function<void()>& check_interrupt,
                                const Record& record) {
  Hamiltonian hamiltonian(density, scale.array().square());
  Nuts nuts(hamiltonian, options.max_treedepth, random, check_interrupt);
  PhasePoint z = find_start(hamiltonian, centre, unit, random);
  double step = find_step_size(hamiltonian, z, 1.0, random);

  const WarmupSchedule schedule(options.warmup);
  auto window_end = schedule.ends.begin();
  RunningVariance variance(centre.size());
  DualAveraging averaging(options.adapt_delta);
  averaging.restart(step);
  for (int iteration = 0; iteration < options.warmup; ++iteration) {
    check_interrupt();
    const Transition transition = nuts.transition(z, step);
    record(iteration, z.position, transition);
    step = averaging.update(transition.accept_stat);
    if (iteration < schedule.first || window_end == schedule.ends.end()) continue;
    variance.add(z.position);
    if (iteration + 1 < *window_end) continue;
    ++window_end;
    hamiltonian.inverse_metric = variance.regularised(scale);
    variance.restart();
    step = find_step_size(hamiltonian, z, step, random);
    averaging.restart(step);
  }
  if (options.warmup > 0) step = averaging.adapted();
  for (int iteration = 0; iteration < options.sampling; ++iteration) {
    check_interrupt();
    const Transition transition = nuts.transition(z, step);
    record(options.warmup + iteration, z.position, transition);
  }
  return {step, hamiltonian.inverse_metric};
}

}  // namespace bayespool
