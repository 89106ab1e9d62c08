// Counter-based random streams: a stream is a function of (seed, purpose, index), so that results do
// not depend on how work is shared between cores.
#pragma once

#include <threefry.h>

#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_01.hpp>
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

 private:
  sitmo::threefry_20_64 engine_;
  boost::random::normal_distribution<double> normal_;
};

}  // namespace bayespool
