// Fuzz target of the C++ core: moments and their merging, quadrature and its record, draws, summaries, leave-one-out,
// predictions, NUTS; the same rows with two grouping factors.
//
// Assumed, because R sees to it before C++ is entered: finite rows whose squares are finite; at least one row and one
// column; group codes in range; priors with possible parameters and mass above 0; fixed standard deviations above 0 (tau:
// at least 0); flat coefficients that the data determine; moments asked for only where the priors have them; no flat
// priors without data. Not assumed: that the posterior exists, or that data and priors have similar scales. Then the core
// may throw what `survive()` lists, which R turns into an error of the package.
#include "core/exact/group_summary.hpp"
#include "core/exact/leave_one_out.hpp"
#include "core/exact/posterior_summary.hpp"
#include "core/exact/record.hpp"
#include "core/exact/sampler.hpp"
#include "core/exact/variance_components.hpp"
#include "core/model/moment_lines.hpp"
#include "core/numerics/convergence.hpp"
#include "core/nuts/hierarchical_density.hpp"
#include "core/nuts/joint_density.hpp"
#include "core/nuts/normal_likelihood.hpp"
#include "core/nuts/nuts_chain.hpp"
#include "core/predict/linear_predictor.hpp"
#include "core/predict/normal_outcome.hpp"
#include "core/predict/predictive.hpp"
#include "crossed.hpp"
#include "input.hpp"
#include "require.hpp"

namespace fuzz {

bool usable(const GroupMoments& moments) {
  for (Index j = 0; j < moments.size.size(); ++j)
    if (moments.size(j) > 0 && !moments.mean.row(j).allFinite()) return false;
  return moments.within.allFinite();
}

// All groups as one.
GroupMoments one_group(const GroupMoments& groups) {
  return merge_lines(groups, std::vector<int>(groups.size.size(), 0), 1);
}

// Moments of two halves, merged, have the size of the whole, and its means where these have digits.
void check_merging(const Rows& rows, const GroupMoments& whole,
                   const std::function<void()>& check) {
  const Index half = rows.size() / 2, groups = whole.size.size(), d = whole.mean.cols();
  if (half == 0) return;
  const GroupMoments a = compute_group_moments(rows.view(0, half), false, check),
                     b = compute_group_moments(rows.view(half, rows.size()), false, check);
  GroupMoments lines{VectorXd(2 * groups), MatrixXd(2 * groups, d), MatrixXd(2 * groups, d),
                     MatrixXd(2 * groups, packed_size(d))};
  lines.size << a.size, b.size;
  lines.mean << a.mean, b.mean;
  lines.mean_low << a.mean_low, b.mean_low;
  lines.within << a.within, b.within;
  std::vector<int> code;
  for (Index i = 0; i < 2 * groups; ++i) code.push_back(static_cast<int>(i % groups));
  const GroupMoments merged = merge_lines(lines, code, groups);
  require(merged.size == whole.size, "merging keeps sizes");
  if (!usable(merged)) return;
  for (Index j = 0; j < groups; ++j) {
    if (whole.size(j) == 0) continue;
    for (Index c = 0; c < d; ++c) {
      double largest = 0;
      for (Index i = 0; i < rows.size(); ++i)
        largest = std::max(largest, std::abs(rows.columns[c][i]));
      const double difference =
          (merged.mean(j, c) - whole.mean(j, c)) + (merged.mean_low(j, c) - whole.mean_low(j, c));
      require(std::abs(difference) <= 1e-12 * largest, "merging keeps means");
    }
    for (Index c = 0, cc = 0; c < d; cc += ++c + 1)
      require(merged.within(j, cc) >= 0, "squares are not negative");
  }
  require(one_group(merged).size(0) == static_cast<double>(rows.size()),
          "one group holds all rows");
  // Columns in the opposite order, twice the first, and a constant.
  MatrixXd map = MatrixXd::Zero(d, d + 1);
  for (Index c = 0; c < d; ++c) map(c, d - 1 - c) = c == 0 ? 2 : 1;
  Eigen::RowVectorXd constant = Eigen::RowVectorXd::Zero(d + 1);
  constant(d) = 1;
  const GroupMoments recoded = recode_columns(merged, constant, map);
  for (Index j = 0; j < groups; ++j) {
    if (whole.size(j) == 0) continue;
    require(recoded.mean(j, d) == 1 && recoded.within(j, packed_size(d + 1) - 1) == 0,
            "a constant is one");
    require(recoded.mean(j, d - 1) == 2 * merged.mean(j, 0), "recoding keeps means");
  }
}

// `unit`: the size of the data, whose rounding error a mean that is nearly known may have in the place of its sd.
void check_rows_of_summary(const MatrixXd& table, bool finite_moments, double unit) {
  for (Index i = 0; i < table.rows(); ++i) {
    if (finite_moments)
      require(std::isfinite(table(i, 0)) && std::isfinite(table(i, 1)), "finite moments");
    require(!(table(i, 1) < 0), "sd not negative");
    for (Index q = 2; q < table.cols(); ++q)
      require(std::isfinite(table(i, q)), "finite quantiles");
    for (Index q = 3; q < table.cols(); ++q) {
      const double rounding = 1e-9 * (std::abs(table(i, q)) + std::abs(table(i, 1))) + 1e-12 * unit;
      require(!std::isfinite(table(i, 1)) || table(i, q) >= table(i, q - 1) - rounding,
              "quantiles in order");
    }
  }
}

bool flat_group_means(const ScalePrior& tau) {
  return tau.is_fixed() && std::isinf(tau.fixed_value());
}

struct Problem {
  GroupedData data;
  CoefficientPriors priors;
  ScalePriors scales;
  bool heavy;  // moments may not exist
  DrawColumns columns;
  Index parameters;
};

// What was recorded is what is read.
void check_record(const Problem& p, const Design& design, const Quadrature& quadrature,
                  MomentOrders orders, const std::function<void()>& check) {
  RecordWriter writer;
  quadrature.write(writer);
  RecordReader reader(writer.numbers());
  const Quadrature again(design, p.scales, orders, reader, check);
  require(again.log_evidence() == quadrature.log_evidence(), "a record keeps the evidence");
  const std::vector<PosteriorNode> expected = quadrature.nodes(), found = again.nodes();
  require(found.size() == expected.size(), "a record keeps the number of nodes");
  for (std::size_t i = 0; i < found.size(); ++i)
    require(found[i].at.sigma == expected[i].at.sigma && found[i].at.tau == expected[i].at.tau &&
                found[i].weight == expected[i].weight,
            "a record keeps the nodes");
}

// As R has them drawn: again with a larger bound where a ratio of densities was above it.
MatrixXd draw(const Problem& p, const Design& design, const Quadrature& quadrature, Index draws) {
  MatrixXd out(draws, p.parameters);
  const PosteriorSampler sampler(design, quadrature, p.columns, 1, 0);
  double bound = PosteriorSampler::first_bound;
  for (double met = infinity; met > bound;) {
    if (std::isfinite(met)) bound = 1.1 * met;
    met = 0;
    for (Index chunk = 0; chunk < PosteriorSampler::chunk_count(draws); ++chunk)
      met = std::max(met, sampler.draw_chunk(chunk, draws, bound, out.data()));
    require(std::isfinite(met), "the ratio of densities is finite");
  }
  return out;
}

// For a known group, a new one (where there is a population) and the population.
void check_predictions(const Problem& p, Input& input, const MatrixXd& out) {
  ParameterDraws parameters;
  parameters.total = out.rows();
  const auto column = [&](std::optional<Index> k) { return k ? out.col(*k).data() : nullptr; };
  const bool intercept = p.data.direction.has_value();
  const Index slopes = p.priors.mean.size() - intercept;
  if (intercept) parameters.population = column(p.columns.coefficients[0]);
  if (slopes > 0) parameters.slopes = column(p.columns.coefficients[intercept]);
  parameters.groups = column(p.columns.first_group);
  parameters.sigma = column(p.columns.sigma);
  parameters.tau = column(p.columns.tau);
  if (input.flip()) parameters.chosen = choose_draws(out.rows(), input.integer(1, 70), 7, 8);
  MatrixXd x = MatrixXd::Zero(3, slopes);
  for (Index k = 0; k < slopes; ++k) x(0, k) = input.integer(-8, 8);
  PredictionRows new_rows{
      Eigen::Map<const MatrixXd>(x.data(), 3, slopes), {0, -1, 0}, p.data.size.size(), {1, 0.5, 2}};
  if (parameters.tau) new_rows.group[2] = p.data.size.size() + 1;
  const Index wanted =
      parameters.chosen.empty() ? out.rows() : static_cast<Index>(parameters.chosen.size());
  const Predictive predictive(std::make_unique<NormalOutcome>(),
                              LinearPredictor(parameters, new_rows, 1, 2), 1, 3);
  MatrixXd predicted(wanted, 3), limits(3, 2);
  predictive.predict(0, 3, predicted.data());
  predictive.quantiles(0, 3, {0.1, 0.9}, limits.data());
  for (Index i = 0; i < 3; ++i)
    require(!(limits(i, 0) > limits(i, 1)), "intervals have ordered ends");
}

void check_posterior(const Problem& p, Input& input, const Rows* rows,
                     const std::function<void()>& check) {
  const Design design(p.data, p.priors);
  for (Index i = 0; i < design.free_count(); ++i) {
    // R refuses these; with flat group means what is not determined within groups.
    const bool flat = std::isinf(p.priors.sd(design.free[i]));
    if (flat && (design.total_fit.rank < design.free_count())) return;
    if (flat_group_means(p.scales.tau) && design.within_fit.rank < design.free_count()) return;
  }
  const MomentOrders orders = p.heavy ? MomentOrders{0, 0} : MomentOrders{4, 4};
  const Quadrature quadrature(design, p.scales, orders, Quadrature::Purpose::distributions, false,
                              check);
  require(std::isfinite(quadrature.log_evidence()), "finite evidence");
  double weight = 0;
  for (const PosteriorNode& node : quadrature.nodes()) {
    require(std::isfinite(node.at.sigma) && node.at.sigma >= 0 && node.at.tau >= 0,
            "nodes are standard deviations");
    weight += node.weight;
  }
  require(std::abs(weight - 1) < 1e-6, "weights sum to one");

  check_record(p, design, quadrature, orders, check);

  const Index draws = 70;
  const MatrixXd out = draw(p, design, quadrature, draws);
  require(out.allFinite(), "finite draws");

  std::vector<double> probabilities;
  for (int k = input.integer(0, 3); k > 0; --k)
    probabilities.push_back(std::min(std::max(input.probability(), 1e-10), 1 - 1e-10));
  std::sort(probabilities.begin(), probabilities.end());
  std::vector<Tails> tails;
  for (double probability : probabilities) tails.push_back({probability, 1 - probability});
  const NodeLimits limits{1e9, check};
  const double shortest = input.integer(0, 1) ? input.probability() : 0;
  const PosteriorSummary summary(design, quadrature, {tails, std::min(shortest, 1 - 1e-10)},
                                 limits);
  const double unit = p.data.projection.cwiseAbs().maxCoeff() + p.priors.mean.cwiseAbs().sum();
  for (Index k = 0; k < p.priors.mean.size(); ++k)
    check_rows_of_summary(summary.coefficient(k), !p.heavy, unit);
  if (p.columns.first_group) {
    const std::vector<bool> all(static_cast<std::size_t>(design.groups), true);
    GroupSummary groups(design, quadrature, summary, GroupQuantity::means);
    check_rows_of_summary(groups.table(all), !p.heavy, unit);
  }
  check_rows_of_summary(summary.sigma(), !p.heavy, 0);
  if (p.columns.tau) {
    check_rows_of_summary(summary.tau(), !p.heavy, 0);
    check_rows_of_summary(summary.icc(), true, 1);
    const VarianceComponents components(quadrature, {0.94, input.integer(0, 1) == 1});
    const Eigen::RowVector4d share = components.share_between();
    require(share(0) >= 0 && share(0) <= 1 + 1e-12 && share(2) <= share(3),
            "a share lies between 0 and 1");
  }
  if (rows) {
    const LeaveOneOut leave_one_out(design, quadrature, limits);
    const Index p1 = p.data.projection.cols(), d = static_cast<Index>(rows->columns.size());
    MatrixXd deviation = MatrixXd::Zero(1, p1);
    for (Index c = 0; c < d; ++c)
      deviation(0, p1 - d + c) = rows->columns[c][0] - p.data.projection(0, p1 - d + c);
    const VectorXd weight = VectorXd::Constant(1, input.flip() ? 1 : 0.5);
    const MatrixXd density = leave_one_out.group(0, deviation, weight, {LeftOutQuestion::About::densities, 0}, check);
    for (Index c = 0; c < 2; ++c)
      require(std::isnan(density(0, c)) || density(0, c) < HUGE_VAL,
              "densities are numbers or not resolved");
  }

  if (p.columns.first_group) check_predictions(p, input, out);
}

void check_nuts(const Problem& p, Input& input, const std::function<void()>& check) {
  using PartDensity = HierarchicalDensity<NormalLikelihood>;
  const bool centered = input.flip() || !p.columns.tau;
  JointDensity<PartDensity> density({PartDensity(
      NormalLikelihood(p.data), p.priors, p.data.direction, p.scales.sigma, p.scales.tau,
      centered ? Parameterization::centered : Parameterization::noncentered, p.columns)});
  if (density.dimension() == 0) return;
  NutsOptions options;
  options.warmup = input.integer(0, 30);
  options.sampling = 8;
  options.adapt_delta = 0.01 + 0.98 * input.probability();
  options.max_treedepth = input.integer(1, 5);
  RandomStream random(1, 2, 3);
  MatrixXd out(options.sampling, p.parameters);
  Index divergent = 0;
  run_chain(std::ref(density), density.centre(), density.unit(), density.scale(), options, random,
            check, [&](int iteration, const VectorXd& position, const Transition& transition) {
              require(
                  transition.n_leapfrog >= 1 && transition.n_leapfrog < 1 << options.max_treedepth,
                  "the trajectory ends in time");
              require(transition.accept_stat >= 0 && transition.accept_stat <= 1,
                      "an acceptance probability");
              divergent += transition.divergent;
              if (iteration >= options.warmup)
                density.store(position, out.data() + iteration - options.warmup, options.sampling);
            });
  require(out.allFinite(), "finite draws of NUTS");
  ConvergenceMeasures measure(options.sampling / 2, 2);
  for (Index k = 0; k < p.parameters; ++k) {
    const Convergence convergence = measure(out.col(k).data());
    require(!(convergence.rhat < 0) && !(convergence.ess_bulk < 0), "measures of convergence");
  }
}

// The core may throw these, of which R makes errors of the package.
template <class F>
void survive(F f) {
  try {
    f();
  } catch (const NotConverged&) {
  } catch (const UnreachableMass&) {
  } catch (const NodesTooLarge&) {
  } catch (const TooManyNodes&) {
  } catch (const NoStart&) {
  } catch (const NoStepSize&) {
  }
}

void run(Input& input) {
  const std::function<void()> check = [] {};
  const Rows rows = make_rows(input);
  const GroupMoments whole = compute_group_moments(rows.view(0, rows.size()), false, check);
  if (!usable(whole)) return;
  check_merging(rows, whole, check);

  const bool with_groups = input.flip(), intercept = input.flip() || rows.columns.size() == 1;
  const bool prior_only = input.integer(0, 9) == 0;
  const GroupMoments moments = with_groups ? whole : one_group(whole);
  if (!usable(moments)) return;
  const Prior sigma = scale_prior(input, false);
  const bool no_pooling = with_groups && input.integer(0, 3) == 0;
  const double group_sd = input.flip() ? infinity : input.parameter();
  const Prior tau = !with_groups ? Prior{ScalePrior("degenerate", {0})}
                    : no_pooling ? Prior{ScalePrior("degenerate", {group_sd})}
                                 : scale_prior(input, true);
  const bool has_intercept = intercept || no_pooling;
  GroupedData data = grouped_data(moments, has_intercept, prior_only);
  Rows columns_of_data = rows;
  if (!prior_only && input.integer(0, 2) == 0) {
    const GroupedData own = grouped_data(moments, false, false);
    const ResidualColumns residual(own.observations, own.size, own.projection, own.within,
                                   intercept);
    columns_of_data = residual_rows(rows, residual);
    const GroupMoments by_group =
        compute_group_moments(columns_of_data.view(0, rows.size()), false, check);
    if (!usable(by_group)) return;
    const GroupMoments of_columns = with_groups ? by_group : one_group(by_group);
    if (!usable(of_columns)) return;
    data = grouped_data(of_columns, has_intercept, false);
    set_basis(data, rows, residual);
  }
  const Index coefficients = data.projection.cols() - 1;
  CoefficientPriors priors{VectorXd::Zero(coefficients), VectorXd::Zero(coefficients)};
  bool flat = false;
  for (Index k = 0; k < coefficients; ++k) {
    priors.mean(k) = input.flip() ? 0 : (input.flip() ? 1 : -1) * input.parameter();
    const int kind = input.integer(0, 5);
    priors.sd(k) = kind == 0 ? 0 : kind == 1 ? infinity : input.parameter();
    if (no_pooling && k == 0) priors.sd(k) = 0;
    if (std::isinf(priors.sd(k))) {
      priors.mean(k) = 0;
      flat = true;
    }
  }
  const bool flat_tau = flat_group_means(tau.density);
  const bool heavy = flat || flat_tau || sigma.heavy || tau.heavy;
  const bool proper = !flat && !flat_tau && !sigma.flat && !tau.flat;
  if (prior_only && !proper) return;

  DrawColumns columns;
  Index next = 0;
  for (Index k = 0; k < coefficients; ++k)
    columns.coefficients.push_back(no_pooling && k == 0 ? std::nullopt
                                                        : std::optional<Index>(next++));
  if (with_groups) columns.first_group = next, next += data.size.size();
  columns.sigma = next++;
  if (with_groups && !no_pooling) columns.tau = next++;
  const Problem problem{data, priors, {sigma.density, tau.density}, heavy, columns, next};
  const bool nuts = input.integer(0, 3) == 0;
  survive([&] {
    if (nuts) {
      check_nuts(problem, input, check);
    } else {
      check_posterior(problem, input,
                      !prior_only && with_groups && rows.group[0] == 1 ? &columns_of_data : nullptr,
                      check);
    }
  });
  // Last, where there are bytes left: what inputs mean that are older than this stays as it was.
  if (input.flip()) survive([&] { check_crossed(input, rows, check); });
}

}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  fuzz::run(input);
  return 0;
}
