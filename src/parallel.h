// Work on several threads that a user can interrupt.
#pragma once

#include <Rcpp.h>
#include <RcppThread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <future>
#include <vector>

namespace bayespool {

// Asks R for a pending interrupt at most ten times a second: asking is slower than a quadrature node.
inline std::function<void()> interrupt_check() {
  auto last = std::chrono::steady_clock::now();
  return [last]() mutable {
    const auto now = std::chrono::steady_clock::now();
    if (now - last < std::chrono::milliseconds(100)) return;
    last = now;
    Rcpp::checkUserInterrupt();
  };
}

// Calls f(i, check_interrupt) for i = 0, ..., count - 1; f calls check_interrupt() now and then. RcppThread's own loops
// let running jobs end before they tell of an interrupt, so threads share a flag here; the main one asks R and shows what
// the others printed.
template <class F>
void run_in_parallel(int count, int cores, F f) {
  if (cores == 1) {
    const std::function<void()> check_interrupt = interrupt_check();
    for (int i = 0; i < count; ++i) f(i, check_interrupt);
    return;
  }
  std::atomic<int> next{0};
  std::atomic<bool> stop{false};
  const std::function<void()> check_interrupt = [&] {
    if (stop) throw RcppThread::UserInterruptException();
  };
  const auto work = [&] {
    try {
      for (int i; !stop && (i = next++) < count;) f(i, check_interrupt);
    } catch (...) {
      stop = true;
      throw;
    }
  };
  std::vector<std::future<void>> threads;
  for (int k = 0; k < std::min(cores, count); ++k)
    threads.push_back(std::async(std::launch::async, work));
  for (std::future<void>& thread : threads)
    while (thread.wait_for(std::chrono::milliseconds(100)) != std::future_status::ready) {
      RcppThread::Rcout << "";
      if (RcppThread::isInterrupted()) stop = true;
    }
  RcppThread::Rcout << "";
  // An error in one thread stops the others: it counts, not what they say.
  bool interrupted = false;
  std::exception_ptr error;
  for (std::future<void>& thread : threads) {
    try {
      thread.get();
    } catch (const RcppThread::UserInterruptException&) {
      interrupted = true;
    } catch (...) {
      error = std::current_exception();
    }
  }
  try {
    RcppThread::checkUserInterrupt();  // also forgets the interrupt
  } catch (const RcppThread::UserInterruptException&) {
    interrupted = true;
  }
  if (error) std::rethrow_exception(error);
  if (interrupted) throw Rcpp::internal::InterruptedException();
}

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
