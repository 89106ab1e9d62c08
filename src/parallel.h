// Work on several threads that a user can interrupt.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>

namespace bayespool {

// Asks R for a pending interrupt at most ten times a second: asking is slower than a quadrature node.
std::function<void()> interrupt_check();

// Calls f(i, check_interrupt) for i = 0, ..., count - 1; f calls check_interrupt() now and then. RcppThread's own loops
// let running jobs end before they tell of an interrupt, so threads share a flag here; the main one asks R and shows what
// the others printed.
using ParallelTask = std::function<void(int i, const std::function<void()>& check_interrupt)>;
void run_in_parallel(int count, int cores, const ParallelTask& f);

// Calls f(first, size, check_interrupt) for blocks of at most `most` of `count`, several for each core.
template <class F>
void run_in_blocks(std::ptrdiff_t count, std::ptrdiff_t most, int cores, F f) {
  const std::ptrdiff_t shares = cores == 1 ? 1 : 4 * cores;
  const std::ptrdiff_t size =
      std::max<std::ptrdiff_t>(1, std::min(most, (count + shares - 1) / shares));
  run_in_parallel(static_cast<int>((count + size - 1) / size), cores,
                  [&](int block, const std::function<void()>& check_interrupt) {
                    const std::ptrdiff_t first = block * size;
                    f(first, std::min(size, count - first), check_interrupt);
                  });
}

}  // namespace bayespool
