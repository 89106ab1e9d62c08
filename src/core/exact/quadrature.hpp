// Quadrature of the collapsed posterior over (sigma, tau): an outer rule in sigma whose values are the
// integrals of inner rules ("columns") in tau given sigma. A known sd is a rule of one node.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/exact/record.hpp"
#include "core/model/collapsed_posterior.hpp"
#include "core/model/coordinate.hpp"
#include "core/model/scale_prior.hpp"
#include "core/numerics/line_distribution.hpp"
#include "core/numerics/line_rule.hpp"
#include "core/numerics/peaks.hpp"

namespace bayespool {

class Quadrature {
 public:
  // The posterior of tau given sigma at one node of the outer rule.
  struct Column {
    double sigma, weight;
    std::unique_ptr<LineRule> tau;  // absent where tau is known
    double log_mass;

    int count() const { return tau ? tau->count() : 1; }
    double weight_of(int k) const { return tau ? weight * tau->weight(k) : weight; }

    // Made when it is asked for first, which is not for several threads at once.
    const LineDistribution& distribution() const {
      if (!distribution_) distribution_ = std::make_unique<LineDistribution>(*tau);
      return *distribution_;
    }

   private:
    friend class Quadrature;
    Column(double sigma, std::unique_ptr<LineRule> tau, double log_mass)
        : sigma(sigma), weight(1), tau(std::move(tau)), log_mass(log_mass) {}
    mutable std::unique_ptr<LineDistribution> distribution_;
  };

  enum class Purpose {
    evidence,       // and moments
    distributions,  // draws and quantiles, too: columns are close to one another
    comparison      // the same with half the step everywhere, to see what the step costs
  };

  // `narrow`: whether conditional sds of what is wanted vanish as a sd goes to 0; nodes are then close to one another.
  Quadrature(const Design& design, const ScalePriors& priors, MomentOrders orders, Purpose purpose,
             bool narrow, std::function<void()> check_interrupt)
      : Quadrature(design, priors, orders, std::move(check_interrupt)) {
    purpose_ = purpose;
    // As those of group means do where they contain no coefficient.
    if (narrow || design.free_count() == 0 || design.within_fit.exact_fit) max_spacing_ = 0.5;
    look_around(design);
    if (sigma_known()) {
      columns_.push_back(make_column(priors_.sigma.fixed_value()));
      log_mass_ = columns_.front().log_mass;
    } else {
      integrate_sigma();
    }
  }

  // As it was recorded.
  Quadrature(const Design& design, const ScalePriors& priors, MomentOrders orders,
             RecordReader& record, std::function<void()> check_interrupt)
      : Quadrature(design, priors, orders, std::move(check_interrupt)) {
    log_mass_ = record.number();
    max_spacing_ = record.number();
    if (!sigma_known()) outer_ = std::make_unique<LineRule>(record.rule());
    const int count = sigma_known() ? 1 : outer_->count();
    for (int i = 0; i < count; ++i) {
      const double sigma = sigma_known() ? priors_.sigma.fixed_value() : sigma_at(outer_->x(i));
      auto rule = tau_known() ? nullptr : std::make_unique<LineRule>(record.rule());
      columns_.push_back(Column(sigma, std::move(rule), 0));
      if (outer_) columns_.back().weight = outer_->weight(i);
    }
  }

  void write(RecordWriter& record) const {
    record.number(log_mass_);
    record.number(max_spacing_);
    if (outer_) record.rule(*outer_);
    for (const Column& column : columns_)
      if (column.tau) record.rule(*column.tau);
  }

  double log_evidence() const { return log_mass_ + posterior_.log_reference(); }
  const std::vector<Column>& columns() const { return columns_; }
  const LineRule& outer() const { return *outer_; }
  const ScalePriors& priors() const { return priors_; }
  const Coordinate& sigma_coordinate() const { return sigma_coordinate_; }
  const Coordinate& tau_coordinate() const { return tau_coordinate_; }

  bool sigma_known() const { return priors_.sigma.is_fixed(); }
  bool tau_known() const { return priors_.tau.is_fixed(); }

  // The sds that are known; 0 for the others.
  VariancePoint known() const {
    return {sigma_known() ? priors_.sigma.fixed_value() : 0,
            tau_known() ? priors_.tau.fixed_value() : 0};
  }

  // Whether both standard deviations have a finite variance.
  bool finite_variance() const { return orders_.sigma >= 2 && orders_.tau >= 2; }

  // Whether sigma, and tau given sigma wherever there is mass, have one peak each.
  bool single_peaked() const {
    if (outer_ && outer_->map().peaks().size() > 1) return false;
    for (const Column& column : columns_)
      if (column.tau && column.weight > 1e-9 && column.tau->map().peaks().size() > 1) return false;
    return true;
  }

  // Whether pieces of the integrand (priors, likelihood) ask for values of a sd that are far from one another. Only then
  // could there be a mode that the look around did not meet; whoever must be sure looks a second time.
  bool pieces_far_apart() const { return farthest_pieces_ > far_apart; }

  // About the mass beyond the ends of the rules.
  double edge_mass() const {
    double edge = outer_ ? outer_->edge_mass() : 0;
    for (const Column& column : columns_)
      if (column.tau) edge += column.weight * column.tau->edge_mass();
    return edge;
  }

  double sigma_at(double x) const { return sigma_coordinate_.value(x); }
  double tau_at(double x) const { return tau_coordinate_.value(x); }

  // Column by column; those of one column share sigma.
  std::vector<PosteriorNode> nodes() const {
    std::vector<PosteriorNode> nodes;
    double total = 0;
    for (const Column& column : columns_)
      for (int k = 0; k < column.count(); ++k) {
        const double tau = column.tau ? tau_at(column.tau->x(k)) : priors_.tau.fixed_value();
        nodes.push_back({{column.sigma, tau}, column.weight_of(k)});
        total += nodes.back().weight;
      }
    for (PosteriorNode& node : nodes) node.weight /= total;
    return nodes;
  }

  // Those of the nodes that quantiles need: every second one where the rules allow.
  std::vector<ChosenNode> thinned_nodes() const {
    const bool thinning = std::isinf(max_spacing_);
    const auto step_of = [thinning](const LineRule* rule) -> int {
      return thinning && rule && rule->coarse_error() < thinning_tolerance ? 2 : 1;
    };
    const std::size_t sigma_step = static_cast<std::size_t>(step_of(outer_.get()));
    std::vector<ChosenNode> chosen;
    double total = 0;
    std::size_t first = 0;  // node of a column
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const Column& column = columns_[i];
      const int step = step_of(column.tau.get());
      for (int k = 0; i % sigma_step == 0 && k < column.count(); k += step) {
        chosen.push_back({first + static_cast<std::size_t>(k), step * column.weight_of(k)});
        total += chosen.back().weight;
      }
      first += static_cast<std::size_t>(column.count());
    }
    for (ChosenNode& node : chosen) node.weight /= total;
    return chosen;
  }

  // log of the joint density of the data and of the coordinates of the sds that are not known, relative to the
  // evidence.
  double log_density(CollapsedPosterior& posterior, double x_sigma, double x_tau) const {
    const double sigma = sigma_known() ? priors_.sigma.fixed_value() : sigma_at(x_sigma);
    const double tau = tau_known() ? priors_.tau.fixed_value() : tau_at(x_tau);
    double log_f = posterior.log_within(sigma) + posterior.log_between({sigma, tau}) - log_mass_;
    if (!sigma_known()) log_f += log_prior(priors_.sigma, sigma_coordinate_, x_sigma, sigma);
    if (!tau_known()) log_f += log_prior(priors_.tau, tau_coordinate_, x_tau, tau);
    return log_f;
  }

  // A posterior for another thread, with what this one has learnt.
  CollapsedPosterior posterior() const { return posterior_; }

 private:
  Quadrature(const Design& design, const ScalePriors& priors, MomentOrders orders,
             std::function<void()> check_interrupt)
      : posterior_(design),
        priors_(priors),
        sigma_coordinate_(priors.sigma),
        tau_coordinate_(priors.tau),
        orders_(orders),
        check_interrupt_(std::move(check_interrupt)) {}

  static double log_prior(const ScalePrior& prior, const Coordinate& coordinate, double x,
                          double value) {
    return prior.log_density(value) + coordinate.log_jacobian(x);
  }

  // Where to look ----------------------------------------------------------------------------------

  // Given one sd the integrand is a product of pieces, each with one centre in the other: likelihood, its coefficients
  // as their priors have them, and the prior. Beyond all centres it falls. A coarse look between and a little beyond
  // them finds every mode.
  void look_around(const Design& design) {
    const Design::Spread fitted = design.spread_about(VectorXd::Zero(design.free_count())),
                         expected = design.spread_about(design.prior_centre);
    const bool informed = design.observations > 0;
    const auto add = [](std::vector<double>& centres, const Coordinate& coordinate, double value) {
      if (value > 0 && std::isfinite(value)) centres.push_back(coordinate.coordinate(value));
    };
    // There is always one, also where a double cannot hold it.
    const auto add_typical = [](std::vector<double>& centres, const Coordinate& coordinate,
                                const ScalePrior& prior) {
      const double largest = std::exp(coordinate_limit);
      centres.push_back(
          coordinate.coordinate(std::min(std::max(prior.typical_value(), 1 / largest), largest)));
    };
    degrees_ = design.observations - static_cast<double>(design.groups);
    if (!sigma_known()) {
      add_typical(sigma_centres_, sigma_coordinate_, priors_.sigma);
      if (informed)
        for (double value :
             {fitted.estimate.sigma, fitted.total, expected.estimate.sigma, expected.total})
          add(sigma_centres_, sigma_coordinate_, value);
      note_distance(sigma_centres_, sigma_coordinate_);
      std::sort(sigma_centres_.begin(), sigma_centres_.end());
    }
    if (!tau_known()) {
      add_typical(tau_centres_, tau_coordinate_, priors_.tau);
      if (informed)
        for (double value :
             {fitted.estimate.tau, fitted.farthest, expected.estimate.tau, expected.farthest})
          add(tau_centres_, tau_coordinate_, value);
      note_distance(tau_centres_, tau_coordinate_);
      for (const SizeClass& c : design.size_classes)
        largest_size_ = std::max(largest_size_, c.size);
    }
    narrow_ = informed ? fitted.estimate.sigma : 0;
  }

  // The first centre is the prior's. A uniform one asks for no value in particular.
  void note_distance(const std::vector<double>& centres, const Coordinate& coordinate) {
    const auto first = centres.begin() + (coordinate.bounded() ? 1 : 0);
    if (first == centres.end()) return;
    const auto ends = std::minmax_element(first, centres.end());
    farthest_pieces_ = std::max(farthest_pieces_, *ends.second - *ends.first);
  }

  struct Row {
    double x_sigma;
    std::vector<double> maxima;  // of tau's coordinate, as seen at the points of the scan
    double log_value;
  };

  Reach tau_reach(double sigma) const {
    Reach reach{*std::min_element(tau_centres_.begin(), tau_centres_.end()),
                *std::max_element(tau_centres_.begin(), tau_centres_.end())};
    if (largest_size_ > 0) {
      const double seen = tau_coordinate_.coordinate(sigma / std::sqrt(largest_size_));
      reach.low = std::min(reach.low, seen);
      reach.high = std::max(reach.high, seen);
    }
    return reach;
  }

  Row look_along_tau(double x_sigma, double sigma) {
    const double along_sigma =
        sigma_known() ? 0
                      : posterior_.log_within(sigma) +
                            log_prior(priors_.sigma, sigma_coordinate_, x_sigma, sigma);
    if (tau_known())
      return {
          x_sigma, {}, along_sigma + posterior_.log_between({sigma, priors_.tau.fixed_value()})};
    const Reach reach = tau_reach(sigma);
    const Scan scan(tau_density(sigma),
                    scan_points(reach.low, reach.high, scan_spacing, tau_centres_));
    Row row{x_sigma, {}, along_sigma + scan.top()};
    for (std::size_t i : scan.maxima()) row.maxima.push_back(scan.x[i]);
    return row;
  }

  LineFunction tau_density(double sigma) {
    return [this, sigma](double x) {
      const double tau = tau_at(x);
      return posterior_.log_between({sigma, tau}) + log_prior(priors_.tau, tau_coordinate_, x, tau);
    };
  }

  // Starting points for the peaks of a column: where the scan saw some at sigmas to both sides.
  std::vector<double> seen_maxima(double x_sigma) const {
    std::vector<double> seen;
    const auto after = std::upper_bound(rows_.begin(), rows_.end(), x_sigma,
                                        [](double x, const Row& row) { return x < row.x_sigma; });
    if (after != rows_.end()) seen = after->maxima;
    if (after != rows_.begin()) {
      const std::vector<double>& before = std::prev(after)->maxima;
      if (before.size() > 1 || seen.size() != 1)
        seen.insert(seen.end(), before.begin(), before.end());
    }
    return seen;
  }

  std::vector<Peak> tau_peaks(double x_sigma, double sigma) {
    const auto log_f = tau_density(sigma);
    const std::vector<double> seen = seen_maxima(x_sigma);
    if (seen.size() == 1 && followed_.size() == 1 && follow_peak(log_f, followed_.front()))
      return followed_;
    std::vector<Peak> peaks;
    for (double x : seen) peaks.push_back(climb(log_f, x, 0.5 * scan_spacing));
    for (const Peak& peak : followed_) peaks.push_back(climb(log_f, peak.center, peak.width));
    return followed_ = significant_peaks(std::move(peaks));
  }

  // The rule ---------------------------------------------------------------------------------------

  Column make_column(double sigma, double x_sigma = 0) {
    check_interrupt_();
    if (sigma_known() && rows_.empty()) rows_.push_back(look_along_tau(x_sigma, sigma));
    if (tau_known())
      return {sigma, nullptr,
              posterior_.log_within(sigma) +
                  posterior_.log_between({sigma, priors_.tau.fixed_value()})};
    auto rule =
        std::make_unique<LineRule>(tau_density(sigma), tau_peaks(x_sigma, sigma), tau_reach(sigma),
                                   max_spacing_, log_moment(tau_coordinate_, orders_.tau));
    if (purpose_ != Purpose::evidence) LineDistribution::resolve(*rule, tau_density(sigma));
    if (purpose_ == Purpose::comparison) rule->refine(tau_density(sigma));
    const double log_mass = posterior_.log_within(sigma) + rule->log_total();
    return {sigma, std::move(rule), log_mass};
  }

  static LineFunction log_moment(const Coordinate& coordinate, double order) {
    return [&coordinate, order](double x) {
      return order == 0 ? 0 : order * std::log(coordinate.value(x));
    };
  }

  // log of the mass of a column by Laplace's approximation, and the prior of sigma.
  double approximate_mass(double x_sigma) {
    const double sigma = sigma_at(x_sigma);
    const double along_sigma =
        posterior_.log_within(sigma) + log_prior(priors_.sigma, sigma_coordinate_, x_sigma, sigma);
    if (tau_known())
      return along_sigma + posterior_.log_between({sigma, priors_.tau.fixed_value()});
    const std::vector<Peak> peaks = tau_peaks(x_sigma, sigma);
    double top = -HUGE_VAL, total = 0;
    for (const Peak& peak : peaks) top = std::max(top, peak.log_mass());
    for (const Peak& peak : peaks) total += std::exp(peak.log_mass() - top);
    return along_sigma + top + std::log(total);
  }

  std::vector<Peak> sigma_peaks() {
    std::vector<double> extra = sigma_centres_;
    if (narrow_ > 0 && degrees_ > 0) {
      // With many observations the peak is much narrower than the spacing of the scan.
      const double x = sigma_coordinate_.coordinate(narrow_), step = 1 / std::sqrt(degrees_);
      extra.insert(extra.end(), {x - step, x + step});
    }
    const std::vector<double> points =
        scan_points(sigma_centres_.front(), sigma_centres_.back(), scan_spacing, extra);
    for (double x : points) rows_.push_back(look_along_tau(x, sigma_at(x)));
    Scan scan([](double) { return 0.0; }, points);
    for (std::size_t i = 0; i < points.size(); ++i) scan.log_value[i] = rows_[i].log_value;
    std::vector<Peak> peaks;
    const auto log_f = [this](double x) { return approximate_mass(x); };
    for (std::size_t i : scan.maxima()) {
      followed_.clear();
      const bool enclosed = i > 0 && i + 1 < points.size();
      peaks.push_back(enclosed ? refine_peak(log_f, points[i - 1], points[i + 1])
                               : climb(log_f, points[i], scan_spacing));
    }
    followed_.clear();
    return significant_peaks(std::move(peaks));
  }

  void integrate_sigma() {
    const std::vector<Peak> peaks = sigma_peaks();
    std::map<double, Column> by_position;  // by the coordinate of sigma
    const auto keep = [&](double x) {
      const double sigma = sigma_at(x);
      Column column = make_column(sigma, x);
      const double value = column.log_mass + log_prior(priors_.sigma, sigma_coordinate_, x, sigma);
      by_position.emplace(x, std::move(column));
      return value;
    };
    outer_ = std::make_unique<LineRule>(keep, peaks,
                                        Reach{sigma_centres_.front(), sigma_centres_.back()},
                                        max_spacing_, log_moment(sigma_coordinate_, orders_.sigma));
    const auto overlap = [&] {
      std::vector<const Column*> columns;
      for (const auto& entry : by_position) columns.push_back(&entry.second);
      return columns_overlap(columns);
    };
    if (purpose_ != Purpose::evidence) {
      LineDistribution::resolve(*outer_, keep);
      while (!tau_known() && outer_->count() < enough_columns && !overlap()) outer_->refine(keep);
    }
    if (purpose_ == Purpose::comparison) outer_->refine(keep);
    int i = 0;
    for (auto& entry : by_position) {
      columns_.push_back(std::move(entry.second));
      columns_.back().weight = outer_->weight(i++);
    }
    log_mass_ = outer_->log_total();
  }

  // Whether the distribution of tau given sigma moves so little from column to column that what lies between two of
  // them is near their mean. Each is compared with the mean of its two neighbours, at double the distance.
  bool columns_overlap(const std::vector<const Column*>& columns) const {
    for (std::size_t i = 1; i + 1 < columns.size(); ++i) {
      if (outer_->weight(static_cast<int>(i)) < 1e-8) continue;
      const LineRule &rule = *columns[i]->tau, &before = *columns[i - 1]->tau,
                     &after = *columns[i + 1]->tau;
      for (int k = 0; k < rule.count(); k += 3) {
        if (rule.weight(k) < 1e-3 * rule.step()) continue;
        const double x = rule.x(k), density = rule.weight(k) / rule.step() * rule.map().density(x);
        const double mean = 0.5 * (before.linear_density(x) + after.linear_density(x));
        if (density > greatest_ratio * mean) return false;
      }
    }
    return true;
  }

  static constexpr double scan_spacing = 0.5;
  static constexpr double far_apart = 4;  // a factor of 55
  static constexpr double greatest_ratio = 1.25;
  static constexpr double thinning_tolerance = 1e-8;
  // Where tau has two modes whose masses change over with sigma, no number of columns resolves that.
  static constexpr int enough_columns = 2048;

  CollapsedPosterior posterior_;
  ScalePriors priors_;
  Coordinate sigma_coordinate_, tau_coordinate_;
  MomentOrders orders_;
  Purpose purpose_ = Purpose::evidence;
  double max_spacing_ = HUGE_VAL;  // in the coordinates
  std::function<void()> check_interrupt_;
  std::vector<double> sigma_centres_,
      tau_centres_;  // coordinates of what the pieces of the integrand ask for
  double largest_size_ = 0, degrees_ = 0, narrow_ = 0, farthest_pieces_ = 0;
  std::vector<Row> rows_;       // what was seen, by sigma
  std::vector<Peak> followed_;  // those of the column before
  std::unique_ptr<LineRule> outer_;
  std::vector<Column> columns_;
  double log_mass_ = 0;
};

}  // namespace bayespool
