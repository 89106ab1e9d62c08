// One transition of the no-U-turn sampler: multinomial sampling along the trajectory, with the generalised
// U-turn criterion (Hoffman & Gelman 2014; Betancourt 2017, appendix A). It knows no model.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "core/numerics/streams.hpp"
#include "core/nuts/hamiltonian.hpp"

namespace bayespool {

// What a transition did.
struct Transition {
  double accept_stat = 0;  // mean acceptance probability along the trajectory
  double step_size = 0;
  int treedepth = 0;   // completed doublings
  int n_leapfrog = 0;  // gradients
  bool divergent = false;
  double energy = 0;       // H at the point that was chosen
  double log_density = 0;  // at the point that was chosen

  // As a row of numbers, under Stan's names; the last is the log density.
  static constexpr std::array<const char*, 7> names = {
      "accept_stat__", "stepsize__", "treedepth__", "n_leapfrog__",
      "divergent__",   "energy__",   "lp"};
  std::array<double, 7> values() const {
    return {accept_stat,
            step_size,
            static_cast<double>(treedepth),
            static_cast<double>(n_leapfrog),
            static_cast<double>(divergent),
            energy,
            log_density};
  }
};

class Nuts {
 public:
  // Leapfrog steps cannot follow the dynamics where the energy rises by more than this.
  static constexpr double max_energy_error = 1000;

  Nuts(Hamiltonian& hamiltonian, int max_treedepth, RandomStream& random,
       std::function<void()> check_interrupt)
      : hamiltonian_(hamiltonian),
        max_treedepth_(max_treedepth),
        random_(random),
        check_interrupt_(std::move(check_interrupt)),
        halves_(static_cast<std::size_t>(max_treedepth)) {}

  // Moves z (its position, gradient and log density) to the next point of the chain.
  Transition transition(PhasePoint& z, double step) {
    hamiltonian_.draw_momentum(z, random_);
    initial_energy_ = hamiltonian_.energy(z);
    accept_sum_ = 0;
    n_leapfrog_ = 0;
    Transition result;
    result.step_size = step;

    edges_[0] = edges_[1] = z;  // where the trajectory goes on backwards and forwards
    start_tree(trajectory_, z, initial_energy_);
    bool end_is_forward = true;
    Outcome outcome = Outcome::ok;
    while (outcome == Outcome::ok && result.treedepth < max_treedepth_) {
      const bool forward = random_.uniform() < 0.5;
      if (forward != end_is_forward)
        std::swap(trajectory_.first_momentum, trajectory_.last_momentum);
      end_is_forward = forward;
      outcome = extend(result.treedepth, forward ? step : -step, edges_[forward], extension_);
      if (outcome != Outcome::ok) break;
      ++result.treedepth;
      // Biased towards the new half, which is further away.
      outcome = join(trajectory_, extension_, extension_.log_weight - trajectory_.log_weight);
    }

    std::swap(z.position, trajectory_.proposal.position);
    std::swap(z.gradient, trajectory_.proposal.gradient);
    z.log_density = trajectory_.proposal.log_density;
    result.accept_stat = accept_sum_ / n_leapfrog_;
    result.n_leapfrog = n_leapfrog_;
    result.divergent = outcome == Outcome::diverging;
    result.energy = trajectory_.proposal_energy;
    result.log_density = z.log_density;
    return result;
  }

 private:
  enum class Outcome { ok, turning, diverging };

  // A stretch of trajectory, in the order in which it was integrated.
  struct Tree {
    Eigen::VectorXd first_momentum, last_momentum, momentum_sum;
    double log_weight = 0;  // log of the sum of exp(H_0 - H) over its points
    PhasePoint proposal;    // drawn among its points with these weights; its momentum is not used
    double proposal_energy = 0;
  };

  static void start_tree(Tree& tree, const PhasePoint& z, double energy) {
    tree.first_momentum = tree.last_momentum = tree.momentum_sum = z.momentum;
    tree.proposal.position = z.position;
    tree.proposal.gradient = z.gradient;
    tree.proposal.log_density = z.log_density;
    tree.proposal_energy = energy;
    tree.log_weight = 0;
  }

  // Builds 2^depth steps from `edge`, which moves along. A tree that turned or diverged is not to be used.
  Outcome extend(int depth, double step, PhasePoint& edge, Tree& tree) {
    if (depth == 0) return take_step(step, edge, tree);
    const Outcome first = extend(depth - 1, step, edge, tree);
    if (first != Outcome::ok) return first;
    Tree& half = halves_[static_cast<std::size_t>(depth - 1)];
    const Outcome second = extend(depth - 1, step, edge, half);
    if (second != Outcome::ok) return second;
    return join(tree, half, half.log_weight - log_sum(tree.log_weight, half.log_weight));
  }

  Outcome take_step(double step, PhasePoint& edge, Tree& tree) {
    hamiltonian_.leapfrog(edge, step);
    if ((++n_leapfrog_ & 63) == 0) check_interrupt_();
    const double energy = hamiltonian_.energy(edge);
    const double error = energy - initial_energy_;
    if (!(error <= max_energy_error)) return Outcome::diverging;
    accept_sum_ += std::min(1.0, std::exp(-error));
    start_tree(tree, edge, energy);
    tree.log_weight = -error;
    return Outcome::ok;
  }

  // Appends `next` to `tree`, whose proposal it replaces with probability exp(log_probability). The whole
  // must not turn; nor may each half together with the nearest point of the other, for a trajectory that
  // comes round to where it started looks straight to the first check.
  Outcome join(Tree& tree, Tree& next, double log_probability) {
    if (std::log(random_.uniform()) < log_probability) {
      std::swap(tree.proposal, next.proposal);
      tree.proposal_energy = next.proposal_energy;
    }
    tree.log_weight = log_sum(tree.log_weight, next.log_weight);
    const bool straight =
        is_straight(tree.first_momentum, next.last_momentum, tree.momentum_sum,
                    next.momentum_sum) &&
        is_straight(tree.first_momentum, next.first_momentum, tree.momentum_sum,
                    next.first_momentum) &&
        is_straight(tree.last_momentum, next.last_momentum, tree.last_momentum, next.momentum_sum);
    tree.momentum_sum += next.momentum_sum;
    std::swap(tree.last_momentum, next.last_momentum);
    return straight ? Outcome::ok : Outcome::turning;
  }

  // With rho = part + other, the sum of the momenta between: first' M^-1 rho > 0 and last' M^-1 rho > 0,
  // that is, both ends still move apart.
  bool is_straight(const Eigen::VectorXd& first, const Eigen::VectorXd& last,
                   const Eigen::VectorXd& part, const Eigen::VectorXd& other) {
    velocity_ = hamiltonian_.inverse_metric.cwiseProduct(part + other);
    return first.dot(velocity_) > 0 && last.dot(velocity_) > 0;
  }

  // log(exp(a) + exp(b))
  static double log_sum(double a, double b) {
    const double larger = std::max(a, b);
    return larger + std::log1p(std::exp(-std::abs(a - b)));
  }

  Hamiltonian& hamiltonian_;
  int max_treedepth_;
  RandomStream& random_;
  std::function<void()> check_interrupt_;
  double initial_energy_ = 0, accept_sum_ = 0;
  int n_leapfrog_ = 0;
  PhasePoint edges_[2];
  Tree trajectory_, extension_;
  std::vector<Tree> halves_;  // second halves under construction, by depth
  Eigen::VectorXd velocity_;
};

}  // namespace bayespool
