// Maxima of functions on a line: seeing, climbing, following, rounding, choosing them.
#include <catch.h>

#include <cmath>
#include <vector>

#include "close_to.hpp"
#include "core/numerics/peaks.hpp"

using namespace bayespool;

namespace {

struct Bump {
  double center, width, height;
};

// The log of a sum of bumps.
struct Bumps {
  std::vector<Bump> bumps;
  double operator()(double x) const {
    double sum = 0;
    for (const Bump& b : bumps) {
      const double z = (x - b.center) / b.width;
      sum += b.height * std::exp(-0.5 * z * z) + 1e-200 / (1 + z * z);
    }
    return std::log(sum);
  }
};

}  // namespace

TEST_CASE("peaks: a scan sees every maximum between its points, and climbing reaches it",
          "[peaks]") {
  const Bumps f{{{-12, 0.4, 1}, {-3, 1, 1e-9}, {8, 0.3, 5}}};
  const Scan scan(f, scan_points(-13, 9, 0.25, {}));
  std::vector<Peak> found;
  for (std::size_t i : scan.maxima()) found.push_back(climb(f, scan.x[i], 0.25));
  found = significant_peaks(found);
  REQUIRE(found.size() == 3);
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK(std::abs(found[k].center - f.bumps[k].center) < 0.05 * f.bumps[k].width);
    CHECK(close_to(found[k].log_value, std::log(f.bumps[k].height), 1e-3));
    CHECK(std::abs(found[k].width / f.bumps[k].width - 1) < 0.05);
  }
}

TEST_CASE("peaks: a maximum at the first or last point counts, a plateau once", "[peaks]") {
  const auto positions = [](std::vector<double> values) {
    Scan scan([](double) { return 0.0; }, {0, 1, 2, 3, 4});
    scan.log_value = std::move(values);
    return scan.maxima();
  };
  CHECK(positions({5, 4, 3, 2, 1}) == std::vector<std::size_t>{0});
  CHECK(positions({1, 2, 3, 4, 5}) == std::vector<std::size_t>{4});
  CHECK(positions({1, 3, 3, 2, 9}) == (std::vector<std::size_t>{1, 4}));
}

TEST_CASE("peaks: a climb from far away, to peaks of any width", "[peaks]") {
  for (const double width : {1e-9, 1e-6, 1e-3, 0.1, 1.9})
    for (const double start : {-200.0, -1.0, 7.0, 250.0}) {
      INFO("width = " << width << ", start = " << start);
      const auto f = [=](double x) {
        return -0.5 * std::log1p((x - 7) * (x - 7) / (width * width)) * 4;
      };
      const Peak peak = climb(f, start, 0.5);
      CHECK(std::abs(peak.center - 7) < 0.1 * width);
      // sqrt(-1 / second derivative) is width / 2, and the width where the logarithm has dropped by a half is more.
      CHECK(peak.width > 0.4 * width);
      CHECK(peak.width < width);
    }
}

TEST_CASE("peaks: one that has moved a little is followed, one that has moved far is not",
          "[peaks]") {
  const auto at = [](double center, double width) {
    return [=](double x) { return 3 - 0.5 * (x - center) * (x - center) / (width * width); };
  };
  Peak peak{1, 0.2, 3};
  REQUIRE(follow_peak(at(1.06, 0.25), peak));
  CHECK(close_to(peak.center, 1.06));
  CHECK(close_to(peak.width, 0.25));
  CHECK(close_to(peak.log_value, 3));
  CHECK_FALSE(follow_peak(at(3, 0.25), peak));
  CHECK_FALSE(follow_peak(at(1.06, 1e-3), peak));
  CHECK_FALSE(follow_peak([](double) { return -HUGE_VAL; }, peak));
}

TEST_CASE("peaks: rounding moves by little, once, and to the same for nearly the same", "[peaks]") {
  int moved = 0, tried = 0;
  for (double width = 1e-10; width < 2; width *= 1.37)
    for (const double center : {-211.3, -1.0, 1e-7, 0.42, 17.9}) {
      const Peak peak = rounded({center, width, 0}), again = rounded(peak);
      CHECK(std::abs(peak.center - center) <= width * 0.1251 + 1e-13);
      CHECK(std::abs(std::log2(peak.width / width)) <= 0.1251);
      CHECK(again.width == peak.width);
      CHECK(std::abs(again.center - peak.center) <= 1e-15 * std::abs(center));
      if (width < 1e-8) continue;  // no rounding error is small beside that
      ++tried;
      const Peak near = rounded({center + 1e-9 * width, width * (1 + 1e-9), 1e-9});
      moved += near.center != peak.center || near.width != peak.width;
    }
  CHECK(tried > 200);
  CHECK(moved <= 1);
}

TEST_CASE("peaks: what is far lower or at the same place is left out", "[peaks]") {
  const std::vector<Peak> kept =
      significant_peaks({{5, 1, 0}, {-3, 1, 10}, {-3.2, 1, 9}, {9, 1e-5, 2}, {50, 1, -60}});
  REQUIRE(kept.size() == 3);
  CHECK(kept[0].center == -3);
  CHECK(kept[1].center == 5);
  CHECK(kept[2].center == 9);
}

TEST_CASE("peaks: Laplace's approximation is exact for a normal density", "[peaks]") {
  const double sd = 0.3;
  CHECK(std::abs(Peak{1, sd, -0.5 * std::log(2 * M_PI) - std::log(sd)}.log_mass()) < 1e-14);
}
