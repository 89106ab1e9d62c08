// What is computed once of the data: the definitions of core/model/design.hpp, in a file of their own because Eigen's products
// take seconds to compile.
#include "core/model/design.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "core/model/pure_columns.hpp"
#include "core/model/residual_columns.hpp"

namespace bayespool {

Design::Design(const GroupedData& data, const CoefficientPriors& priors)
    : observations(data.observations), total_size(data.size.sum()), groups(data.size.size()) {
  for (Index k = 0; k < priors.mean.size(); ++k)
    if (priors.sd(k) > 0) free.push_back(k);
  if (data.has_basis()) {
    // What the data determine does not depend on what priors know, but on what is fixed.
    CoefficientPriors fixed = priors;
    fixed.sd = (priors.sd.array() > 0).select(infinity, priors.sd);
    const GroupedData columns = PureColumns(data, fixed).data;
    centre_and_scale(columns, in_columns(columns, fixed));
    find_fits(columns);
    const PureColumns pure(data, priors);
    build(pure.data, priors, &pure);
  } else {
    build(data, priors);
  }
  from_columns = MatrixXd::Zero(priors.mean.size() + 1, free_count() + 1);
  from_columns.topRows(priors.mean.size()) << transform, -origin;
  from_columns(priors.mean.size(), free_count()) = 1;
  if (data.has_basis())
    from_columns = data.basis.triangularView<Eigen::Upper>().solve(from_columns).eval();
}

Design::Spread Design::spread_about(const VectorXd& gamma) const {
  const Index f = free_count();
  VectorXd contrast(f + 1);
  contrast << -gamma, 1;
  const double in_groups = contrast.dot(within * contrast);
  double total = in_groups, between = 0, farthest = 0;
  for (Index j = 0; j < groups; ++j) {
    const double deviation = projections.row(j).dot(contrast);
    between += deviation * deviation;
    total += size_classes[class_of[static_cast<std::size_t>(j)]].size * deviation * deviation;
    farthest = std::max(farthest, std::abs(deviation));
  }
  const double degrees = observations - static_cast<double>(groups),
               n = std::max(observations, 1.0);
  const double sigma2 = degrees > 0 && in_groups > 0 ? in_groups / degrees : total / n;
  const double count = static_cast<double>(std::max<Index>(groups, 1));
  return {{std::sqrt(std::max(sigma2, 0.0)), std::sqrt(between / count)},
          std::sqrt(std::max(total, 0.0) / n),
          farthest};
}

CoefficientPriors Design::in_columns(const GroupedData& data, CoefficientPriors priors) {
  const Index p = priors.mean.size();
  if (data.has_basis()) priors.mean += data.basis.col(p).head(p);
  return priors;
}

void Design::find_fits(const GroupedData& data) {
  total_fit = LeastSquares(within + cross_products_of_groups(data.size), noise(data));
  within_fit = LeastSquares(within, noise(data));
}

void Design::build(const GroupedData& data, const CoefficientPriors& given,
                   const PureColumns* pure) {
  const CoefficientPriors priors = in_columns(data, given);
  centre_and_scale(data, priors);
  if (!data.has_basis()) find_fits(data);
  const bool at_fit = choose_origin(data, priors, pure);
  const Index f = free_count();
  if (at_fit && within_fit.exact_fit) {
    within.row(f).setZero();
    within.col(f).setZero();
  }
  if (at_fit && total_fit.exact_fit) projections.col(f).setZero();
  find_prior_centre(data, priors);
  if (f - within_fit.rank > (data.direction ? 1 : 0)) separate_null_directions(data.size);
  if (data.has_basis()) {
    const auto to_model = data.basis.topLeftCorner(origin.size(), origin.size());
    origin = (to_model * origin).eval();
    transform = (to_model * transform).eval();
  }
  add_priors(priors);
  if (data.has_basis()) origin -= data.basis.col(origin.size()).head(origin.size());
  collect_size_classes(data.size);
  group_effect = VectorXd::Zero(f);
  if (data.direction) {
    group_effect = transform.row(*data.direction).transpose();
    group_effect_origin = origin(*data.direction);
  }
}

void Design::centre_and_scale(const GroupedData& data, const CoefficientPriors& priors) {
  const Index p = priors.mean.size(), f = free_count();
  const bool informed = observations > 0;
  const bool centred = informed && data.direction && priors.sd(*data.direction) > 0;

  log_constant = 0.5 * data.log_weight;
  origin = VectorXd::Zero(p);
  transform = MatrixXd::Zero(p, f);
  scale_ = VectorXd::Ones(f);
  projections.resize(groups, f + 1);
  MatrixXd map = MatrixXd::Zero(p + 1, f + 1);  // (x, y) -> (u, ytilde)
  map(p, f) = 1;
  VectorXd response = data.projection.col(p);
  for (Index k = 0; k < p; ++k) {
    if (priors.sd(k) > 0) continue;
    origin(k) = priors.mean(k);
    map(k, f) = -priors.mean(k);
    response -= priors.mean(k) * data.projection.col(k);
  }
  if (centred) {
    const double mean = response.dot(data.size) / total_size;
    response.array() -= mean;
    origin(*data.direction) = mean;
    map(*data.direction, f) = -mean;
  }
  projections.col(f) = response;
  for (Index i = 0; i < f; ++i) {
    const Index k = free[i];
    VectorXd column = data.projection.col(k);
    if (data.direction != k && informed) {
      const double mean = centred ? column.dot(data.size) / total_size : 0;
      column.array() -= mean;
      const double squares =
          data.within(k, k) + (column.array().square() * data.size.array()).sum();
      if (squares > 0) scale_(i) = std::sqrt(squares / observations);
      if (centred) map(*data.direction, i) = transform(*data.direction, i) = -mean / scale_(i);
    }
    map(k, i) = transform(k, i) = 1 / scale_(i);
    projections.col(i) = column / scale_(i);
    log_constant -= std::log(scale_(i));
  }
  within = map.transpose() * data.within * map;
}

MatrixXd Design::cross_products_of_groups(const VectorXd& size) const {
  return weighted_cross_products(projections, size, VectorXd::Zero(projections.cols()));
}

double Design::noise(const GroupedData& data) const {
  if (groups == 0) return 0;
  const double rounding = data.has_basis()
                              ? data.rounding(data.rounding.size() - 1)
                              : std::numeric_limits<double>::epsilon() *
                                    data.projection.rightCols<1>().cwiseAbs().maxCoeff();
  return squares_of_rounding(rounding, total_size);
}

bool Design::choose_origin(const GroupedData& data, const CoefficientPriors& priors,
                           const PureColumns* pure) {
  const Index f = free_count();
  if (f == 0) return true;
  VectorXd shift = VectorXd::Zero(f);
  if (observations == 0) {
    for (Index i = 0; i < f; ++i) shift(i) = priors.mean(free[i]);
    move_origin(shift);
    return true;
  }
  const double sigma = typical_sigma(data);
  std::vector<Index> loose;
  for (Index i = 0; i < f; ++i) {
    const double sd = priors.sd(free[i]) * scale_(i) * std::sqrt(observations);
    const bool tight =
        pure ? std::find(pure->tight.begin(), pure->tight.end(), free[i]) != pure->tight.end()
             : sd < sigma;
    if (!tight) {
      loose.push_back(i);
      continue;
    }
    if (data.direction == free[i]) uncentre(i);
    shift(i) = (priors.mean(free[i]) - origin(free[i])) * scale_(i);
  }
  const bool all_loose = static_cast<Index>(loose.size()) == f;
  if (!all_loose) move_origin(shift);
  if (pure) return pure->at_fit;  // as near as it need be
  // Without residuals within groups the origin is the fit within groups, so that what is left there
  // is exactly zero and not rounding error, which would count as spread when sigma is small.
  const bool exact_within = within_fit.exact_fit && !total_fit.exact_fit && within(f, f) > 0;
  const MatrixXd products = exact_within ? within : within + cross_products_of_groups(data.size);
  const Index count = static_cast<Index>(loose.size());
  MatrixXd chosen(count + 1, count + 1);
  loose.push_back(f);
  for (Index a = 0; a <= count; ++a)
    for (Index b = 0; b <= count; ++b) chosen(a, b) = products(loose[a], loose[b]);
  const VectorXd fit = LeastSquares(chosen).coefficients;
  shift.setZero();
  for (Index a = 0; a < count; ++a) shift(loose[a]) = fit(a);
  move_origin(shift);
  return all_loose;
}

double Design::typical_sigma(const GroupedData& data) const {
  const Index f = free_count();
  const double degrees = observations - static_cast<double>(groups);
  if (degrees > 0 && within(f, f) > 0) return std::sqrt(within(f, f) / degrees);
  return std::sqrt(cross_products_of_groups(data.size)(f, f) / observations);
}

void Design::find_prior_centre(const GroupedData& data, const CoefficientPriors& priors) {
  VectorXd centre = origin;
  for (Index k = origin.size() - 1; k >= 0; --k) {
    if (!std::isfinite(priors.sd(k))) continue;
    centre(k) = priors.mean(k);
    if (data.has_basis())
      for (Index i = k + 1; i < origin.size(); ++i) centre(k) -= data.basis(k, i) * centre(i);
  }
  prior_centre = VectorXd::Zero(free_count());
  std::optional<Index> intercept;
  for (Index i = 0; i < free_count(); ++i) {
    const Index k = free[static_cast<std::size_t>(i)];
    if (data.direction == k) intercept = i;
    prior_centre(i) = (centre(k) - origin(k)) * scale_(i);
  }
  if (!intercept || prior_centre(*intercept) == 0) return;
  for (Index i = 0; i < free_count(); ++i)
    if (i != *intercept)
      prior_centre(*intercept) -= transform(*data.direction, i) * prior_centre(i);
}

void Design::uncentre(Index i) {
  const Index intercept = free[i];
  for (Index other = 0; other < free_count(); ++other) {
    if (other == i) continue;
    const double mean = -transform(intercept, other);
    projections.col(other).array() += mean;
    transform(intercept, other) = 0;
  }
}

void Design::move_origin(const VectorXd& shift) {
  const Index f = free_count();
  origin += transform * shift;
  projections.col(f) -= projections.leftCols(f) * shift;
  MatrixXd map = MatrixXd::Identity(f + 1, f + 1);
  map.topRightCorner(f, 1) = -shift;
  within = map.transpose() * within * map;
}

void Design::separate_null_directions(const VectorXd& size) {
  const Index f = free_count();
  ResidualColumns residual(observations, size, projections, within, false);
  MatrixXd& map = residual.combination;
  map.col(f) = VectorXd::Unit(f + 1, f);  // the response stays
  const auto of_gamma = map.topLeftCorner(f, f);
  prior_centre = of_gamma.triangularView<Eigen::UnitUpper>().solve(prior_centre).eval();
  transform = (transform * of_gamma).eval();
  projections = (projections * map).eval();
  within = (map.transpose() * within * map).eval();
  for (Index i = 0; i < f; ++i) {
    if (residual.varies_within(i)) continue;
    within.row(i).setZero();
    within.col(i).setZero();
    if (!residual.varies_between(i)) projections.col(i).setZero();
  }
}

void Design::add_priors(const CoefficientPriors& priors) {
  const Index f = free_count();
  prior_cross_products = MatrixXd::Zero(f + 1, f + 1);
  for (Index k : free) {
    if (std::isinf(priors.sd(k))) {
      log_constant += 0.5 * log_two_pi;
      continue;
    }
    VectorXd deviation(f + 1);
    deviation.head(f) = transform.row(k).transpose() / priors.sd(k);
    deviation(f) = (priors.mean(k) - origin(k)) / priors.sd(k);
    prior_cross_products += deviation * deviation.transpose();
    log_constant -= std::log(priors.sd(k));
  }
}

void Design::collect_size_classes(const VectorXd& size) {
  std::map<double, std::size_t> position;
  class_of.resize(static_cast<std::size_t>(groups));
  for (Index j = 0; j < groups; ++j) {
    const auto found = position.emplace(size(j), size_classes.size());
    if (found.second)
      size_classes.push_back({size(j), 0, MatrixXd::Zero(projections.cols(), projections.cols())});
    SizeClass& members = size_classes[found.first->second];
    members.count += 1;
    for (Index a = 0; a < projections.cols(); ++a)
      for (Index b = 0; b < projections.cols(); ++b)
        members.cross_products(a, b) += projections(j, a) * projections(j, b);
    class_of[static_cast<std::size_t>(j)] = found.first->second;
  }
}

}  // namespace bayespool
