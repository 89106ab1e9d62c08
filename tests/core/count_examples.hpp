// Counts for tests, and their posterior on a dense grid: slow, and nothing of it is shared with the lattice.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "core/exact/count_quadrature.hpp"
#include "core/numerics/normal_score.hpp"

namespace bayespool {

inline CountData counts(CountFamily family, const std::vector<double>& k,
                        const std::vector<double>& n) {
  const Index groups = static_cast<Index>(k.size());
  return {family, Eigen::Map<const VectorXd>(k.data(), groups),
          Eigen::Map<const VectorXd>(n.data(), groups), MatrixXd::Ones(groups, 1)};
}

// Hits in 45 at bats (Efron & Morris 1975).
inline CountData batters() {
  return counts(CountFamily::binomial,
                {18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7},
                std::vector<double>(18, 45));
}

// Failures of pumps in thousands of hours (Gaver & O'Muircheartaigh 1987).
inline CountData pumps() {
  return counts(CountFamily::poisson, {5, 1, 5, 14, 3, 19, 1, 1, 4, 22},
                {94.3, 15.7, 62.9, 126, 5.24, 31.4, 1.05, 1.05, 2.1, 10.5});
}

inline CountPriors intercept_priors(double mean, double sd, const ScalePrior& tau) {
  return {{VectorXd::Constant(1, mean), VectorXd::Constant(1, sd)}, tau};
}

// Of (mu, log tau), x being a column of ones: midpoints of cells in both. Below `low_tau` the density is that of log tau = its end times
// exp(slope (log tau - its end)), with the slope 1 of priors that are positive at 0; nothing is above `high_tau`.
class DenseGrid {
 public:
  struct Node {
    double mu, tau, weight;
    std::vector<double> log_z;  // by group
  };
  std::vector<Node> nodes;
  double log_evidence;

  DenseGrid(const CountData& data, const CountPriors& priors, double low_mu, double high_mu,
            int mu_count, double low_tau, double high_tau, int tau_count) {
    const double mu_step = (high_mu - low_mu) / mu_count,
                 tau_step = std::log(high_tau / low_tau) / tau_count;
    mu_step_ = mu_step;
    std::vector<double> log_f;
    const CountClasses classes(data);
    ThetaRule rule;
    for (int i = 0; i < mu_count; ++i)
      for (int l = 0; l < tau_count; ++l) {
        Node node{low_mu + (i + 0.5) * mu_step, low_tau * std::exp((l + 0.5) * tau_step), 0, {}};
        std::vector<double> of_class;
        for (const CountLikelihood& likelihood : classes.likelihood) {
          rule.fill(likelihood, {node.mu, node.tau});
          of_class.push_back(rule.log_integral());
        }
        const double z = (node.mu - priors.coefficients.mean(0)) / priors.coefficients.sd(0);
        double value = -0.5 * (z * z + log_two_pi) - std::log(priors.coefficients.sd(0)) +
                       priors.tau.log_density(node.tau) + std::log(node.tau);
        for (Index c : classes.class_of) {
          node.log_z.push_back(of_class[static_cast<std::size_t>(c)]);
          value += node.log_z.back();
        }
        if (l == 0) value -= std::log1p(-std::exp(-tau_step));  // what lies below, too
        log_f.push_back(value);
        nodes.push_back(node);
      }
    const double top = *std::max_element(log_f.begin(), log_f.end());
    double total = 0;
    for (std::size_t i = 0; i < nodes.size(); ++i)
      total += nodes[i].weight = std::exp(log_f[i] - top);
    for (Node& node : nodes) node.weight /= total;
    log_evidence = top + std::log(total * mu_step * tau_step);
  }

  double mean(const std::function<double(const Node&)>& f) const {
    double sum = 0;
    for (const Node& node : nodes)
      if (node.weight > 1e-40) sum += node.weight * f(node);
    return sum;
  }

  // Mean and sd of g(theta) of a group, and P(theta <= t).
  struct Theta {
    double mean, sd, below;
  };
  Theta theta(const CountLikelihood& likelihood, const std::function<double(double)>& g,
              double t) const {
    ThetaRule rule;
    double mean = 0, square = 0, below = 0;
    for (const Node& node : nodes) {
      if (node.weight < 1e-12) continue;
      rule.fill(likelihood, {node.mu, node.tau});
      const double w = node.weight / rule.total;
      double centre = 0, second = 0;
      for (std::size_t i = 0; i < rule.theta.size(); ++i) {
        const double value = g(rule.theta[i]);
        mean += w * rule.weight[i] * value;
        square += w * rule.weight[i] * value * value;
        centre += rule.weight[i] / rule.total * rule.theta[i];
      }
      for (std::size_t i = 0; i < rule.theta.size(); ++i)
        second += rule.weight[i] / rule.total * (rule.theta[i] - centre) * (rule.theta[i] - centre);
      below += node.weight * conditional_below(likelihood, node, t, centre, std::sqrt(second));
    }
    return {mean, std::sqrt(square - mean * mean), below};
  }

 private:
  // Simpson's rule from far below; a normal distribution where the prior is narrow.
  double conditional_below(const CountLikelihood& likelihood, const Node& node, double t,
                           double centre, double sd) const {
    // Narrow ones become as wide as cells of mu: otherwise their sum would be a staircase. By a kernel of fourth order, with second moment 0.
    if (node.tau < mu_step_) {
      const double z = (t - centre) / mu_step_, rest = 1 - sd * sd / (mu_step_ * mu_step_);
      return normal_cdf(z) + 0.5 * rest * z * normal_density(z);
    }
    const ThetaPeak peak = theta_peak(likelihood, {node.mu, node.tau});
    const LikelihoodStep step = likelihood.step_from(peak.at);
    const double distance = peak.at - node.mu, w = 1 / (node.tau * node.tau);
    const auto density = [&](double theta) {
      const double move = theta - peak.at;
      return std::exp(step(move) - move * (distance + 0.5 * move) * w);
    };
    const auto integral = [&](double from, double to) {
      const int half = 500;
      const double h = (to - from) / (2 * half);
      double sum = density(from) + density(to);
      for (int i = 1; i < 2 * half; ++i) sum += (i % 2 ? 4 : 2) * density(from + i * h);
      return sum * h / 3;
    };
    if (t < centre - 7 * sd) return 0;
    if (t > centre + 7 * sd) return 1;
    const double below = integral(centre - 9 * sd, t), above = integral(t, centre + 9 * sd);
    return below / (below + above);
  }

  double mu_step_;
};

}  // namespace bayespool
