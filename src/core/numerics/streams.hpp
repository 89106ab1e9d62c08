// Counter-based random streams: a stream is a function of (seed, purpose, index), so that results do
// not depend on how work is shared between cores.
#pragma once

#include <threefry.h>

#include <boost/random/binomial_distribution.hpp>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/poisson_distribution.hpp>
#include <boost/random/uniform_01.hpp>
#include <cmath>
#include <cstdint>

namespace bayespool {

class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::uint64_t purpose, std::uint64_t index) {
    engine_.set_key(seed, purpose);
    engine_.set_counter(0, 0, 0, index);
  }

  double normal() { return normal_(engine_); }

  // On [0, 1).
  double uniform() { return boost::random::uniform_01<double>()(engine_); }

  double binomial(double trials, double p) {
    return static_cast<double>(boost::random::binomial_distribution<std::int64_t>(
        static_cast<std::int64_t>(trials), p)(engine_));
  }

  // Beyond `large` a normal variable, rounded: their distribution functions differ by less than 1e-5.
  double poisson(double mean) {
    constexpr double large = 1e9;
    if (mean == 0) return 0;
    if (mean > large) return std::round(mean + std::sqrt(mean) * normal());
    return static_cast<double>(boost::random::poisson_distribution<std::int64_t>(mean)(engine_));
  }

 private:
  sitmo::threefry_20_64 engine_;
  boost::random::normal_distribution<double> normal_;
};

}  // namespace bayespool
