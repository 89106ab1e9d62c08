// What a quadrature found as a sequence of numbers, to be kept with a fit.
#pragma once

#include <utility>
#include <vector>

#include "core/errors.hpp"
#include "core/numerics/lattice.hpp"
#include "core/numerics/line_rule.hpp"

namespace bayespool {

class RecordWriter {
 public:
  void number(double value) { numbers_.push_back(value); }

  void rule(const LineRule& rule) {
    number(static_cast<double>(rule.map().peaks().size()));
    for (const Peak& peak : rule.map().peaks())
      for (double value : {peak.center, peak.width, peak.log_value}) number(value);
    number(rule.step());
    number(rule.first());
    number(rule.count());
    numbers_.insert(numbers_.end(), rule.log_mass().begin(), rule.log_mass().end());
  }

  void lattice(const LatticeRule& rule) {
    const Index d = rule.map.dimension();
    for (Index i = 0; i < d; ++i) number(rule.map.centre(i));
    for (Index i = 0; i < d; ++i) number(rule.map.stretch(i));
    for (Index i = 0; i < d; ++i)
      for (Index j = 0; j < d; ++j) number(rule.map.generator(i, j));
    number(rule.log_total);
    number(rule.edge);
    number(static_cast<double>(rule.nodes.size()));
    for (std::size_t i = 0; i < rule.nodes.size(); ++i) {
      for (Index j = 0; j < d; ++j) number(rule.nodes[i].k[static_cast<std::size_t>(j)]);
      number(rule.weight[i]);
    }
  }

  const std::vector<double>& numbers() const { return numbers_; }

 private:
  std::vector<double> numbers_;
};

// Reads in the same order; throws InvalidInput where there is no more.
class RecordReader {
 public:
  explicit RecordReader(std::vector<double> numbers) : numbers_(std::move(numbers)) {}

  double number() {
    if (next_ == numbers_.size()) throw InvalidInput("the record of a quadrature is too short");
    return numbers_[next_++];
  }

  LineRule rule() {
    std::vector<Peak> peaks(size());
    for (Peak& peak : peaks) {
      peak.center = number();
      peak.width = number();
      peak.log_value = number();
    }
    const double step = number();
    const int first = static_cast<int>(number());
    std::vector<double> log_mass(size());
    for (double& value : log_mass) value = number();
    return LineRule(std::move(peaks), step, first, std::move(log_mass));
  }

  // In d dimensions.
  void lattice(Index d, LatticeRule& rule) {
    rule.map.centre.resize(d);
    rule.map.stretch.resize(d);
    rule.map.generator.resize(d, d);
    for (Index i = 0; i < d; ++i) rule.map.centre(i) = number();
    for (Index i = 0; i < d; ++i) rule.map.stretch(i) = number();
    for (Index i = 0; i < d; ++i)
      for (Index j = 0; j < d; ++j) rule.map.generator(i, j) = number();
    rule.log_total = number();
    rule.edge = number();
    const std::size_t count = size();
    rule.nodes.resize(count);
    rule.weight.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      rule.nodes[i].k = LatticePoint{};
      for (Index j = 0; j < d; ++j)
        rule.nodes[i].k[static_cast<std::size_t>(j)] = static_cast<std::int16_t>(number());
      rule.weight[i] = number();
    }
    rule.restore();
  }

 private:
  std::size_t size() { return static_cast<std::size_t>(number()); }

  std::vector<double> numbers_;
  std::size_t next_ = 0;
};

}  // namespace bayespool
