# The LKJ distribution of a correlation matrix, as a prior.

#' LKJ prior on correlations
#'
#' A prior on the correlations between the effects of a group, for [varying_intercept_slope()] and [mixed_model()].
#'
#' The correlation matrix \eqn{R} of a group's \eqn{q} effects has a density proportional to
#' \deqn{\det(R)^{\eta - 1}}{det(R)^(eta - 1)}
#' over all correlation matrices (Lewandowski, Kurowicka and Joe 2009). With `eta = 1` all matrices are equally probable; for two
#' effects their correlation is then uniform between -1 and 1. A larger `eta` prefers correlations near 0; one below 1
#' correlations near -1 and 1. Each single correlation \eqn{r} has the density
#' \eqn{(1 - r^2)^{\eta + q/2 - 2}}{(1 - r^2)^(eta + q/2 - 2)}, up to a constant.
#'
#' @param eta Shape, one positive number.
#' @return A vector of class `distribution` of length 1, which serves as the prior `rho` (see [bayespool-priors]).
#' @section Errors: Of class `bayespool_error_argument`: an `eta` that is not one finite number above 0.
#' @references Lewandowski, D., Kurowicka, D. and Joe, H. (2009). Generating random correlation matrices based on vines and
#'   extended onion method. *Journal of Multivariate Analysis*, 100(9), 1989-2001. \doi{10.1016/j.jmva.2009.04.008}
#' @examples
#' dist_lkj(2)
#' @export
dist_lkj <- function(eta = 1) {
  valid <- is.numeric(eta) && length(eta) == 1 && is.finite(eta) && eta > 0
  check_argument(eta, valid, "one finite number above 0", rlang::current_env())
  distributional::new_dist(eta = as.double(eta), class = "dist_lkj")
}

#' @export
format.dist_lkj <- function(x, digits = 2, ...) paste0("LKJ(", format(x[["eta"]], digits = digits, ...), ")")
