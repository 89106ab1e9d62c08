// Columns from which what others explain has been taken, so that their moments do not cancel: where a response is almost
// exactly explained by predictors, or a predictor by others.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <vector>

#include "core/model/grouped_data.hpp"
#include "core/numerics/linear_algebra.hpp"

namespace bayespool {

// Of columns A = (X, y), D of them with these moments: the columns (A - 1 centre') combination. The combination is upper
// triangular with a diagonal of ones: each column loses its least-squares fit by those before it, within groups by those
// that vary there, between groups by the others. From rounded moments that is not exact, and need not be: what remains
// can be taken away again.
class ResidualColumns {
 public:
  VectorXd centre;       // D; 0 where the model has no intercept
  MatrixXd combination;  // D x D
  // The least share of its squares that a predictor keeps, and that of the response. Moments of the columns as they are
  // have that share with a relative error of the rounding error over it.
  double predictors_keep = 1, response_keeps = 1;
  double spread = 1;  // the least variance of a column relative to its mean square

  ResidualColumns(double observations, const VectorXd& size, const MatrixXd& mean,
                  const MatrixXd& within, bool intercept)
      : centre(VectorXd::Zero(mean.cols())),
        combination(MatrixXd::Identity(mean.cols(), mean.cols())) {
    const double total = size.sum();
    if (intercept) centre = mean.transpose() * size / total;
    const MatrixXd between = weighted_cross_products(mean, size, centre);
    Explaining inside, outside;
    kind_.assign(static_cast<std::size_t>(mean.cols()), Kind::neither);
    for (Index k = 0; k < mean.cols(); ++k) {
      const double squares = within(k, k) + between(k, k);
      if (squares > 0)
        spread = std::min(spread, squares / (squares + total * centre(k) * centre(k)));
      const Explained in_groups = take_away(within, inside, k),
                      of_groups = take_away(between, outside, k);
      if (k == mean.cols() - 1) {
        response_keeps = std::min(in_groups.share(), of_groups.share());
        const double groups = static_cast<double>(size.size());
        free_response(observations - groups, groups, between, within);
      } else if (in_groups.squares > 0 && in_groups.share() > rank_tolerance) {
        predictors_keep = std::min(predictors_keep, in_groups.share());
        inside.add(k, in_groups.left);
        kind_[static_cast<std::size_t>(k)] = Kind::within;
      } else {
        // What is left between groups may be all rounding where most of the column has been taken away already.
        const Explained of_column{squares, of_groups.left};
        const double left = std::min(of_groups.share(), of_column.share());
        predictors_keep = std::min({predictors_keep, in_groups.share(), left});
        if (of_groups.left > 0 && left > rank_tolerance) {
          outside.add(k, of_groups.left);
          kind_[static_cast<std::size_t>(k)] = Kind::between;
        }
      }
    }
  }

  // Whether predictor k varies within groups beyond what the predictors before it explain; if not, whether it does so between
  // them.
  bool varies_within(Index k) const { return kind_[static_cast<std::size_t>(k)] == Kind::within; }
  bool varies_between(Index k) const { return kind_[static_cast<std::size_t>(k)] == Kind::between; }

 private:
  enum class Kind { within, between, neither };

  // Predictors whose combinations are orthogonal, with their squares.
  struct Explaining {
    std::vector<Index> column;
    std::vector<double> squares;

    void add(Index k, double left) {
      column.push_back(k);
      squares.push_back(left);
    }
  };

  struct Explained {
    double squares, left;  // before and after

    double share() const { return squares > 0 ? std::max(left, 0.0) / squares : 1; }
  };

  // A predictor that hardly varies within groups, and much between them, is known from there: the response loses its fit within
  // and between groups, weighted as the spreads that it leaves ask for.
  void free_response(double degrees, double groups, const MatrixXd& between,
                     const MatrixXd& within) {
    const Index p = combination.cols() - 1;
    for (int i = 0; i < 3; ++i) {
      const auto response = combination.col(p);
      const double in_groups = std::max(response.dot(within * response), 0.0),
                   of_groups = std::max(response.dot(between * response), 0.0);
      if (!(in_groups > 0 && of_groups > 0)) return;
      const double weight = std::min(1.0, in_groups / degrees * groups / of_groups);
      MatrixXd products = combination.transpose() * (within + weight * between) * combination;
      for (Index k = 0; k < p; ++k) {
        if (kind_[static_cast<std::size_t>(k)] != Kind::neither) continue;
        products.row(k).setZero();  // what is left of it is rounding
        products.col(k).setZero();
      }
      combination.col(p) -= combination.leftCols(p) * LeastSquares(products).coefficients;
    }
  }

  Explained take_away(const MatrixXd& products, const Explaining& others, Index k) {
    const VectorXd own = products * combination.col(k);
    Explained result{combination.col(k).dot(own), 0};
    result.left = result.squares;
    for (std::size_t i = 0; i < others.column.size(); ++i) {
      const auto other = combination.col(others.column[i]);
      const double slope = other.dot(own) / others.squares[i];
      result.left -= slope * slope * others.squares[i];
      combination.col(k) -= slope * other;
    }
    return result;
  }

  std::vector<Kind> kind_;
};

}  // namespace bayespool
