// R's entry points to mixtures of normal distributions: expected values and predictions of rows and contrasts of groups over the nodes of a
// quadrature, or whatever has a normal distribution for each draw. `orders`, `record` and `memory` as in cpp_summary();
// `probability` and `shortest`: the interval's.
#include "core/exact/group_contrasts.hpp"
#include "core/exact/row_predictions.hpp"
#include "exact.h"
#include "parallel.h"

using namespace bayespool;

// `columns`: those of the problem's moments (the response as it is where it was `response`), one row each; `group`: from 0, -1 for
// one that is new, -2 for the population. Mean, sd, lower, upper of the expected value of each row, or, where `noise` is not
// 0, of another observation there with the variance noise * sigma^2.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_row_predictions(
    const Rcpp::List& problem, const Rcpp::NumericMatrix& orders, const Rcpp::NumericVector& record,
    const Rcpp::NumericMatrix& columns, double response, const std::vector<int>& group,
    const Rcpp::NumericVector& noise, double probability, bool shortest, int cores, double memory) {
  const Problem parsed(problem, orders);
  const VectorXd noises = vector_from(noise);
  const MatrixXd rows = matrix_from(columns).transpose();
  const IntervalKind kind{probability, shortest};
  const bool separate = parsed.parts.size() > 1;
  std::vector<std::vector<Index>> rows_of_part(parsed.parts.size());
  for (std::size_t i = 0; i < group.size(); ++i)
    rows_of_part[separate ? static_cast<std::size_t>(group[i]) : 0].push_back(
        static_cast<Index>(i));
  Quadratures quadratures(parsed, record);
  Rcpp::NumericMatrix out(Rcpp::no_init(static_cast<int>(rows.cols()), 4));
  Eigen::Map<MatrixXd> table(out.begin(), rows.cols(), 4);
  for (std::size_t part = 0; part < parsed.parts.size(); ++part) {
    const std::function<void()> check_interrupt = interrupt_check();
    const GroupedData& data = parsed.parts[part].data;
    const Design design(data, parsed.coefficients);
    const Quadrature quadrature = quadratures.next(design, check_interrupt);
    const std::vector<Index>& members = rows_of_part[part];
    if (members.empty()) continue;
    const PosteriorSummary summary(design, quadrature, {{}, kind.probability},
                                   {memory, check_interrupt});
    const RowPredictions predictions(data, design, summary, quadrature.finite_variance());
    run_in_parallel(
        static_cast<int>(members.size()), cores, [&](int m, const std::function<void()>& check) {
          check();
          const Index i = members[static_cast<std::size_t>(m)];
          const int j = group[static_cast<std::size_t>(i)];
          table.row(i) = predictions.row(rows.col(i), response, separate ? 0 : j, noises(i), kind);
        });
  }
  return out;
}

// The coefficients of the groups `first` less those of `second` (from 0): mean, sd, lower, upper, and the probability that the difference
// is positive.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_group_contrasts(const Rcpp::List& problem,
                                        const Rcpp::NumericMatrix& orders,
                                        const Rcpp::NumericVector& record,
                                        const std::vector<int>& first,
                                        const std::vector<int>& second, double probability,
                                        bool shortest, int cores, double memory) {
  const Problem parsed(problem, orders);
  const IntervalKind kind{probability, shortest};
  const std::function<void()> check_interrupt = interrupt_check();
  const int count = static_cast<int>(first.size());
  Rcpp::NumericMatrix out(Rcpp::no_init(count, 5));
  Eigen::Map<MatrixXd> table(out.begin(), count, 5);
  const auto put = [&](int i, const WeightedNormals& all, const WeightedNormals& bulk, double shift,
                       bool finite_variance) {
    Eigen::RowVector4d row = summarise(all, bulk, kind, finite_variance);
    for (Index k : {0, 2, 3}) row(k) += shift;
    table.row(i) << row, probability_above(all, -shift);
  };

  if (parsed.parts.size() == 1) {
    const Part& part = parsed.parts[0];
    const Design design(part.data, parsed.coefficients);
    // Differences, as deviations, are as narrow as tau is small.
    const Quadrature quadrature(design, parsed.scales, part.orders,
                                Quadrature::Purpose::distributions, true, check_interrupt);
    const PosteriorSummary summary(design, quadrature, {{}, kind.probability},
                                   {memory, check_interrupt});
    run_in_parallel(count, cores, [&](int i, const std::function<void()>& check) {
      check();
      const int j = first[static_cast<std::size_t>(i)], k = second[static_cast<std::size_t>(i)];
      put(i, contrast_given(design, summary.nodes(), j, k),
          contrast_given(design, summary.bulk(), j, k), 0, quadrature.finite_variance());
    });
    return out;
  }

  // Groups that share nothing, each with a posterior of its own.
  struct Coefficient {
    WeightedNormals all, bulk;
    double origin;
    bool finite_variance;
  };
  std::vector<Coefficient> groups;
  Quadratures quadratures(parsed, record);
  for (const Part& part : parsed.parts) {
    const Design design(part.data, parsed.coefficients);
    const Quadrature quadrature = quadratures.next(design, check_interrupt);
    const PosteriorSummary summary(design, quadrature, {{}, kind.probability},
                                   {memory, check_interrupt});
    groups.push_back({first_coefficient(design, summary.nodes()),
                      first_coefficient(design, summary.bulk()), design.origin(0),
                      quadrature.finite_variance()});
  }
  run_in_parallel(count, cores, [&](int i, const std::function<void()>& check) {
    check();
    const Coefficient &a = groups[static_cast<std::size_t>(first[static_cast<std::size_t>(i)])],
                      &b = groups[static_cast<std::size_t>(second[static_cast<std::size_t>(i)])];
    put(i, difference(a.all, b.all), difference(a.bulk, b.bulk), a.origin - b.origin,
        a.finite_variance && b.finite_variance);
  });
  return out;
}

// The sum of `coefficient` times the coefficients and `multiple` times the deviations of the groups of `group` (from 0) from the
// population: mean, sd, lower, upper, then of each of `at` the probability of more, then of each the density there. For one posterior.
// [[Rcpp::export]]
Rcpp::NumericVector cpp_combination(const Rcpp::List& problem, const Rcpp::NumericMatrix& orders,
                                    const Rcpp::NumericVector& record,
                                    const Rcpp::NumericVector& coefficient,
                                    const std::vector<int>& group,
                                    const std::vector<double>& multiple,
                                    const Rcpp::NumericVector& at, double probability,
                                    bool shortest, double memory) {
  const Problem parsed(problem, orders);
  const Part& part = parsed.parts.at(0);
  const std::function<void()> check_interrupt = interrupt_check();
  const Design design(part.data, parsed.coefficients);
  const Quadrature quadrature = [&] {
    if (group.empty()) return Quadratures(parsed, record).next(design, check_interrupt);
    return Quadrature(design, parsed.scales, part.orders, Quadrature::Purpose::distributions, true,
                      check_interrupt);
  }();
  const PosteriorSummary summary(design, quadrature, {{}, probability}, {memory, check_interrupt});
  const VectorXd c = vector_from(coefficient), a = design.transform.transpose() * c;
  return to_r(described(combination_given(design, summary.nodes(), a, group, multiple),
                        combination_given(design, summary.bulk(), a, group, multiple),
                        c.dot(design.origin), vector_from(at), {probability, shortest},
                        quadrature.finite_variance()));
}

// Columns of `mean` and `sd`: a normal distribution for each of equally probable draws. Mean, sd, lower, upper of each mixture.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_mixtures_over_draws(const Rcpp::NumericMatrix& mean,
                                            const Rcpp::NumericMatrix& sd, double probability,
                                            bool shortest) {
  const std::function<void()> check_interrupt = interrupt_check();
  const MatrixXd centers = matrix_from(mean), scales = matrix_from(sd);
  Rcpp::NumericMatrix out(Rcpp::no_init(static_cast<int>(centers.cols()), 4));
  Eigen::Map<MatrixXd> table(out.begin(), centers.cols(), 4);
  for (Index i = 0; i < centers.cols(); ++i) {
    check_interrupt();
    const Eigen::ArrayXd weight = Eigen::ArrayXd::Constant(centers.rows(), 1.0 / centers.rows());
    const WeightedNormals draws{weight, centers.col(i).array(), scales.col(i).array().square()};
    table.row(i) = summarise(draws, draws, {probability, shortest}, true);
  }
  return out;
}
