// Quadrature of the collapsed posterior over (sigma, tau): an outer rule in sigma whose values are the
// integrals of inner rules ("columns") in tau given sigma. A known sd is a rule of one node.
#pragma once

#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "core/model/collapsed_posterior.hpp"
#include "core/model/coordinate.hpp"
#include "core/model/scale_prior.hpp"
#include "core/numerics/line_rule.hpp"

namespace bayespool {

struct PosteriorNode {
  double sigma, tau, weight;  // weights sum to one
};

// tau^2 / (tau^2 + sigma^2) for a ratio tau / sigma
inline double variance_share(double ratio) {
  return std::isinf(ratio) ? 1 : ratio * ratio / (1 + ratio * ratio);
}

// The highest moments of sigma and tau that exist and are wanted: how far tails are followed.
struct MomentOrders {
  double sigma = 2, tau = 2;
};

class Quadrature {
 public:
  // `for_evidence_only` leaves out what draws and quantiles need.
  Quadrature(const Design& design, const ScalePrior& sigma_prior, const ScalePrior& tau_prior,
             MomentOrders orders, bool for_evidence_only,
             const std::function<void()>& check_interrupt)
      : posterior_(design),
        sigma_prior_(sigma_prior),
        tau_prior_(tau_prior),
        sigma_coordinate_(sigma_prior),
        tau_coordinate_(tau_prior),
        orders_(orders),
        tables_wanted_(!for_evidence_only),
        max_spacing_(design.narrow_limits() ? 0.5 : HUGE_VAL),
        check_interrupt_(check_interrupt) {
    guess_scales(design);
    if (sigma_prior_.is_fixed()) {
      columns_.push_back(make_column(sigma_prior_.fixed_value()));
      log_evidence_ = columns_[0].log_mass;
    } else {
      integrate_sigma();
    }
    if (!tau_known() && tables_wanted_)
      for (Column& column : columns_) column.make_table();
    log_evidence_ += posterior_.log_reference();
    collect_nodes();
  }

  double log_evidence() const { return log_evidence_; }
  const std::vector<PosteriorNode>& nodes() const { return nodes_; }

  // Whether both standard deviations have a finite variance.
  bool finite_variance() const { return orders_.sigma >= 2 && orders_.tau >= 2; }

  bool sigma_known() const { return sigma_prior_.is_fixed(); }
  bool tau_known() const { return tau_prior_.is_fixed(); }

  // Two independent standard normals go to a draw of (sigma, tau).
  void transform(double z_sigma, double z_tau, double& sigma, double& tau) const {
    if (tau_known()) tau = tau_prior_.fixed_value();
    double position = 0;
    if (sigma_known()) {
      sigma = sigma_prior_.fixed_value();
    } else {
      const double s = (*sigma_table_)(z_sigma);
      sigma = sigma_coordinate_.value(sigma_x(s));
      position = outer_->node_position(s);
    }
    if (tau_known()) return;
    const CubicWeights in_z = NormalScoreTable::weights(z_tau);
    if (sigma_known()) {
      tau = tau_coordinate_.value(in_z.apply(columns_[0].table->values()));
      return;
    }
    const CubicWeights in_s(position, static_cast<int>(columns_.size()));
    double x = 0, low = HUGE_VAL, high = -HUGE_VAL;
    for (int i = 0; i < 4; ++i) {
      const double at = in_z.apply(columns_[in_s.first + i].table->values());
      x += in_s.weight[i] * at;
      low = std::min(low, at);
      high = std::max(high, at);
    }
    x = std::min(std::max(x, low), high);  // where quantiles jump, the cubic would overshoot
    tau = tau_coordinate_.value(x);
  }

  // Quantile of sigma at a normal score.
  double sigma_quantile(double score) const {
    return sigma_known() ? sigma_prior_.fixed_value()
                         : sigma_coordinate_.value(sigma_x((*sigma_table_)(score)));
  }

  double tau_quantile(double probability, double score) const {
    if (tau_known()) return tau_prior_.fixed_value();
    return quantile(
        probability, score, [](double) { return 1.0; },
        [this](double value) { return average_over_columns([&](double) { return value; }); });
  }

  // Quantile of tau / sigma. Where the support of tau ends at a positive value, tau / sigma <= value has a
  // kink in sigma and the integral over sigma is split there.
  double ratio_quantile(double probability, double score) const {
    if (tau_known()) return tau_prior_.fixed_value() / sigma_quantile(-score);
    const bool bounded = tau_prior_.lower() > 0 || tau_prior_.upper() < infinity;
    return quantile(
        probability, score, [](double sigma) { return sigma; },
        [&](double value) {
          return bounded && !sigma_known()
                     ? split_ratio_cdf(value)
                     : average_over_columns([&](double sigma) { return value * sigma; });
        });
  }

  // Fewer nodes for bounded quantities: every second one where the rule allows, none without weight. Sorted
  // by weight.
  std::vector<PosteriorNode> bulk_nodes() const {
    const bool thinning = std::isinf(max_spacing_);
    const bool thin_sigma =
        thinning && !sigma_known() && outer_->coarse_error() < thinning_tolerance;
    std::vector<PosteriorNode> bulk;
    double total = 0;
    for (std::size_t k = 0; k < columns_.size(); k += thin_sigma ? 2 : 1) {
      const Column& column = columns_[k];
      if (tau_known()) {
        bulk.push_back({column.sigma, tau_prior_.fixed_value(), column.weight});
      } else {
        const bool thin_tau = thinning && column.rule->coarse_error() < thinning_tolerance;
        const int step = thin_tau ? 2 : 1;
        for (int i = 0; i < column.rule->count(); i += step)
          bulk.push_back({column.sigma, tau_coordinate_.value(column.rule->x(i)),
                          step * column.weight * column.rule->weight(i)});
      }
    }
    // The least weights that together stay below a tolerance go.
    std::sort(bulk.begin(), bulk.end(),
              [](const PosteriorNode& a, const PosteriorNode& b) { return a.weight > b.weight; });
    for (const PosteriorNode& node : bulk) total += node.weight;
    double left = 0;
    while (left + bulk.back().weight < discarded_mass * total) {
      left += bulk.back().weight;
      bulk.pop_back();
    }
    for (PosteriorNode& node : bulk) node.weight /= total - left;
    return bulk;
  }

 private:
  struct Column {
    double sigma = 0, log_mass = 0, weight = 1;
    std::shared_ptr<LineRule> rule;           // absent where tau is known
    std::shared_ptr<NormalScoreTable> table;  // of the coordinate of tau

    void make_table() {
      if (!table) table = std::make_shared<NormalScoreTable>(rule->table(true));
    }
  };

  // P(tau <= bound(sigma))
  template <class Bound>
  double average_over_columns(Bound&& bound) const {
    double total = 0, weight = 0;
    for (const Column& column : columns_) {
      if (column.weight <= negligible_weight) continue;
      weight += column.weight;
      total +=
          column.weight *
          normal_cdf(column.table->inverse(tau_coordinate_.exact_coordinate(bound(column.sigma))));
    }
    return total / weight;
  }

  // Inverts the distribution function of tau / unit(sigma).
  template <class Unit, class Cdf>
  double quantile(double probability, double score, Unit&& unit, Cdf&& cdf) const {
    double low = HUGE_VAL, high = 0;
    for (const Column& column : columns_) {
      if (column.weight <= negligible_weight) continue;
      const double q = tau_coordinate_.value((*column.table)(score)) / unit(column.sigma);
      low = std::min(low, q);
      high = std::max(high, q);
    }
    if (high - low <= 1e-14 * high) return high;
    const auto excess = [&](double log_value) { return cdf(std::exp(log_value)) - probability; };
    const double first = std::log(low) - 1e-5, last = std::log(high) + 1e-5;
    // The quantile of a mixture lies between those of its parts; in the far tails rounding may hide that.
    const double below = excess(first), above = excess(last);
    if (!(below < 0)) return low;
    if (!(above > 0)) return high;
    std::uintmax_t iterations = 100;
    const auto bracket = boost::math::tools::toms748_solve(
        excess, first, last, below, above, boost::math::tools::eps_tolerance<double>(30),
        iterations);
    return std::exp(0.5 * (bracket.first + bracket.second));
  }

  // P(tau / sigma <= value) as an integral over the normal score of sigma, between the ends of the
  // support of tau.
  double split_ratio_cdf(double value) const {
    constexpr double z_max = NormalScoreTable::z_max;
    std::vector<double> cuts = {-z_max, z_max};
    for (double end : {tau_prior_.lower(), tau_prior_.upper()}) {
      const double x = sigma_coordinate_.exact_coordinate(end / value);
      const double z = std::isfinite(x) ? sigma_table_->inverse(sigma_s(x)) : infinity;
      if (std::abs(z) < z_max) cuts.push_back(z);
    }
    for (double z = -z_max + 1; z < z_max; z += 1) cuts.push_back(z);
    std::sort(cuts.begin(), cuts.end());
    const auto integrand = [&](double z) {
      const double s = (*sigma_table_)(z);
      const double x =
          tau_coordinate_.exact_coordinate(value * sigma_coordinate_.value(sigma_x(s)));
      return normal_density(z) * conditional_cdf(x, s);
    };
    double total = 0;
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i)
      if (cuts[i + 1] > cuts[i])
        total +=
            boost::math::quadrature::gauss<double, 10>::integrate(integrand, cuts[i], cuts[i + 1]);
    return total;
  }

  // P(coordinate of tau <= x | s), between columns.
  double conditional_cdf(double x, double s) const {
    const CubicWeights in_s(outer_->node_position(s), static_cast<int>(columns_.size()));
    const auto excess = [&](double z) {
      const CubicWeights in_z = NormalScoreTable::weights(z);
      double at = -x;
      for (int i = 0; i < 4; ++i)
        at += in_s.weight[i] * in_z.apply(columns_[in_s.first + i].table->values());
      return at;
    };
    constexpr double z_max = NormalScoreTable::z_max;
    if (!(excess(-z_max) < 0)) return 0;
    if (!(excess(z_max) > 0)) return 1;
    std::uintmax_t iterations = 100;
    const auto bracket = boost::math::tools::toms748_solve(
        excess, -z_max, z_max, boost::math::tools::eps_tolerance<double>(30), iterations);
    return normal_cdf(0.5 * (bracket.first + bracket.second));
  }

  // Where to look first: moment estimates from the data, else typical values of the priors.
  void guess_scales(const Design& design) {
    const Index f = design.free_count();
    within_degrees_ = design.observations - static_cast<double>(design.groups);
    const double within = design.within(f, f);
    double total = within, weighted_groups = 0;
    for (const SizeClass& c : design.size_classes) {
      total += c.size * c.cross_products(f, f);
      weighted_groups += c.cross_products(f, f);
    }
    const double n = std::max(design.observations, 1.0);
    double sigma2 = within_degrees_ > 0 && within > 0 ? within / within_degrees_ : total / n;
    double tau2 = weighted_groups / static_cast<double>(std::max<Index>(design.groups, 1));
    const bool informed = design.observations > 0 && total > 0;
    sigma_guess_ = informed && sigma2 > 0 ? std::sqrt(sigma2) : sigma_prior_.typical_value();
    tau_guess_ = informed && tau2 > 0 ? std::sqrt(tau2) : tau_prior_.typical_value();
  }

  Column make_column(double sigma) {
    check_interrupt_();
    Column column;
    column.sigma = sigma;
    if (tau_known()) {
      column.log_mass =
          posterior_.log_within(sigma) + posterior_.log_between(sigma, tau_prior_.fixed_value());
      return column;
    }
    const auto log_f = [&](double x, double = 0) {
      const double tau = tau_coordinate_.value(x);
      return posterior_.log_between(sigma, tau) + tau_prior_.log_density(tau) +
             tau_coordinate_.log_jacobian(x);
    };
    const double from_prior = tau_coordinate_.coordinate(tau_prior_.typical_value());
    const double from_data = tau_coordinate_.coordinate(tau_guess_);
    if (!tau_peak_) {
      const Peak a = find_peak(log_f, from_prior, 0.5, 8), b = find_peak(log_f, from_data, 0.5, 8);
      tau_peak_ = std::make_unique<Peak>(a.log_value > b.log_value ? a : b);
    } else {
      *tau_peak_ = find_peak(log_f, tau_peak_->center, tau_peak_->width, 6);
    }
    const double order = orders_.tau;
    column.rule = std::make_shared<LineRule>(
        log_f, *tau_peak_, std::min(from_prior, from_data), std::max(from_prior, from_data),
        max_spacing_,
        [&](double x) { return order == 0 ? 0 : order * std::log(tau_coordinate_.value(x)); });
    column.log_mass = posterior_.log_within(sigma) + column.rule->log_total();
    return column;
  }

  void integrate_sigma() {
    const auto log_prior = [&](double x) {
      return sigma_prior_.log_density(sigma_coordinate_.value(x)) +
             sigma_coordinate_.log_jacobian(x);
    };
    const auto log_marginal = [&](double x) {
      return make_column(sigma_coordinate_.value(x)).log_mass + log_prior(x);
    };
    const double from_prior = sigma_coordinate_.coordinate(sigma_prior_.typical_value());
    const double from_data = sigma_coordinate_.coordinate(sigma_guess_);
    const double step = 1 / std::sqrt(std::max(within_degrees_, 1.0));
    Peak peak = find_peak(log_marginal, from_data, step, 6);
    if (log_marginal(from_prior) > peak.log_value)
      peak = find_peak(log_marginal, from_prior, 0.5, 6);
    peak_x_ = peak;

    std::map<double, Column> by_position;  // s -> column
    const auto keep = [&](double x, double s) {
      Column column = make_column(sigma_coordinate_.value(x));
      const double value = column.log_mass + log_prior(x);
      by_position[s] = std::move(column);
      return value;
    };
    const double order = orders_.sigma;
    outer_ = std::make_unique<LineRule>(
        keep, peak, std::min(from_prior, from_data), std::max(from_prior, from_data), max_spacing_,
        [&](double x) { return order == 0 ? 0 : order * std::log(sigma_coordinate_.value(x)); });
    while (tables_wanted_ && !tau_known() && outer_->count() < enough_columns &&
           !columns_resolved(by_position))
      outer_->refine(keep);
    columns_.clear();
    int i = 0;
    for (auto& entry : by_position) {
      columns_.push_back(std::move(entry.second));
      columns_.back().weight = outer_->weight(i++);
    }
    if (tables_wanted_) sigma_table_ = std::make_unique<NormalScoreTable>(outer_->table(false));
    log_evidence_ = outer_->log_total();
  }

  // Whether the quantiles of tau move little enough from column to column for draws and distribution
  // functions: on average the table of a column is predicted by its neighbours, at double the distance
  // that draws interpolate over, and neighbours lie within one unit of normal score.
  bool columns_resolved(std::map<double, Column>& by_position) const {
    std::vector<Column*> columns;
    for (auto& entry : by_position) columns.push_back(&entry.second);
    for (Column* column : columns) column->make_table();
    double error = 0;
    for (int i = 3; i + 3 < static_cast<int>(columns.size()); ++i) {
      const double weight = outer_->weight(i);
      if (weight < 1e-8) continue;
      double worst = 0;
      for (double z : {-3.0, 0.0, 3.0}) {
        const auto at = [&](int k) { return (*columns[k]->table)(z); };
        const double predicted = (9 * (at(i - 1) + at(i + 1)) - (at(i - 3) + at(i + 3))) / 16;
        const double unit = ((*columns[i]->table)(z + 0.5) - (*columns[i]->table)(z - 0.5));
        if (std::abs(at(i + 1) - at(i)) > unit) return false;
        worst = std::max(worst, std::abs(predicted - at(i)) / unit);
      }
      error += weight * worst;
    }
    return error < interpolation_tolerance;
  }

  void collect_nodes() {
    for (const Column& column : columns_) {
      if (tau_known()) {
        nodes_.push_back({column.sigma, tau_prior_.fixed_value(), column.weight});
        continue;
      }
      for (int i = 0; i < column.rule->count(); ++i)
        nodes_.push_back({column.sigma, tau_coordinate_.value(column.rule->x(i)),
                          column.weight * column.rule->weight(i)});
    }
  }

  double sigma_x(double s) const {
    return peak_x_.center + LineRule::stretch * peak_x_.width * std::sinh(s / LineRule::stretch);
  }

  double sigma_s(double x) const {
    return LineRule::stretch *
           std::asinh((x - peak_x_.center) / (LineRule::stretch * peak_x_.width));
  }

  static constexpr double negligible_weight = 1e-12;
  // Where tau has two modes whose masses change over with sigma, its quantiles jump and no number of
  // columns resolves that; this many leave an error of about one in as many.
  static constexpr int enough_columns = 2048;
  static constexpr double discarded_mass = 1e-8;
  static constexpr double thinning_tolerance = 1e-7;
  static constexpr double interpolation_tolerance =
      1e-4;  // in z at double distance; 1/16 of it at single

  CollapsedPosterior posterior_;
  ScalePrior sigma_prior_, tau_prior_;
  Coordinate sigma_coordinate_, tau_coordinate_;
  MomentOrders orders_;
  bool tables_wanted_;
  double max_spacing_;  // in the coordinates, where distributions become narrow as a sd goes to 0
  const std::function<void()>& check_interrupt_;
  double sigma_guess_ = 1, tau_guess_ = 1, within_degrees_ = 0;
  std::unique_ptr<Peak> tau_peak_;
  Peak peak_x_{0, 1, 0};
  std::unique_ptr<LineRule> outer_;
  std::unique_ptr<NormalScoreTable> sigma_table_;
  std::vector<Column> columns_;
  std::vector<PosteriorNode> nodes_;
  double log_evidence_ = 0;
};

}  // namespace bayespool
