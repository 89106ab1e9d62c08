# How accurate an exact fit is.

#' Accuracy of an exact fit
#'
#' How far the results of the quadrature may be from the posterior that the model, the priors and the data define: an
#' estimate, found by integrating again with half the step. Exact fits have no Monte Carlo error; this is all the error that
#' they have.
#'
#' The standard deviations that are not known are integrated out by trapezoidal rules on a scale on which their
#' posterior is smooth; everything else is normal given them. The estimate is the sum of
#'
#' * twice the largest change when all rules get half their step, of any mean or standard deviation of the fit's parameters,
#'   in posterior standard deviations, and of the log evidence;
#' * ten times the mass at the ends of the rules, and that which a coarse grid finds where they have no nodes: a mode of the
#'   posterior that was missed;
#' * what rounding can do: 1e-9 for the rules themselves, and \eqn{N u / k} for sums of squares of \eqn{N} observations,
#'   where \eqn{u} is the machine's rounding error, 2.2e-16, and \eqn{k} the least share of its squares that predictors leave
#'   of the response, or of each other. Fits to rows take residuals before they square where that share is small, fits to
#'   moments cannot.
#'
#' Of counts (`family`) nothing is normal given the standard deviation. The population's coefficients and the standard deviation are
#' integrated out together, on a lattice, and at each of its nodes the log odds or log rate of each group by a rule of its own.
#'
#' Where groups have several effects, or there are two grouping factors, the standard deviations between groups and the correlations are
#' integrated out together, on a lattice. With
#' a lattice the estimate is ten times what the fit itself has seen: the square of the lattice's spectrum at half its sampling
#' frequency (how much the
#' results of every second node differ from those of the others) and the mass at its border. In four or more dimensions the scheme says
#' "deterministic, estimated error": there is no Monte Carlo error, but fewer nodes in each direction.
#'
#' An estimate is no bound. It does not see a mode of the posterior that is much narrower than the grid (half a unit of
#' the logarithm of a standard deviation), nor rounding in the data themselves. Where priors and data contradict each other by
#' thousands of standard deviations, the log density is so large a number that its own rounding, about 1e-10 of it, is more
#' than all of the above.
#'
#' @param object A fit with `algorithm = "exact"`.
#' @param x What `accuracy()` returned.
#' @param ... Ignored: what other packages pass to all models. What looks like a misspelt argument gets a warning.
#' @return A list of class `bayespool_accuracy` with
#'   * `scheme`: how the posterior is integrated, in words;
#'   * `nodes`: the number of points at which the posterior is known, of all parts of the model;
#'   * `error`: the estimate, in posterior standard deviations (for the log evidence, in units of it);
#'   * `edge_mass`: about the probability where the rules have no nodes.
#'
#'   Fits are printed with a line on the lattice's error, and on what rounding can do, where that is above 1e-6. Where priors
#'   and data ask for values of a
#'   standard deviation that differ by a factor of 55 or more, the fit itself makes the second look and warns
#'   (`bayespool_warning_modes`) if it finds anything. The rest takes longer to find than the fit, and the rules refuse what they
#'   cannot resolve.
#' @section Errors: Of class `bayespool_error_argument`: a fit with `algorithm = "nuts"`, whose error is that of its draws
#'   (`mcse_mean` in [summary()][summary.bayespool_fit]).
#' @references Trefethen, L. N. and Weideman, J. A. C. (2014). The exponentially convergent trapezoidal rule. *SIAM
#'   Review*, 56(3), 385-458. \doi{10.1137/130932132}
#' @seealso [exact_summary()], [log_marginal_likelihood()]
#' @examples
#' fit <- partial_pooling(yield ~ 1 + (1 | block), npk, iter_sampling = 0)
#' accuracy(fit)
#' @importFrom generics accuracy
#' @export accuracy
#' @aliases accuracy
#' @export
accuracy.bayespool_fit <- function(object, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  if (!has_quadrature(object)) {
    abort_bayespool(
      c(
        "{.fn accuracy} is about quadrature, and this fit is made of chains.",
        i = "The error of draws is {.field mcse_mean} in {.code summary(fit)}.",
        i = "{.code update(fit, algorithm = \"exact\")} has no such error."
      ),
      "argument", call
    )
  }
  if (!is.null(object$lattice)) {
    return(new_accuracy(object, object$lattice$nodes, object$lattice$error, object$lattice$edge))
  }
  posterior <- fit_posterior(object)
  finer <- core_comparison(posterior, call)
  changes <- c(
    abs(finer$log_evidence - object$log_evidence),
    changes_of_moments(posterior, replace(posterior, "record", list(finer$record)), call)
  )
  new_accuracy(object, finer$nodes, 2 * max(changes) + 10 * finer$edge_mass, finer$edge_mass)
}

# `error`: of the rules, without rounding.
new_accuracy <- function(fit, nodes, error, edge_mass) {
  structure(
    list(
      scheme = scheme_text(fit), nodes = nodes, error = error + 1e-9 + lost_to_rounding(fit$reduced), edge_mass = edge_mass
    ),
    class = "bayespool_accuracy"
  )
}

# Of all means, in sds, and of all sds, relative; moments that do not exist change nothing.
changes_of_moments <- function(posterior, other, call) {
  icc <- has_population(posterior$model)
  a <- exact_table(posterior, icc = icc, call = call)
  b <- exact_table(other, icc = icc, call = call)
  # An icc near 1, and a value that is known, have no digits in their sd.
  exist <- is.finite(rowSums(a)) & a[, 2] > 1e-9 * abs(a[, 1])
  c(0, abs(a[exist, 1] - b[exist, 1]) / b[exist, 2], abs(a[exist, 2] / b[exist, 2] - 1))
}

lost_to_rounding <- function(moments) {
  if (inherits(moments, "group_counts")) {
    return(0) # whole numbers
  }
  if (!is.null(moments$residual)) moments[c("mean", "within")] <- moments$residual[c("mean", "within")]
  kept <- core_residual_columns(moments, moments$intercept)
  min(1, sum(moments$n) * .Machine$double.eps / min(kept$predictors_keep, kept$response_keeps))
}

scheme_text <- function(fit) {
  model <- fit$model
  known <- vapply(fit$priors, is_fixed, NA)
  if (has_counts(model)) {
    return(count_text(model, names(known)[!known]))
  }
  open <- setdiff(c(model$scale_within$name, effect_sds(model)), names(known)[known])
  if (has_several_effects(model)) {
    return(lattice_text(fit, open))
  }
  if (length(open) == 0) {
    return("closed form: both standard deviations are known")
  }
  rule <- paste("a trapezoidal rule over", open[1])
  if (!shares_sigma(model)) rule <- paste(rule, "for each group")
  if (length(open) == 2) paste0(rule, ", and at each of its nodes one over ", open[2]) else rule
}

# `open`: the parameters that are not known. Independent groups have an integral each and nothing else.
count_text <- function(model, open) {
  lattice <- if (has_independent_groups(model)) character() else open
  pooled <- if (length(lattice) > 0) {
    paste0("a lattice in ", length(lattice), if (length(lattice) == 1) " dimension (" else " dimensions (", toString(lattice), ")")
  }
  integrals <- if (has_groups(model)) {
    if (is.null(pooled)) "a trapezoidal rule for each group" else "at each of its nodes a trapezoidal rule for each group"
  }
  paste(c(pooled, integrals), collapse = ", and ")
}

# `open`: the standard deviations that are not known. Sigma has a rule of its own unless another is known, or bounded, on its own scale.
lattice_text <- function(fit, open) {
  sigma <- intersect(fit$model$scale_within$name, open)
  on_lattice <- c(setdiff(open, sigma), effect_correlations(fit$model))
  own_scale <- vapply(fit$priors[effect_sds(fit$model)], function(prior) if (is_fixed(prior)) prior$par > 0 else is_bounded(prior), NA)
  if (any(own_scale)) {
    on_lattice <- c(sigma, on_lattice)
    sigma <- character()
  }
  if (length(c(on_lattice, sigma)) == 0) {
    return("closed form: all standard deviations are known")
  }
  lattice <- if (length(on_lattice) > 0) {
    paste0(
      "a lattice in ", length(on_lattice), if (length(on_lattice) == 1) " dimension (" else " dimensions (", toString(on_lattice), ")"
    )
  }
  rule <- if (length(sigma) > 0) paste("a trapezoidal rule over", sigma)
  text <- paste(c(lattice, rule), collapse = ", and at each of its nodes ")
  if (length(on_lattice) > 3) paste0(text, "; deterministic, estimated error") else text
}

#' @rdname accuracy.bayespool_fit
#' @export
print.bayespool_accuracy <- function(x, ...) {
  cat(
    "Estimated error: ", format(x$error, digits = 1), " posterior sds\n",
    "  scheme: ", x$scheme, "\n",
    "  nodes: ", format(x$nodes, big.mark = ","), "; mass beyond them: ", format(x$edge_mass, digits = 1), "\n",
    sep = ""
  )
  invisible(x)
}
