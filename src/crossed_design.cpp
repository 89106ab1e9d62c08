// Two grouping factors: the definitions of core/model/crossed_design.hpp.
#include "core/model/crossed_design.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>

#include "core/model/crossed_system.hpp"
#include "core/model/effect_system.hpp"

namespace bayespool {

CrossedDesign::CrossedDesign(const EffectData& cells, CellLevels levels,
                             const CoefficientPriors& priors)
    : MixedDesign(Design(rows_as_one_group(cells), priors), 2), levels_(std::move(levels)) {
  choose_eliminated();
  const Index n = other_count();
  axis_ = VectorXd::Constant(n, 1 / std::sqrt(static_cast<double>(n)));
  axis_(n - 1) -= 1;
  if (n > 1) axis_.normalize();
  const MatrixXd map = variables_to_columns(cells, pooled());
  const Index variables = cells.mean.cols();
  MatrixXd v = cells.mean * map.topRows(variables);
  v.rowwise() += map.row(variables);
  MatrixXd products(variables, variables);
  const Eigen::RowVectorXd total = cells.within.colwise().sum();
  for (Index a = 0; a < variables; ++a)
    for (Index b = 0; b <= a; ++b) products(a, b) = products(b, a) = total(a * (a + 1) / 2 + b);
  within = map.topRows(variables).transpose() * products * map.topRows(variables);
  rest_ = within;
  collect_levels(cells, v);
  fit_levels(cells);
}

CollapsedSystem CrossedDesign::system() const { return CrossedSystem(*this); }

// The factor with more levels; of equally many, or where it alone makes the design nested, that whose levels meet one level each.
void CrossedDesign::choose_eliminated() {
  const auto is_nested_in_other = [&](std::size_t factor) {
    std::vector<std::optional<Index>> met(index(levels_.count[factor]));
    const std::vector<Index>&own = levels_.of_cell[factor], &other = levels_.of_cell[1 - factor];
    for (std::size_t cell = 0; cell < own.size(); ++cell) {
      std::optional<Index>& first = met[index(own[cell])];
      if (first && *first != other[cell]) return false;
      first = other[cell];
    }
    return true;
  };
  eliminated_ = levels_.count[0] >= levels_.count[1] ? 0 : 1;
  nested_ = is_nested_in_other(index(eliminated_));
}

void CrossedDesign::collect_levels(const EffectData& cells, const MatrixXd& v) {
  const Index levels = levels_.count[index(eliminated_)], width = free_count() + 1;
  const std::vector<Index>& own = levels_.of_cell[index(eliminated_)];
  const std::vector<Index>& others = levels_.of_cell[index(other())];
  std::vector<std::map<Index, double>> sizes(index(levels));
  VectorXd size = VectorXd::Zero(levels);
  means = MatrixXd::Zero(levels, width);
  for (std::size_t cell = 0; cell < own.size(); ++cell) {
    const double n = cells.size(static_cast<Index>(cell));
    if (n == 0) continue;
    sizes[index(own[cell])][others[cell]] += n;
    size(own[cell]) += n;
    // One cell has its own mean to the last digit.
    means.row(own[cell]) +=
        n / size(own[cell]) * (v.row(static_cast<Index>(cell)) - means.row(own[cell]));
  }
  MatrixXd left(v.rows(), width);
  for (Index cell = 0; cell < v.rows(); ++cell)
    left.row(cell) = v.row(cell) - means.row(own[index(cell)]);
  within.noalias() += left.transpose() * cells.size.asDiagonal() * left;
  for (Index k = 0; k < width; ++k) {
    if (within(k, k) > rounding_of_column(cells, pooled(), k)) continue;
    within.row(k).setZero();
    within.col(k).setZero();
    left.col(k).setZero();
  }
  sums = MatrixXd::Zero(other_count(), width);
  for (Index cell = 0; cell < v.rows() && !nested_; ++cell)
    sums.row(others[index(cell)]) += cells.size(cell) * left.row(cell);

  std::map<std::vector<double>, std::size_t> known;
  for (Index i = 0; i < levels; ++i) {
    std::vector<double> key;
    for (const auto& [k, n] : sizes[index(i)]) key.insert(key.end(), {static_cast<double>(k), n});
    const auto found = known.emplace(std::move(key), classes.size());
    if (found.second)
      classes.push_back({{sizes[index(i)].begin(), sizes[index(i)].end()},
                         size(i),
                         0,
                         VectorXd::Zero(width),
                         MatrixXd::Zero(width, width)});
    class_of.push_back(found.first->second);
    LevelClass& c = classes[class_of.back()];
    c.count += 1;
    c.mean_sum += means.row(i).transpose();
    c.mean_squares.noalias() += means.row(i).transpose() * means.row(i);
  }
}

void CrossedDesign::fit_levels(const EffectData& cells) {
  const Index n = other_count(), width = free_count() + 1;
  const std::vector<Index>& own = levels_.of_cell[index(eliminated_)];
  const std::vector<Index>& others = levels_.of_cell[index(other())];
  MatrixXd fitted = MatrixXd::Zero(n, width);  // beta before the reflection
  if (!nested_) {
    laplacian = MatrixXd::Zero(n, n);
    for (const LevelClass& c : classes)
      for (const auto& [k, size] : c.sizes) {
        laplacian(k, k) += c.count * size;
        for (const auto& [l, other_size] : c.sizes)
          laplacian(k, l) -= c.count * size * other_size / c.size;
      }
    // The null space of L are the vectors that are constant in each connected part of the design; C1 is orthogonal to it.
    const std::vector<Index> part = parts();
    MatrixXd regular = laplacian;
    const double scale = std::max(laplacian.diagonal().mean(), 1e-300) / static_cast<double>(n);
    for (Index k = 0; k < n; ++k)
      for (Index l = 0; l < n; ++l)
        if (part[index(k)] == part[index(l)]) regular(k, l) += scale;
    fitted = regular.llt().solve(sums);
    reflect(laplacian);
    laplacian.transposeInPlace();
    reflect(laplacian);
    laplacian.row(n - 1).setZero();
    laplacian.col(n - 1).setZero();
    reflect(sums);
    sums.row(n - 1).setZero();
  }
  alpha = means;
  for (Index i = 0; i < alpha.rows(); ++i) {
    const LevelClass& c = classes[class_of[index(i)]];
    for (const auto& [k, size] : c.sizes) alpha.row(i) -= size / c.size * fitted.row(k);
  }
  alpha_sum.assign(classes.size(), VectorXd::Zero(width));
  alpha_squares.assign(classes.size(), MatrixXd::Zero(width, width));
  for (Index i = 0; i < alpha.rows(); ++i) {
    alpha_sum[class_of[index(i)]] += alpha.row(i).transpose();
    alpha_squares[class_of[index(i)]].noalias() += alpha.row(i).transpose() * alpha.row(i);
  }
  beta = fitted;
  reflect(beta);
  beta_squares = beta.transpose() * beta;

  const MatrixXd map = variables_to_columns(cells, pooled());
  const Index variables = cells.mean.cols();
  for (Index cell = 0; cell < cells.mean.rows(); ++cell) {
    if (cells.size(cell) == 0) continue;
    const Eigen::RowVectorXd left = cells.mean.row(cell) * map.topRows(variables) +
                                    map.row(variables) - alpha.row(own[index(cell)]) -
                                    fitted.row(others[index(cell)]);
    rest_.noalias() += cells.size(cell) * left.transpose() * left;
  }
  for (Index k = 0; k < width; ++k) {
    if (rest_(k, k) > rounding_of_column(cells, pooled(), k)) continue;
    rest_.row(k).setZero();
    rest_.col(k).setZero();
  }
}

std::vector<Index> CrossedDesign::parts() const {
  std::vector<Index> part(index(other_count()));
  std::iota(part.begin(), part.end(), 0);
  const auto root = [&](Index k) {
    while (part[index(k)] != k) k = part[index(k)] = part[index(part[index(k)])];
    return k;
  };
  for (const LevelClass& c : classes)
    for (const auto& [k, size] : c.sizes) part[index(root(k))] = root(c.sizes.front().first);
  for (Index k = 0; k < other_count(); ++k) part[index(k)] = root(k);
  return part;
}

double CrossedDesign::level_rank() const {
  double rank = 0;
  std::vector<bool> met(index(other_count()), false), counted(index(other_count()), false);
  for (const LevelClass& c : classes) {
    if (c.size > 0) rank += c.count;
    for (const auto& [k, size] : c.sizes) met[index(k)] = true;
  }
  const std::vector<Index> part = parts();
  for (Index k = 0; k < other_count(); ++k) {
    if (!met[index(k)]) continue;
    rank += 1;
    if (counted[index(part[index(k)])]) continue;
    counted[index(part[index(k)])] = true;
    rank -= 1;
  }
  return rank;
}

MatrixXd CrossedDesign::weights(const EffectMatrix& lambda,
                                const std::vector<EffectCombination>& combinations) const {
  const Index f = free_count(), n = other_count();
  CrossedSystem system(*this);
  system.move(lambda);
  // The other factor's effects given gamma: mean H(-gamma, 1), variance sigma^2 S^-1; S^-1 is diagonal in a nested design.
  MatrixXd h = system.sums();
  system.solve_lower(h);
  system.solve_upper(h);
  h *= system.ratio();
  reflect(h);
  // Both from L^-1: S^-1 = theta_2^2 L^-T L^-1.
  MatrixXd inverse = MatrixXd::Ones(n, 1);
  if (!nested_) inverse = MatrixXd::Identity(n, n);
  system.solve_lower(inverse);
  if (nested_) {
    inverse = MatrixXd(system.ratio() * inverse.array().square());
  } else {
    inverse = MatrixXd(system.ratio() * inverse.transpose() * inverse);
    reflect(inverse);
    inverse.transposeInPlace();
    reflect(inverse);
  }
  MatrixXd result(f + 2, static_cast<Index>(combinations.size()));
  std::vector<std::pair<Index, double>> direction;
  for (Index i = 0; i < result.cols(); ++i) {
    const EffectCombination& combination = combinations[index(i)];
    auto column = result.col(i);
    column.head(f) = combination.a;
    column(f) = combination.constant;
    column(f + 1) = 0;
    const auto add = [&](double weight, const auto& of_contrast) {
      column.head(f) -= weight * of_contrast.head(f).transpose();
      column(f) += weight * of_contrast(f);
    };
    direction.clear();
    for (const EffectOfGroup& effect : combination.effects) {
      if (!effect.group) {
        column(f + 1) += (lambda.transpose() * effect.z).squaredNorm();
        continue;
      }
      if (effect.z(other()) != 0) direction.emplace_back(*effect.group, effect.z(other()));
      const double z = effect.z(eliminated_);
      if (z == 0) continue;
      const LevelClass& c = classes[class_of[index(*effect.group)]];
      const double of_level = system.eliminated_ratio() * system.left_of(*effect.group);
      column(f + 1) += z * z * of_level;
      add(z * of_level * c.size, means.row(*effect.group));
      for (const auto& [k, size] : c.sizes) direction.emplace_back(k, -z * of_level * size);
    }
    for (const auto& [k, weight] : direction) {
      add(weight, h.row(k));
      for (const auto& [l, other_weight] : direction)
        if (!nested_)
          column(f + 1) += weight * other_weight * inverse(k, l);
        else if (k == l)
          column(f + 1) += weight * other_weight * inverse(k, 0);
    }
  }
  return result;
}

void CrossedDesign::draw(RandomStream& random, const EffectMatrix& lambda, double sigma,
                         const VectorXd& contrast, const PutEffect& put) const {
  CrossedSystem system(*this);
  system.move(lambda);
  const double scale = lambda(other(), other());
  MatrixXd effect = scale * system.sums() * contrast;
  system.solve_lower(effect);
  for (Index k = 0; k < effect.rows(); ++k) effect(k, 0) += sigma * random.normal();
  system.solve_upper(effect);
  effect *= scale;
  reflect(effect);
  for (Index k = 0; k < effect.rows(); ++k) put(other(), k, effect(k, 0));
  for (Index i = 0; i < means.rows(); ++i) {
    const LevelClass& c = classes[class_of[index(i)]];
    const double of_level = system.eliminated_ratio() * system.left_of(i);
    double sum = c.size * means.row(i).dot(contrast);
    for (const auto& [k, size] : c.sizes) sum -= size * effect(k, 0);
    put(eliminated_, i, of_level * sum + sigma * std::sqrt(of_level) * random.normal());
  }
}

}  // namespace bayespool
