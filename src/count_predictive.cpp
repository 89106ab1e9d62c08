// theta of rows: a definition of core/exact/count_marginals.hpp.
#include "core/exact/count_predictive.hpp"

#include "core/exact/count_marginals.hpp"

namespace bayespool {

ThetaMixture CountMarginals::mixture(const CountRow& row) const {
  const auto at_nodes = [&](const VectorXd& x) {
    return Eigen::ArrayXd((x.transpose() * nodes_.beta).transpose().array());
  };
  if (row.of == CountRow::population || pooled()) {
    const Eigen::ArrayXd f = at_nodes(row.x);
    return {{f, nodes_.weight, bandwidth(f)}};
  }
  if (row.of == CountRow::new_group) return new_mixture(row.x, true);
  const CountClasses& classes = quadrature_->posterior().classes();
  const CountLikelihood& likelihood = classes.likelihood[static_cast<std::size_t>(row.of)];
  const VectorXd& x = classes.x_of_class(row.of);
  const VectorXd less = x - row.x;
  if (less.isZero(0)) {
    const CountMixture of_x = mixture_at(x);
    return of_x.of(of_x.points(likelihood, nodes_.log_z.row(row.of).transpose().array(), true));
  }
  return deviation_points(at_nodes(x), likelihood, at_nodes(less));
}

}  // namespace bayespool
