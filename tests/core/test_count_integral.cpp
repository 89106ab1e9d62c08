// The likelihood of one count, and its integral with a normal prior, beside sums in long double.
#include <catch.h>

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <random>

#include "close_to.hpp"
#include "core/model/count_integral.hpp"

using namespace bayespool;

namespace {

using Long = long double;

const CountFamily families[] = {CountFamily::binomial, CountFamily::poisson};

Long long_log_value(CountFamily family, Long k, Long n, Long theta) {
  const Long e = std::exp(-std::abs(theta));
  const Long constant = family == CountFamily::poisson
                            ? (k > 0 ? k * std::log(n) : 0) - std::lgamma(k + 1)
                            : std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
  if (family == CountFamily::poisson) return constant + k * theta - n * std::exp(theta);
  return constant + (theta > 0 ? (k - n) * theta : k * theta) - n * std::log1p(e);
}

// By the trapezoidal rule with steps far below all widths, between where the log density has fallen by 60.
double brute_log_integral(CountFamily family, double k, double n, double eta, double tau) {
  const auto log_f = [=](Long theta) {
    const Long z = (theta - eta) / tau;
    return long_log_value(family, k, n, theta) - z * z / 2;
  };
  // The maximum by golden sections: the function is concave.
  Long low = eta - 60 * tau - 60, high = eta + 60 * tau + 60;
  if (k > 0) low = std::min<Long>(low, -60), high = std::max<Long>(high, 60);
  for (int i = 0; i < 200; ++i) {
    const Long a = low + 0.382L * (high - low), b = high - 0.382L * (high - low);
    (log_f(a) < log_f(b) ? low : high) = log_f(a) < log_f(b) ? a : b;
  }
  const Long at = (low + high) / 2, top = log_f(at);
  const auto fallen = [&](int direction) {
    Long reach = tau * 1e-3L;
    while (log_f(at + direction * reach) > top - 60) reach *= 2;
    Long inner = 0;
    for (int i = 0; i < 40; ++i) {
      const Long middle = (inner + reach) / 2;
      (log_f(at + direction * middle) > top - 60 ? inner : reach) = middle;
    }
    return at + direction * reach;
  };
  const Long left = fallen(-1), right = fallen(1);
  const Long widest = std::min<Long>(0.15L, (right - left) / 300);
  const long count = static_cast<long>((right - left) / widest) + 1;
  const Long step = (right - left) / count;
  Long sum = 0;
  for (long i = 0; i <= count; ++i) sum += std::exp(log_f(left + step * i) - top);
  return static_cast<double>(top + std::log(sum * step / tau) - 0.918938533204672741780L);
}

double log_integral(CountFamily family, double k, double n, double eta, double tau) {
  ThetaRule rule;
  rule.fill(CountLikelihood(family, k, n), {eta, tau});
  return rule.log_integral();
}

}  // namespace

TEST_CASE("count likelihood: values, mean and curvature", "[counts]") {
  for (const CountFamily family : families)
    for (const double n : {1.0, 7.0, 45.0, 1e6})
      for (const double share : {0.0, 1e-6, 0.3, 0.5, 0.999, 1.0}) {
        const double k = std::round(share * n);
        const CountLikelihood likelihood(family, k, n);
        for (const double theta : {-30.0, -3.0, -0.1, 0.0, 0.7, 5.0}) {
          const double wanted = static_cast<double>(long_log_value(family, k, n, theta));
          // lgamma() of 1e6 in long double, as large as 1e7
          CHECK(close_to(likelihood.log_value(theta), wanted, 1e-11));
          const double h = 1e-3, rounding = 1e-15 * std::max(k, likelihood.mean(theta)) / h;
          const LikelihoodStep step = likelihood.step_from(theta);
          const double scale = likelihood.curvature(theta) + 1e-6;
          CHECK(std::abs((step(h) - step(-h)) / (2 * h) - (k - likelihood.mean(theta))) <
                1e-6 * scale + rounding);
          CHECK(std::abs(-(step(h) + step(-h)) / (h * h) - likelihood.curvature(theta)) <
                1e-5 * scale + rounding / h);
          for (const double move : {-2.0, -1e-3, 0.4, 3.0}) {
            const double difference =
                static_cast<double>(long_log_value(family, k, n, Long(theta) + move) -
                                    long_log_value(family, k, n, theta));
            CHECK(std::abs(step(move) - difference) <
                  1e-12 * (1 + std::max(k, likelihood.mean(theta)) * std::abs(move) *
                                   std::exp(std::max(move, 0.0))));
          }
        }
        for (const double theta : {-700.0, 700.0}) {
          const double value = likelihood.log_value(theta);
          CHECK_FALSE(std::isnan(value));
          CHECK(value <= 0);
          if (family == CountFamily::binomial)
            CHECK(close_to(value, static_cast<double>(long_log_value(family, k, n, theta)), 1e-11));
          CHECK(likelihood.curvature(theta) >= 0);
          CHECK_FALSE(std::isnan(likelihood.step_from(theta)(-2 * theta)));
        }
      }
}

TEST_CASE("count integral: beside brute force", "[counts]") {
  std::mt19937 random(5);
  std::uniform_real_distribution<double> uniform;
  for (int trial = 0; trial < 200; ++trial) {
    const CountFamily family = families[trial % 2];
    const double n = std::floor(std::pow(10, 6 * uniform(random)));
    const double part = uniform(random);
    double k = std::floor((n + 1) * uniform(random));
    if (part < 0.25) k = 0;
    if (part > 0.85) k = n;
    if (part > 0.25 && part < 0.4) k = std::min(n, std::floor(5 * uniform(random)));
    const double tau = std::pow(10, -8 + 11 * uniform(random));
    // Where the data are, or anywhere.
    const CountLikelihood likelihood(family, k, n);
    const double eta = trial % 3 ? likelihood.centre() + (tau + 0.5) * 3 * (uniform(random) - 0.5)
                                 : 20 * (uniform(random) - 0.5);
    const double wanted = brute_log_integral(family, k, n, eta, tau);
    const double found = log_integral(family, k, n, eta, tau);
    // Far from the data log Z is in the thousands, and eta a rounded number.
    const double error = std::abs(found - wanted) / std::max(1.0, 1e-4 * std::abs(wanted));
    INFO("family " << trial % 2 << " k " << k << " n " << n << " eta " << eta << " tau " << tau
                   << " found " << found << " wanted " << wanted);
    CHECK(error < 1e-10);
  }
}

TEST_CASE("count integral: closed forms", "[counts]") {
  // A flat prior: beta and gamma functions.
  for (const double n : {2.0, 20.0, 1e3, 1e6})
    for (const double share : {0.0, 0.1, 0.5, 0.9}) {
      const double k = std::max(1.0, std::round(share * n));
      if (k < n)
        CHECK(close_to(log_integral(CountFamily::binomial, k, n, 0, infinity),
                       -std::log(k) - std::log((n - k) / n), 1e-9));
      CHECK(close_to(log_integral(CountFamily::poisson, k, n, 0, infinity), -std::log(k), 1e-10));
    }
  // One trial with a prior that is symmetric about 0.
  for (const double tau : {1e-8, 0.1, 1.0, 2.9, 3.1, 40.0, 1e4})
    for (const double k : {0.0, 1.0})
      CHECK(close_to(log_integral(CountFamily::binomial, k, 1, 0, tau), std::log(0.5), 1e-10));
  // No spread.
  CHECK(log_integral(CountFamily::binomial, 3, 9, 0.4, 0) ==
        CountLikelihood(CountFamily::binomial, 3, 9).log_value(0.4));
  // The mean of theta is 0 where successes and failures are as many, and of theta - eta tau^2 (k - E k), by parts.
  ThetaRule rule;
  for (const double tau : {0.01, 0.5, 2.0, 50.0}) {
    rule.fill(CountLikelihood(CountFamily::binomial, 6, 12), {0, tau});
    double mean = 0;
    for (std::size_t i = 0; i < rule.theta.size(); ++i) mean += rule.theta[i] * rule.weight[i];
    CHECK(std::abs(mean / rule.total) < 1e-9);
    for (const CountFamily family : families)
      for (const double k : {0.0, 2.0}) {
        const CountLikelihood likelihood(family, k, 30);
        rule.fill(likelihood, {-1, tau});
        double shift = 0, expected = 0;
        for (std::size_t i = 0; i < rule.theta.size(); ++i) {
          shift += (rule.theta[i] + 1) * rule.weight[i];
          expected += tau * tau * (k - likelihood.mean(rule.theta[i])) * rule.weight[i];
        }
        // tau^2 times a difference that is nearly 0
        CHECK(std::abs(shift - expected) < 1e-9 * (1 + tau * tau) * rule.total);
      }
  }
}
