// Normal distributions at the nodes of a quadrature: the definitions of core/exact/effect_nodes.hpp.
#include "core/exact/effect_nodes.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <string>

#include "core/errors.hpp"

namespace bayespool {

EffectNodes::EffectNodes(const EffectQuadrature& quadrature, Choice choice, double memory)
    : parities(std::size_t{1} << quadrature.posterior().dimension()),
      design_(&quadrature.design()),
      lattice_parities_(parities) {
  const bool whole_lines = choice == Choice::all && quadrature.posterior().sigma_on_line();
  if (whole_lines) parities *= 2;
  EffectPosterior posterior = quadrature.posterior();
  const LatticeRule& rule = quadrature.rule();
  const double error = quadrature.error();
  const std::vector<ChosenNode> chosen =
      choice == Choice::bulk
          ? rule.bulk(std::min(most_discarded, 0.01 * error), std::min(most_thinned, 0.5 * error))
          : rule.bulk(0, 0);
  const Index f = design_->free_count();
  std::vector<double> sigmas, weights, gammas, covariances;
  const Index pairs = f * (f + 1) / 2;
  VectorXd x(posterior.dimension()), gamma(f);
  std::vector<double> own(static_cast<std::size_t>(pairs));
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (i % 64 == 0) quadrature.check_interrupt()();
    const LatticePoint& k = rule.nodes[chosen[i].index].k;
    rule.map.point(k, x.data());
    posterior.move(x.data());
    const double weight = chosen[i].weight;
    const std::vector<SigmaNode> line =
        whole_lines ? line_nodes(posterior) : sigma_nodes(posterior);
    lattice.push_back({posterior.lambda(), weight, static_cast<Index>(sigmas.size()),
                       static_cast<Index>(line.size()), LatticeRule::parity_of(k),
                       whole_lines ? static_cast<std::size_t>(line_.first & 1) : 0});
    for (const SigmaNode& node : line) {
      sigmas.push_back(node.sigma);
      weights.push_back(weight * node.weight);
      BorderedFactor& factor = posterior.condition(node.sigma);
      factor.gamma_hat(gamma);
      gammas.insert(gammas.end(), gamma.data(), gamma.data() + f);
      factor.invert(own.data(), 1);
      covariances.insert(covariances.end(), own.begin(), own.end());
    }
    if (8.0 * static_cast<double>(covariances.size()) > memory)
      throw NodesTooLarge(
          std::to_string(8.0 * static_cast<double>(covariances.size() * chosen.size() / (i + 1))));
  }
  const Index count = static_cast<Index>(sigmas.size());
  coefficients = CoefficientNodes(count, f);
  sigma = Eigen::Map<Eigen::ArrayXd>(sigmas.data(), count);
  coefficients.weight = Eigen::Map<Eigen::ArrayXd>(weights.data(), count);
  for (Index k = 0; k < count; ++k) {
    for (Index i = 0; i < f; ++i)
      coefficients.gamma(k, i) = gammas[static_cast<std::size_t>(k * f + i)];
    for (Index i = 0; i < pairs; ++i)
      coefficients.covariance(k)[i * count] = covariances[static_cast<std::size_t>(k * pairs + i)];
  }
}

std::vector<MatrixXd> EffectNodes::weights(const std::vector<EffectCombination>& combinations,
                                           const std::function<void()>& check_interrupt) const {
  std::vector<MatrixXd> result;
  result.reserve(lattice.size());
  for (const EffectNode& node : lattice) {
    check_interrupt();
    result.push_back(design_->weights(node.lambda, combinations));
  }
  return result;
}

Index EffectNodes::weights_at_a_time() const {
  const Index of_one = static_cast<Index>(lattice.size()) * (design_->free_count() + 2);
  return std::max(Index{1}, Index{4000000} / of_one);
}

WeightedNormals EffectNodes::normals(const std::vector<MatrixXd>& weights, Index i,
                                     double noise) const {
  WeightedNormals result{coefficients.weight, Eigen::ArrayXd(count()), Eigen::ArrayXd(count())};
  const Index f = design_->free_count();
  VectorXd h(f);
  for (std::size_t t = 0; t < lattice.size(); ++t) {
    const EffectNode& node = lattice[t];
    h = weights[t].col(i).head(f);
    const double constant = weights[t](f, i), variance = weights[t](f + 1, i) + noise;
    for (Index k = node.first; k < node.first + node.count; ++k) {
      result.mean(k) = constant + (f > 0 ? coefficients.gamma.row(k).dot(h) : 0);
      result.variance(k) = variance * sigma(k) * sigma(k) + coefficients.quadratic_form(h, k);
    }
  }
  if (!(result.mean + result.variance).allFinite())
    throw UnreachableMass("coefficients or effects of groups are beyond the range of numbers");
  return result;
}

std::vector<EffectNodes::SigmaNode> EffectNodes::line_nodes(const EffectPosterior& posterior) {
  posterior.fill_line(line_);
  double total = 0;
  std::vector<SigmaNode> nodes;
  for (std::size_t i = 0; i < line_.log_f.size(); ++i) {
    const double weight = std::exp(line_.log_f[i] - line_.top);
    total += weight;
    nodes.push_back({posterior.sigma_on_line(line_.first + static_cast<int>(i)), weight});
  }
  for (SigmaNode& node : nodes) node.weight /= total;
  return nodes;
}

std::vector<EffectNodes::SigmaNode> EffectNodes::sigma_nodes(EffectPosterior& posterior) {
  if (!posterior.sigma_on_line()) return {{posterior.given_sigma(), 1}};
  posterior.fill_line_beside_others(line_);
  const std::size_t count = line_.log_f.size();
  Eigen::ArrayXd weight(static_cast<Index>(count)), m(static_cast<Index>(count));
  for (std::size_t i = 0; i < count; ++i) {
    weight(static_cast<Index>(i)) = std::exp(line_.log_f[i] - line_.top);
    m(static_cast<Index>(i)) = line_.first + static_cast<int>(i);
  }
  weight /= weight.sum();
  const double mean = (weight * m).sum();
  m -= mean;
  const double sd = std::sqrt((weight * m.square()).sum());
  if (!(sd > 0)) return {{posterior.sigma_on_line(static_cast<int>(std::lround(mean))), 1}};
  const double ratio = sd * posterior.line_step() / 0.7853981633974483;
  Index points = 2;
  for (double bound = 2 * std::pow(ratio, 4); bound > 1e-6 && points < 10;) {
    ++points;
    bound *= static_cast<double>(points) * ratio * ratio;
  }
  points = std::min(points, static_cast<Index>(count));
  VectorXd diagonal(points), off(points - 1);
  Eigen::ArrayXd before = Eigen::ArrayXd::Zero(m.size()),
                 now = Eigen::ArrayXd::Ones(m.size());  // orthogonal polynomials at the nodes
  double square = 1;
  for (Index i = 0; i < points; ++i) {
    diagonal(i) = (weight * m * now.square()).sum() / square;
    if (i + 1 == points) break;
    const double ratio_of_squares = i == 0 ? 0 : off(i - 1) * off(i - 1);
    const Eigen::ArrayXd next = (m - diagonal(i)) * now - ratio_of_squares * before;
    before = now;
    now = next;
    const double next_square = (weight * now.square()).sum();
    off(i) = std::sqrt(next_square / square);
    square = next_square;
  }
  Eigen::SelfAdjointEigenSolver<MatrixXd> rule;
  rule.computeFromTridiagonal(diagonal, off);
  std::vector<SigmaNode> nodes;
  for (Index i = 0; i < points; ++i) {
    const double u =
        posterior.line_origin() + posterior.line_step() * (mean + rule.eigenvalues()(i));
    nodes.push_back({posterior.sigma_coordinate().value(u),
                     rule.eigenvectors()(0, i) * rule.eigenvectors()(0, i)});
  }
  return nodes;
}

}  // namespace bayespool
