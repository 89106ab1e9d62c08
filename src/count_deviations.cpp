// Distributions of theta less a linear combination of the coefficients: a definition of core/exact/count_marginals.hpp.
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/exact/count_marginals.hpp"

namespace bayespool {

CountRows CountMarginals::theta_less(Index c, const VectorXd& less,
                                     const SummaryColumns& wanted) const {
  const CountClasses& classes = quadrature_->posterior().classes();
  const VectorXd& x = classes.x_of_class(c);
  if (pooled()) return linear(x - less, wanted);
  return rows(deviation_points((x.transpose() * nodes_.beta).transpose().array(),
                               classes.likelihood[static_cast<std::size_t>(c)],
                               (less.transpose() * nodes_.beta).transpose().array()),
              wanted);
}

// Each node gives points of its own: the likelihood of theta - less is another one at each. As in CountMixture, neighbouring nodes overlap
// where their densities are wide beside the distance of their centres, which is that of sd^2 / tau^2 eta - less.
ThetaMixture CountMarginals::deviation_points(const Eigen::ArrayXd& eta,
                                              const CountLikelihood& likelihood,
                                              const Eigen::ArrayXd& less) const {
  constexpr double of_sd = 8, of_strip = 20, negligible = 1e-9, most_range = 3000;
  const Index count = nodes_.count();
  const Eigen::ArrayXd& w = nodes_.weight;
  Eigen::ArrayXd centre(count), sd(count);
  for (Index t = 0; t < count; ++t) {
    const ThetaPeak peak = theta_peak(likelihood, {eta(t), nodes_.tau(t)});
    centre(t) = peak.at - less(t);
    sd(t) = peak.sd;
  }
  ThetaMixture result;
  result.middle = (w * centre).sum();
  result.stretch =
      3 *
      std::exp(0.5 * (w * ((centre - result.middle).square() + sd.square() + 1e-300).log()).sum());
  const VectorXd with_eta = covariance_with(eta), with_less = covariance_with(less);
  double lowest = HUGE_VAL, highest = -HUGE_VAL, of_centres = HUGE_VAL;
  std::vector<std::pair<double, double>> widths;  // in f, with their weights
  for (Index t = 0; t < count; ++t) {
    const double f = result.place(centre(t)), width = result.place(centre(t) + sd(t)) - f;
    if (w(t) > negligible) {
      lowest = std::min(lowest, f - 9 * width);
      highest = std::max(highest, f + 9 * width);
    }
    const double share = sd(t) / nodes_.tau(t);
    const double known =
        lattice_bandwidth(dual_, covariance_, share * share * with_eta - with_less);
    if (known * sd(t) >= of_sd)
      widths.emplace_back(width, w(t));
    else if (w(t) > negligible)
      of_centres = std::min(of_centres, known);
  }
  std::sort(widths.begin(), widths.end());
  double frequency = 0, passed = 0;
  for (const auto& [width, weight] : widths) {
    frequency = std::max(of_sd / width, of_strip);
    passed += weight;
    if (passed > negligible) break;
  }
  if (std::isfinite(of_centres)) frequency = std::max(frequency, of_centres);
  frequency = std::min(frequency, most_range / (highest - lowest));
  std::vector<double> f, weight;
  ThetaRule rule;
  for (Index t = 0; t < count; ++t) {
    if (w(t) < 1e-12) continue;
    rule.fill(likelihood, {eta(t), nodes_.tau(t)}, frequency);
    for (std::size_t i = 0; i < rule.theta.size(); ++i) {
      f.push_back(result.place(rule.theta[i] - less(t)));
      weight.push_back(w(t) * rule.weight[i] / rule.total);
    }
  }
  result.points.f = Eigen::Map<Eigen::ArrayXd>(f.data(), static_cast<Index>(f.size()));
  result.points.weight = Eigen::Map<Eigen::ArrayXd>(weight.data(), result.points.f.size());
  result.points.weight /= result.points.weight.sum();
  result.points.bandwidth = frequency;
  result.points.stretch = 1e6;  // they are already where they should be
  return result;
}

}  // namespace bayespool
