// What is recorded of a quadrature, and read again.
#include <catch.h>

#include <functional>
#include <vector>

#include "core/errors.hpp"
#include "core/exact/quadrature.hpp"
#include "core/exact/record.hpp"

using namespace bayespool;

namespace {

const std::function<void()> no_check = [] {};

GroupedData three_groups() {
  GroupedData data;
  data.size.resize(3);
  data.size << 2, 3, 1;
  data.projection.resize(3, 2);
  data.projection << 1, 2, 1, 3, 1, -1;
  data.within = MatrixXd::Zero(2, 2);
  data.within(1, 1) = 3;
  data.observations = 6;
  data.direction = 0;
  return data;
}

}  // namespace

TEST_CASE("records: a quadrature that is read has the nodes of the one that was written",
          "[records]") {
  const Design design(three_groups(), {VectorXd::Zero(1), VectorXd::Constant(1, 5)});
  const ScalePrior exponential("exponential", {1}), known("degenerate", {0.7});
  for (const ScalePriors& priors : std::vector<ScalePriors>{{exponential, exponential},
                                                            {known, exponential},
                                                            {exponential, known},
                                                            {known, known}}) {
    const Quadrature made(design, priors, {2, 2}, Quadrature::Purpose::distributions, false,
                          no_check);
    RecordWriter writer;
    made.write(writer);
    RecordReader reader(writer.numbers());
    const Quadrature read(design, priors, {2, 2}, reader, no_check);
    CHECK_THROWS_AS(reader.number(), InvalidInput);  // all has been read
    CHECK(read.log_evidence() == made.log_evidence());
    const std::vector<PosteriorNode> a = made.nodes(), b = read.nodes();
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      CHECK(a[i].at.sigma == b[i].at.sigma);
      CHECK(a[i].at.tau == b[i].at.tau);
      CHECK(a[i].weight == b[i].weight);
    }
    const std::vector<ChosenNode> chosen_a = made.thinned_nodes(), chosen_b = read.thinned_nodes();
    REQUIRE(chosen_a.size() == chosen_b.size());
    for (std::size_t i = 0; i < chosen_a.size(); ++i) {
      CHECK(chosen_a[i].index == chosen_b[i].index);
      CHECK(chosen_a[i].weight == chosen_b[i].weight);
    }
    std::vector<double> cut = writer.numbers();
    cut.pop_back();
    RecordReader short_reader(cut);
    CHECK_THROWS_AS(Quadrature(design, priors, {2, 2}, short_reader, no_check), InvalidInput);
  }
}

TEST_CASE("records: several quadratures follow each other", "[records]") {
  const auto log_f = [](double x) { return -0.5 * x * x; };
  const LineRule a(log_f, {{0, 1, 0}}, Reach{0, 0}, HUGE_VAL, [](double) { return 0.0; }),
      b(log_f, {{0.1, 0.8, 0}}, Reach{-9, 9}, 0.2, [](double) { return 0.0; });
  RecordWriter writer;
  writer.number(7);
  writer.rule(a);
  writer.rule(b);
  RecordReader reader(writer.numbers());
  CHECK(reader.number() == 7);
  for (const LineRule* rule : {&a, &b}) {
    const LineRule read = reader.rule();
    REQUIRE(read.count() == rule->count());
    CHECK(read.log_mass() == rule->log_mass());
    CHECK(read.log_total() == rule->log_total());
    for (int i = 0; i < read.count(); ++i) CHECK(read.x(i) == rule->x(i));
  }
}
