# pp_check(): predictions beside the data, through bayesplot.

#' Predictive checks
#'
#' Compares the data with data that the model predicts: the method of [bayesplot::pp_check()].
#'
#' `type = "groups"` shows each observation with the mean and the central interval of its prediction, group by group and
#' within a group in the order of the predictive means. Observations outside their interval have another shape and
#' colour, and the subtitle counts them.
#'
#' Every other type is a function of bayesplot: `"stat_grouped"` is [bayesplot::ppc_stat_grouped()] and so on. Those on
#' discrete outcomes and on survival are left out, as the outcome is normal here; an unknown type is answered with a list
#' of all. Types that end in `_grouped` get the groups of the fit. Types that begin with `loo_` get leave-one-out weights
#' by Pareto-smoothed importance sampling ([loo::psis()]).
#'
#' With `prior_only = TRUE` the predictions come from the prior: a prior predictive check.
#'
#' @param object A fit with draws, made from a data frame.
#' @param type `"groups"`, or the name of one of bayesplot's functions without `ppc_`.
#' @param ndraws How many draws to use, chosen at random; `NULL`: 50 where each draw has a line (`"..._overlay"`), 8
#'   where each has a panel, otherwise all of them. Types that begin with `loo_` always use all.
#' @param x Name of the predictor for the x axis, for the types with an argument `x`, such as `"intervals"`.
#' @param seed A whole number: the same seed gives the same picture. `NULL` takes one from R's random number generator.
#' @param ... Arguments of bayesplot's function, such as `stat = "sd"` for `"stat"`. For `"groups"`: `prob`, the
#'   probability in the intervals (0.94).
#' @return A ggplot.
#' @section Errors: Of class `bayespool_error_argument`: an unknown `type` or `x`, or none where the type needs it; a type
#'   that needs groups for a fit without; leave-one-out with `prior_only = TRUE`. Of class `bayespool_error_data`: a fit
#'   from group moments, which keep no observations. Of class `bayespool_error_draws`: a fit with `iter_sampling = 0`.
#' @references Gabry, J., Simpson, D., Vehtari, A., Betancourt, M. and Gelman, A. (2019). Visualization in Bayesian
#'   workflow. *Journal of the Royal Statistical Society A*, 182(2), 389-402. \doi{10.1111/rssa.12378}
#' @examplesIf rlang::is_installed(c("ggplot2", "bayesplot"))
#' fit <- partial_pooling(yield ~ 1 + (1 | block), npk, seed = 1)
#' bayesplot::pp_check(fit, seed = 1)
#' bayesplot::pp_check(fit, "groups", seed = 1)
#' @name pp_check.bayespool_fit
#' @aliases pp_check
#' @method pp_check bayespool_fit
#' @rawNamespace S3method(bayesplot::pp_check, bayespool_fit)
pp_check.bayespool_fit <- function(object, type = "dens_overlay", ndraws = NULL, x = NULL, seed = NULL, ...) {
  call <- rlang::current_env()
  check_plot_packages(call)
  types <- check_types()
  if (!(rlang::is_string(type) && type %in% types)) {
    abort_bayespool(
      c(
        "There is no such predictive check.",
        i = "Found {.code {format_found(type)}}.",
        i = "There are {.val {cli::cli_vec(types, list(\"vec-trunc\" = Inf))}}."
      ),
      "argument", call
    )
  }
  rows <- observed_rows(object, "A predictive check", call)
  fit_draws(object, call = call)
  ppc <- if (type != "groups") getExportedValue("bayesplot", paste0("ppc_", type))
  x <- check_x(object, type, if (!is.null(ppc)) formals(ppc), x, call)
  yrep <- rstantools::posterior_predict(object, ndraws = check_ndraws(object, type, ndraws, call), seed = seed)
  picture <- if (type == "groups") {
    plot_observations(object, rows, yrep, ..., call = call)
  } else {
    inputs <- list(y = rows$y, yrep = yrep)
    if (!is.null(x)) inputs$x <- object$data[[x]][rows$row]
    if (endsWith(type, "_grouped")) inputs$group <- check_groups(object, rows, type, call)
    if (startsWith(type, "loo_")) inputs <- c(inputs, loo_weights(object, names(formals(ppc)), call))
    given <- list(...)
    inputs <- c(inputs[setdiff(names(inputs), names(given))], given)
    with_picture_theme(do.call(ppc, inputs)) +
      legend_below() +
      small_text(nlevels(inputs$group), "strip.text", "axis.text.x") +
      (if (!is.null(x) && grepl("^(intervals|ribbon)", type)) ggplot2::labs(x = x))
  }
  picture + ggplot2::labs(title = if (is_prior_only(object)) "Prior predictive check")
}

# bayesplot's checks without those of discrete outcomes and of survival, and one that it has given up.
check_types <- function() {
  types <- sub("^ppc_", "", as.character(bayesplot::available_ppc()))
  c("groups", types[!grepl("^(bars|rootogram|error_binned|calibration|km_|loo_pit$)", types)])
}

# The name of the predictor for the argument `x` among `arguments`, those of bayesplot's function; NULL for none.
check_x <- function(fit, type, arguments, x, call) {
  takes_x <- "x" %in% names(arguments)
  needs_x <- takes_x && rlang::is_missing(arguments$x)
  numeric <- Filter(function(name) is.numeric(fit$data[[name]]), predictor_variables(fit))
  if (is.null(x) && needs_x && length(numeric) == 1) {
    return(numeric)
  }
  if (is.null(x) && !needs_x || takes_x && rlang::is_string(x) && x %in% numeric) {
    return(x)
  }
  abort_bayespool(
    c(
      if (takes_x) "{.arg x} must be the name of a numeric predictor." else "{.code type = \"{type}\"} has no {.arg x}.",
      i = "Found {.code {format_found(x)}}.",
      i = if (takes_x && length(numeric) == 0) "The fit has none.",
      i = if (takes_x && length(numeric) > 0) "There {?is/are} {.val {numeric}}."
    ),
    "argument", call
  )
}

check_groups <- function(fit, rows, type, call) {
  if (!has_grouping_factor(fit)) {
    abort_bayespool(
      c(
        "{.code type = \"{type}\"} needs groups, and this fit has none.",
        i = "Add {.code (1 | g)} to the formula: {.fn complete_pooling} keeps it for pictures."
      ),
      "argument", call
    )
  }
  group_factor(rows$group, fit$moments$group)
}

# Few draws where each has a line or a panel of its own; NULL: all.
check_ndraws <- function(fit, type, ndraws, call) {
  if (startsWith(type, "loo_")) {
    if (!is.null(ndraws)) {
      abort_bayespool(
        c("{.code type = \"{type}\"} has no {.arg ndraws}.", i = "Leave-one-out weights need all draws."), "argument", call
      )
    }
    return(NULL)
  }
  few <- if (grepl("overlay", type)) {
    50
  } else if (grepl("^(hist|dens|freqpoly|boxplot|error_hist|error_scatter|scatter)(_grouped)?$", type)) {
    8
  }
  ndraws %||% if (!is.null(few)) min(few, posterior::ndraws(fit))
}

# The weights of the draws for each observation left out, under the names that bayesplot's function has for them.
loo_weights <- function(fit, arguments, call) {
  check_uses_data(fit, call)
  psis <- psis_loo(fit, cores = 1, save_psis = TRUE)$psis_object
  weights <- list(psis_object = psis, lw = stats::weights(psis))
  weights[names(weights) %in% arguments]
}
