// Counts of groups, and the classes of groups that are alike.
#pragma once

#include <Eigen/Core>
#include <map>
#include <vector>

#include "core/model/count_likelihood.hpp"

namespace bayespool {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Of J groups: successes of trials, or events in an exposure, and the columns of the linear predictor (J x P; a column of ones for
// an intercept).
struct CountData {
  CountFamily family;
  VectorXd k, n;
  MatrixXd x;
};

// Groups with the same k, n and x have the same integrals. Classes with one x stand side by side: they share the prior of theta.
struct CountClasses {
  struct Stratum {
    VectorXd x;
    Index first, count;  // of its classes
  };

  std::vector<CountLikelihood> likelihood;  // by class
  Eigen::ArrayXd groups;                    // how many there are, by class
  std::vector<Stratum> strata;
  std::vector<Index> stratum_of;  // by class
  std::vector<Index> class_of;    // by group

  explicit CountClasses(const CountData& data) : class_of(static_cast<std::size_t>(data.k.size())) {
    std::map<std::vector<double>, std::vector<Index>> alike;  // by x, then n and k
    for (Index j = 0; j < data.k.size(); ++j) {
      std::vector<double> key;
      for (Index c = 0; c < data.x.cols(); ++c) key.push_back(data.x(j, c));
      key.push_back(data.n(j));
      key.push_back(data.k(j));
      alike[key].push_back(j);
    }
    groups.resize(static_cast<Index>(alike.size()));
    for (const auto& [key, members] : alike) {
      const Index own = static_cast<Index>(likelihood.size()), j = members.front();
      likelihood.emplace_back(data.family, data.k(j), data.n(j));
      groups(own) = static_cast<double>(members.size());
      for (Index member : members) class_of[static_cast<std::size_t>(member)] = own;
      const VectorXd x = data.x.row(j);
      if (strata.empty() || strata.back().x != x) strata.push_back({x, own, 0});
      ++strata.back().count;
      stratum_of.push_back(static_cast<Index>(strata.size()) - 1);
    }
  }

  Index count() const { return groups.size(); }
  const VectorXd& x_of_class(Index c) const {
    return strata[static_cast<std::size_t>(stratum_of[static_cast<std::size_t>(c)])].x;
  }
};

}  // namespace bayespool
