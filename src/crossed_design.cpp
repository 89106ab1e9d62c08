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
#include "core/model/new_group_weights.hpp"

namespace bayespool {

namespace {

// The effects of both factors given gamma: those of the other factor have the mean H(-gamma, 1), H = S^-1 c, and the variance sigma^2 S^-1,
// S = M + I / theta_2^2. Given these, that of level i is theta_1^2 v_i (n_i m_i(-gamma, 1) - sum n_ik b_k), with the variance
// sigma^2 theta_1^2 v_i.
class GivenCoefficients {
 public:
  GivenCoefficients(const CrossedDesign& design, const EffectMatrix& lambda)
      : design_(&design),
        system_(design),
        of_class_(design.classes.size()),
        mean_of_class_(design.classes.size()) {
    const Index n = design.other_count();
    system_.move(lambda);
    h_ = system_.sums();
    system_.solve_lower(h_);
    system_.solve_upper(h_);
    h_ *= system_.ratio();
    design.reflect(h_);
    inverse_ = MatrixXd::Ones(n, 1);
    if (!design.nested()) inverse_ = MatrixXd::Identity(n, n);
    system_.solve_lower(inverse_);
    if (design.nested()) {
      inverse_ = MatrixXd(system_.ratio() * inverse_.array().square());
    } else {
      inverse_ = MatrixXd(system_.ratio() * inverse_.transpose() * inverse_);
      design.reflect(inverse_);
      inverse_.transposeInPlace();
      design.reflect(inverse_);
    }
  }

  // In units of sigma^2, of z'b of two groups.
  double covariance(const EffectOfGroup& a, const EffectOfGroup& b) {
    const Index i = *a.group, k = *b.group;
    const double of_a = a.z(design_->eliminated()), of_b = b.z(design_->eliminated());
    const double other_a = a.z(design_->other()), other_b = b.z(design_->other());
    double sum = 0;
    if (other_a != 0 && other_b != 0) sum += other_a * other_b * inverse(i, k);
    if (of_a != 0 && other_b != 0) sum -= of_a * other_b * of_level(i) * with_class(i, k);
    if (other_a != 0 && of_b != 0) sum -= other_a * of_b * of_level(k) * with_class(k, i);
    if (of_a != 0 && of_b != 0) {
      double of_both = 0;
      for (const auto& [l, size] : class_of(i).sizes) of_both += size * with_class(k, l);
      of_both *= of_level(i) * of_level(k);
      sum += of_a * of_b * (of_both + (i == k ? of_level(i) : 0));
    }
    return sum;
  }

  // What multiplies (-gamma, 1) in the mean of z'b.
  void mean(const EffectOfGroup& effect, VectorXd& result) {
    result.setZero();
    const Index i = *effect.group;
    if (effect.z(design_->other()) != 0)
      result += effect.z(design_->other()) * h_.row(i).transpose();
    const double z = effect.z(design_->eliminated());
    if (z == 0) return;
    VectorXd& sum = mean_of_class_[position(i)];
    if (sum.size() == 0) {
      sum = VectorXd::Zero(h_.cols());
      for (const auto& [k, size] : class_of(i).sizes) sum += size * h_.row(k).transpose();
    }
    result += z * of_level(i) * (class_of(i).size * design_->means.row(i).transpose() - sum);
  }

 private:
  std::size_t position(Index i) const { return design_->class_of[static_cast<std::size_t>(i)]; }
  const LevelClass& class_of(Index i) const { return design_->classes[position(i)]; }
  double of_level(Index i) const { return system_.eliminated_ratio() * system_.left_of(i); }

  double inverse(Index k, Index l) const {
    if (design_->nested()) return k == l ? inverse_(k, 0) : 0;
    return inverse_(k, l);
  }

  // sum over l of n_il times the covariance of levels l and k of the other factor.
  double with_class(Index i, Index k) {
    const LevelClass& own = class_of(i);
    if (design_->nested())
      return own.sizes.empty() ? 0 : own.sizes.front().second * inverse(own.sizes.front().first, k);
    VectorXd& sums = of_class_[position(i)];
    if (sums.size() == 0) {
      sums = VectorXd::Zero(inverse_.rows());
      for (const auto& [l, size] : own.sizes) sums += size * inverse_.col(l);
    }
    return sums(k);
  }

  const CrossedDesign* design_;
  CrossedSystem system_;
  MatrixXd h_, inverse_;
  std::vector<VectorXd> of_class_, mean_of_class_;  // where they have been asked for
};

}  // namespace

CrossedDesign::CrossedDesign(const EffectData& cells, CellLevels levels,
                             const CoefficientPriors& priors)
    : MixedDesign(Design(rows_as_one_group(cells), priors), 2), levels_(std::move(levels)) {
  choose_eliminated();
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
  fit_levels(cells, v);
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

MatrixXd CrossedDesign::fit_other_levels() {
  const Index n = other_count();
  if (nested_) return MatrixXd::Zero(n, free_count() + 1);
  laplacian = MatrixXd::Zero(n, n);
  for (const LevelClass& c : classes)
    for (const auto& [k, size] : c.sizes) {
      laplacian(k, k) += c.count * size;
      for (const auto& [l, other_size] : c.sizes)
        laplacian(k, l) -= c.count * size * other_size / c.size;
    }
  // The null space of L are the vectors that are constant in each connected part of the design; C1 is orthogonal to it.
  const std::vector<Index> part = part_of_levels();
  MatrixXd regular = laplacian;
  const double scale = std::max(laplacian.diagonal().mean(), 1e-300) / static_cast<double>(n);
  for (Index k = 0; k < n; ++k)
    for (Index l = 0; l < n; ++l)
      if (part[index(k)] == part[index(l)]) regular(k, l) += scale;
  const MatrixXd fitted = regular.llt().solve(sums);
  turn();
  return fitted;
}

void CrossedDesign::turn() {
  const std::vector<Index> part = part_of_levels();
  for (Index first = 0; first < other_count(); ++first) {
    if (part[index(first)] != first) continue;
    std::vector<Index> levels;
    for (Index k = 0; k < other_count(); ++k)
      if (part[index(k)] == first) levels.push_back(k);
    const Index n = static_cast<Index>(levels.size());
    VectorXd axis = VectorXd::Constant(n, 1 / std::sqrt(static_cast<double>(n)));
    axis(n - 1) -= 1;
    if (n > 1) axis.normalize();
    parts_.push_back({std::move(levels), std::move(axis)});
  }
  reflect(laplacian);
  laplacian.transposeInPlace();
  reflect(laplacian);
  reflect(sums);
  for (const Part& own : parts_) {
    laplacian.row(own.levels.back()).setZero();
    laplacian.col(own.levels.back()).setZero();
    sums.row(own.levels.back()).setZero();
  }
}

void CrossedDesign::fit_levels(const EffectData& cells, const MatrixXd& v) {
  const Index n = other_count(), width = free_count() + 1;
  const std::vector<Index>& own = levels_.of_cell[index(eliminated_)];
  const std::vector<Index>& others = levels_.of_cell[index(other())];
  MatrixXd beta = fit_other_levels(), alpha = means;
  for (Index i = 0; i < alpha.rows(); ++i) {
    const LevelClass& c = classes[class_of[index(i)]];
    for (const auto& [k, size] : c.sizes) alpha.row(i) -= size / c.size * beta.row(k);
  }
  with_alpha = level_fit(alpha, beta);
  for (Index cell = 0; cell < v.rows(); ++cell) {
    const Eigen::RowVectorXd left =
        v.row(cell) - alpha.row(own[index(cell)]) - beta.row(others[index(cell)]);
    rest_.noalias() += cells.size(cell) * left.transpose() * left;
  }
  for (Index k = 0; k < width; ++k) {
    if (rest_(k, k) > rounding_of_column(cells, pooled(), k)) continue;
    rest_.row(k).setZero();
    rest_.col(k).setZero();
  }
  // The constants become those of beta.
  const std::vector<Index> part = part_of_levels();
  MatrixXd constant = MatrixXd::Zero(n, width);
  VectorXd size = VectorXd::Zero(n);
  const auto part_of = [&](Index i) {
    return part[index(classes[class_of[index(i)]].sizes.front().first)];
  };
  for (Index i = 0; i < alpha.rows(); ++i) {
    const double own_size = classes[class_of[index(i)]].size;
    if (own_size == 0) continue;
    size(part_of(i)) += own_size;
    constant.row(part_of(i)) += own_size * alpha.row(i);
  }
  for (Index k = 0; k < n; ++k)
    if (size(k) > 0) constant.row(k) /= size(k);
  for (Index i = 0; i < alpha.rows(); ++i)
    if (classes[class_of[index(i)]].size > 0) alpha.row(i) -= constant.row(part_of(i));
  for (Index k = 0; k < n; ++k) beta.row(k) += constant.row(part[index(k)]);
  with_beta = level_fit(alpha, beta);
}

LevelFit CrossedDesign::level_fit(const MatrixXd& alpha, MatrixXd beta) const {
  const Index width = alpha.cols();
  LevelFit fit{std::vector<VectorXd>(classes.size(), VectorXd::Zero(width)),
               std::vector<MatrixXd>(classes.size(), MatrixXd::Zero(width, width)), std::move(beta),
               MatrixXd()};
  for (Index i = 0; i < alpha.rows(); ++i) {
    const std::size_t c = class_of[index(i)];
    fit.alpha_sum[c] += alpha.row(i).transpose();
    fit.alpha_squares[c].noalias() += alpha.row(i).transpose() * alpha.row(i);
  }
  fit.beta_squares = fit.beta.transpose() * fit.beta;
  reflect(fit.beta);
  return fit;
}

std::vector<Index> CrossedDesign::part_of_levels() const {
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
  const std::vector<Index> part = part_of_levels();
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
  const Index f = free_count();
  std::optional<GivenCoefficients> given;  // where there are effects of known groups
  MatrixXd result = weights_without_known_groups(f, lambda, combinations);
  VectorXd of_contrast(f + 1);
  for (Index i = 0; i < result.cols(); ++i) {
    const EffectCombination& combination = combinations[index(i)];
    auto column = result.col(i);
    for (const EffectOfGroup& effect : combination.effects) {
      if (!effect.group) continue;
      if (!given) given.emplace(*this, lambda);
      for (const EffectOfGroup& second : combination.effects)
        if (second.group) column(f + 1) += given->covariance(effect, second);
      given->mean(effect, of_contrast);
      column.head(f) -= of_contrast.head(f);
      column(f) += of_contrast(f);
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
