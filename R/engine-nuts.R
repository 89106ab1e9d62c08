# NUTS: its settings and the run.

#' Settings of NUTS
#'
#' How the fitting functions sample with `algorithm = "nuts"`.
#'
#' NUTS, the no-U-turn sampler, follows simulated trajectories on the joint posterior of all parameters: this is the
#' multinomial variant with the step size and the diagonal metric tuned in warmup, as in Stan. It needs the
#' gradient of the log density, which costs as much as the number of groups times the number of coefficients,
#' whatever the number of observations. The exact algorithm needs none of this: NUTS is here to compare, to teach, and as a
#' second opinion that shares nothing with the exact one but the group moments and the priors.
#'
#' The group means \eqn{\mu_j \sim N(\mu, \tau^2)}{mu[j] ~ N(mu, tau^2)} can be written in two ways, with the same
#' posterior. *Centered*: the sampler moves the \eqn{\mu_j}{mu[j]}. *Non-centered*: it moves the standardised
#' \eqn{\eta_j \sim N(0, 1)}{eta[j] ~ N(0, 1)}, and \eqn{\mu_j = \mu + \tau \eta_j}{mu[j] = mu + tau eta[j]}. Where
#' the data say little about \eqn{\tau}, as with few or small groups, the centered posterior has a funnel: the
#' \eqn{\mu_j}{mu[j]} must all be close to \eqn{\mu} where \eqn{\tau} is small, and no one step size suits its neck
#' and its mouth. Divergent transitions are the sign. The non-centered form has no such neck; with many
#' observations in each group it can be the slower one.
#'
#' Standard deviations are sampled on the log scale (with a uniform prior: on the logit of the place between its bounds),
#' with the Jacobian. Chains start uniformly within 2 units of the mean of the response, a unit being its standard
#' deviation, its ratio to that of a predictor for a slope, or 1 on the log scale; the metric starts at a guess of the
#' posterior variances.
#'
#' @param parameterization `"noncentered"` or `"centered"`, for [partial_pooling()] and [varying_intercept()]. The
#'   other two models have one form.
#' @param adapt_delta Target of the mean acceptance probability, between 0 and 1: a higher one makes steps smaller
#'   and divergences rarer.
#' @param max_treedepth A trajectory has at most `2^max_treedepth - 1` steps: a whole number from 1 to 20.
#' @param save_warmup Whether to keep the draws of warmup, for `as_draws(fit, inc_warmup = TRUE)`.
#' @return A list of class `bayespool_nuts_control`, for the argument `control`.
#' @section Errors: Of class `bayespool_error_argument`: a value outside its range.
#' @seealso [nuts_diagnostics] for what comes back.
#' @references Betancourt, M. and Girolami, M. (2015). Hamiltonian Monte Carlo for hierarchical models. In *Current
#'   Trends in Bayesian Methodology with Applications*, pages 79-101. Chapman and Hall/CRC.
#'
#'   Hoffman, M. D. and Gelman, A. (2014). The No-U-Turn sampler: adaptively setting path lengths in Hamiltonian Monte
#'   Carlo. *Journal of Machine Learning Research*, 15, 1593-1623. \doi{10.48550/arXiv.1111.4246}
#'
#'   Betancourt, M. (2017). A conceptual introduction to Hamiltonian Monte Carlo. \doi{10.48550/arXiv.1701.02434}
#' @examples
#' fit <- partial_pooling(
#'   yield ~ 1 + (1 | block), npk,
#'   algorithm = "nuts", control = nuts_control(adapt_delta = 0.99), seed = 1
#' )
#' fit
#' @export
nuts_control <- function(parameterization = c("noncentered", "centered"), adapt_delta = 0.8, max_treedepth = 10,
                         save_warmup = FALSE) {
  call <- rlang::current_env()
  parameterization <- choose_one(parameterization, c("noncentered", "centered"), call)
  valid <- checkmate::test_number(adapt_delta, finite = TRUE) && adapt_delta > 0 && adapt_delta < 1
  check_argument(adapt_delta, valid, "a number between 0 and 1", call)
  valid <- is_whole(max_treedepth, lower = 1, upper = 20)
  check_argument(max_treedepth, valid, "a whole number from 1 to 20", call)
  check_argument(save_warmup, checkmate::test_flag(save_warmup), "{.code TRUE} or {.code FALSE}", call)
  structure(
    list(
      parameterization = parameterization, adapt_delta = adapt_delta, max_treedepth = as.integer(max_treedepth),
      save_warmup = save_warmup
    ),
    class = "bayespool_nuts_control"
  )
}

# A list with `draws`, a draws_array, and `nuts`: control, iter_warmup, `diagnostics` (iterations x chains x 7, with
# the iterations of warmup first where they are kept), step_size, inverse_metric (coordinates x chains), warmup (a
# draws_array or NULL).
run_nuts <- function(problem, model, parameters, chains, iter_warmup, iter_sampling, seed, cores, control, call) {
  centered <- control$parameterization == "centered"
  if (centered && is.null(parameters$tau)) {
    abort_bayespool(
      c(
        "{.fn {model}} has no centered form: its means have a prior each, and no common one to be centered on.",
        i = "Leave {.arg parameterization} out."
      ),
      "argument", call
    )
  }
  coordinates <- nuts_coordinates(problem, parameters, centered)
  if (length(coordinates) == 0) {
    abort_bayespool(
      c(
        "There is nothing to sample: all parameters are known.",
        i = "{.code algorithm = \"exact\"} takes such a model."
      ),
      "argument", call
    )
  }
  # Means without a common one are their own coordinates.
  settings <- c(unclass(control), list(centered = centered || is.null(parameters$tau)))
  progress <- isTRUE(getOption("bayespool.progress", interactive()))
  result <- tryCatch(
    cpp_nuts(problem, settings, chains, iter_warmup, iter_sampling, seed, cores, progress),
    `std::runtime_error` = function(cnd) {
      abort_bayespool(
        c(
          "NUTS could not start: {conditionMessage(cnd)}.",
          i = "Priors and data contradict each other, or their scales are beyond the range of numbers.",
          i = "See whether the priors are meant so: {.fn prior_summary} shows them."
        ),
        "numerical", call
      )
    }
  )
  warmup <- if (control$save_warmup) iter_warmup else 0L
  diagnostics <- result$diagnostics
  dim(diagnostics) <- c(warmup + iter_sampling, chains, ncol(diagnostics))
  dimnames(diagnostics) <- list(NULL, NULL, c(nuts_names, "lp"))
  draws <- new_draws(result$draws, warmup + iter_sampling, chains, parameters$variables)
  rownames(result$inverse_metric) <- coordinates
  list(
    draws = if (warmup > 0) posterior::subset_draws(draws, iteration = warmup + seq_len(iter_sampling)) else draws,
    nuts = list(
      control = control,
      iter_warmup = iter_warmup,
      diagnostics = diagnostics,
      step_size = result$step_size,
      inverse_metric = result$inverse_metric,
      warmup = if (warmup > 0) posterior::subset_draws(draws, iteration = seq_len(warmup))
    )
  )
}

nuts_names <- c("accept_stat__", "stepsize__", "treedepth__", "n_leapfrog__", "divergent__", "energy__")

# Names of the coordinates in which NUTS moves, in the order of the core (see hierarchical_density.hpp).
nuts_coordinates <- function(problem, parameters, centered) {
  labels <- parameters$labels
  scale <- function(prior, name) {
    if (!is_fixed(prior)) sprintf(if (prior$family == "uniform") "logit(%s)" else "log(%s)", name)
  }
  free <- problem$coefficient_sd > 0
  if (problem$separate) {
    means <- if (free) sprintf("%s[%s]", parameters$group, labels)
    sds <- scale(problem$sigma_prior, sprintf("%s[%s]", parameters$sigma, labels))
    return(c(rbind(means, sds)))
  }
  coefficients <- c(if (problem$direction_column == 0L) parameters$population %||% NA, parameters$slopes)
  no_group <- is.null(parameters$group) || (is_fixed(problem$tau_prior) && problem$tau_prior$par == 0)
  standardised <- !centered && !is.null(parameters$tau)
  c(
    coefficients[free],
    if (!no_group) sprintf("%s[%s]", if (standardised) "eta" else parameters$group, labels),
    scale(problem$sigma_prior, parameters$sigma),
    scale(problem$tau_prior, parameters$tau)
  )
}

# The iterations after warmup, as an array iterations x chains x 7.
after_warmup <- function(nuts) {
  warmup <- if (nuts$control$save_warmup) nuts$iter_warmup else 0L
  nuts$diagnostics[seq_len(nrow(nuts$diagnostics)) > warmup, , , drop = FALSE]
}
