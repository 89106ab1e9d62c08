// Work on several threads that a user can interrupt.
#include "parallel.h"

#include <Rcpp.h>
#include <RcppThread.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <future>
#include <vector>

namespace bayespool {

std::function<void()> interrupt_check() {
  auto last = std::chrono::steady_clock::now();
  return [last]() mutable {
    const auto now = std::chrono::steady_clock::now();
    if (now - last < std::chrono::milliseconds(100)) return;
    last = now;
    Rcpp::checkUserInterrupt();
  };
}

void run_in_parallel(int count, int cores, const ParallelTask& f) {
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

}  // namespace bayespool
