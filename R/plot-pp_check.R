# pp_check(): predictions beside data, through bayesplot.

#' Predictive checks
#'
#' Compares data with what the model predicts: the data that were fitted, or those of `newdata`.
#'
#' `type = "groups"` shows each observation beside the mean and the interval of its prediction. All groups have the same
#' width on the axis, whatever their size. Their observations stand side by side, in the order of the predictive means,
#' on a ribbon from the lower to the upper ends of their intervals. Observations outside their interval have another
#' shape and colour, and the subtitle counts them. The numbers are those of [predictive_table()]: exact after the exact
#' algorithm, without draws.
#'
#' With two grouping factors `factor` says whose groups are shown.
#'
#' With `newdata` the predictions are of these rows, which may be of groups that were not fitted: a new group is drawn
#' from the population, so it takes part with the differences between groups too. These groups are marked as new.
#'
#' Every other type is a function of bayesplot: `"stat_grouped"` is [bayesplot::ppc_stat_grouped()] and so on. Those on
#' survival are left out. For a normal outcome so are those on counts. For counts there are `"bars"` and `"rootogram"`, and for
#' binomial ones `"error_binned"`, of observed proportions less their probabilities; not those that compare the positions of observations
#' in their predictions with a uniform distribution (`"pit_"`, `"loo_pit_"`), which of whole numbers they do not have. An unknown type is
#' answered with a list of all. Types that end in `_grouped` get the groups of the rows. Types that begin with `loo_` get
#' leave-one-out weights
#' by Pareto-smoothed importance sampling ([loo::psis()]).
#'
#' With `prior_only = TRUE` the predictions come from the prior: a prior predictive check.
#'
#' `pp_check()` is the generic function of bayesplot under the same name; what it does for other objects and with
#' bayesplot attached, before or after this package, stays as it is.
#'
#' @param object A fit, with draws unless it is exact and `type` is `"groups"`. Without `newdata` it must have been made from
#'   a data frame.
#' @param type `"groups"`, or the name of one of bayesplot's functions without `ppc_`.
#' @param ndraws How many draws to use, chosen at random; `NULL`: 50 where each draw has a line (`"..._overlay"`), 8
#'   where each has a panel, otherwise all of them. Types that begin with `loo_` always use all, and `"groups"` needs none.
#' @param x Name of the predictor for the x axis, for the types with an argument `x`, such as `"intervals"`.
#' @param seed A whole number: the same seed gives the same picture, where it is made of draws. `NULL` takes one from R's
#'   random number generator.
#' @param newdata A data frame with the response, the predictors and, where the model has groups, the grouping factor;
#'   `NULL`: the rows that were fitted.
#' @param factor The grouping factor by which `"groups"` and types that end in `_grouped` show rows, where the model has two.
#' @param ... Arguments of bayesplot's function, such as `stat = "sd"` for `"stat"`. For `"groups"`:
#'   * `prob`: the probability in the intervals (0.94).
#'   * `interval`: `"hdi"`, the shortest interval with that probability, or `"central"`.
#'   * `groups`, `sort`: which groups to show, in which order; see [plot_groups()].
#' @return A ggplot.
#' @section Errors: Of class `bayespool_error_argument`: an unknown `type`, `x` or group, or no `x` where the type needs
#'   it; a type that needs groups for a fit without, or for a fit with two grouping factors without `factor`;
#'   leave-one-out with `prior_only = TRUE` or `newdata`. Of class
#'   `bayespool_error_data`: without `newdata` a fit from group moments, which keep no observations; `newdata` without the
#'   response. Of class `bayespool_error_model`: new groups after [no_pooling()]. Of class `bayespool_error_draws`: no
#'   draws where the picture needs them. Of class `bayespool_error_package`: ggplot2 or bayesplot is not installed.
#' @references Gabry, J., Simpson, D., Vehtari, A., Betancourt, M. and Gelman, A. (2019). Visualization in Bayesian
#'   workflow. *Journal of the Royal Statistical Society A*, 182(2), 389-402. \doi{10.1111/rssa.12378}
#' @examplesIf rlang::is_installed(c("ggplot2", "bayesplot"))
#' fit <- partial_pooling(yield ~ 1 + (1 | block), npk, seed = 1)
#' pp_check(fit, seed = 1)
#' pp_check(fit, "groups")
#'
#' # Blocks that the model has not seen:
#' first <- partial_pooling(yield ~ 1 + (1 | block), subset(npk, block %in% 1:4), seed = 1)
#' pp_check(first, "groups", newdata = subset(npk, block %in% 5:6))
#' @export
pp_check <- function(object, ...) {
  UseMethod("pp_check")
}

# Where this package was attached after bayesplot, its generic function must still serve what bayesplot's does. Under the name
# pp_check.default that one would find this function, and not its own.
#' @rawNamespace S3method(pp_check, default, pp_check_of_bayesplot)
pp_check_of_bayesplot <- function(object, ...) {
  check_plot_packages(rlang::caller_env(), "bayesplot")
  bayesplot::pp_check(object, ...)
}

#' @rdname pp_check
#' @export
#' @rawNamespace S3method(bayesplot::pp_check, bayespool_fit)
pp_check.bayespool_fit <- function(object, type = "dens_overlay", ndraws = NULL, x = NULL, seed = NULL, newdata = NULL,
                                  factor = NULL, ...) {
  call <- rlang::current_env()
  check_plot_packages(call)
  types <- check_types(object$model)
  if (!(rlang::is_string(type) && type %in% types)) {
    of_others <- rlang::is_string(type) && type %in% bayesplot_types()
    abort_bayespool(
      c(
        if (of_others) "This predictive check is not for {outcome_of(object$model)}." else "There is no such predictive check.",
        i = "Found {.code {format_found(type)}}.",
        i = "There are {.val {cli::cli_vec(types, list(\"vec-trunc\" = Inf))}}."
      ),
      "argument", call
    )
  }
  check_seed(seed, call)
  term <- factor_to_check(object, type, factor, call)
  rows <- rows_to_check(object, newdata, term, call)
  if (type != "groups") fit_draws(object, call = call)
  ppc <- if (type != "groups") getExportedValue("bayesplot", paste0("ppc_", type))
  x <- check_x(object, type, if (!is.null(ppc)) formals(ppc), x, call)
  picture <- if (type == "groups") {
    plot_observations(object, rows, term$factor, ..., call = call)
  } else {
    ndraws <- check_ndraws(object, type, ndraws, newdata, call)
    inputs <- if (type == "error_binned") {
      proportions_to_check(object, rows, newdata, ndraws, seed)
    } else {
      list(y = rows$y, yrep = rstantools::posterior_predict(object, newdata, ndraws = ndraws, seed = seed))
    }
    if (startsWith(type, "ecdf_overlay")) inputs$discrete <- has_counts(object$model)
    if (!is.null(x)) inputs$x <- rows$data[[x]]
    if (endsWith(type, "_grouped")) inputs$group <- rows$group
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

# The term whose groups the type shows; NULL where it shows none, or all rows as one group.
factor_to_check <- function(fit, type, factor, call) {
  grouped <- endsWith(type, "_grouped")
  if (!is.null(factor) && !grouped && type != "groups") {
    abort_bayespool("{.code type = \"{type}\"} has no {.arg factor}: it does not show groups.", "argument", call)
  }
  if (grouped && !has_grouping_factor(fit)) {
    abort_bayespool(
      c(
        "{.code type = \"{type}\"} needs groups, and this fit has none.",
        i = "Add {.code (1 | g)} to the formula: {.fn complete_pooling} keeps it for pictures."
      ),
      "argument", call
    )
  }
  if (has_grouping_factor(fit) && (grouped || type == "groups")) choose_factor(fit, factor, call)
}

# The rows to check: the response `y`, the `group` of each as a factor, by the groups of `term`, with the labels of all that are `known`, of
# counts the `size`, and the data frame `data` that holds them.
rows_to_check <- function(fit, newdata, term, call) {
  known <- term$labels %||% fit$reduced$group
  if (is.null(newdata)) {
    rows <- observed_rows(fit, "A predictive check", call)
    group <- if (is.null(term)) rows$group else rows$levels[, match(term$factor, names(fit$parsed$factors))]
    return(list(
      y = rows$y, group = group_factor(group, known), known = known, size = rows$size, data = fit$data[rows$row, , drop = FALSE]
    ))
  }
  options <- list(population = FALSE, allow_new_levels = TRUE)
  rows <- prediction_rows(fit, newdata, options, "pp_check()", call, response = TRUE)
  if (nrow(newdata) == 0) abort_bayespool("{.arg newdata} has no rows.", "data", call)
  # Groups may be only named in the formula, and then need not be in the rows.
  labels <- labels_of_groups(fit$reduced, fit$parsed, newdata, call, term$columns)
  group <- if (is.null(labels)) rep("all", nrow(newdata)) else paste(labels)
  list(
    y = rows$y, group = factor(group, levels = intersect(c(known, unique(group)), group)), known = known, size = rows$size, data = newdata
  )
}

# Binned errors are those of proportions about their expected values.
proportions_to_check <- function(fit, rows, newdata, ndraws, seed) {
  expected <- rstantools::posterior_linpred(fit, transform = TRUE, newdata = newdata, ndraws = ndraws, seed = seed)
  list(y = rows$y / rows$size, yrep = expected)
}

# bayesplot's checks for an outcome, without those of survival, and one that it has given up. Where the outcome is a count, those by
# probability integral transforms, which are not uniform then, are left out; where it is not, those of counts and of proportions.
check_types <- function(model) {
  others <- if (model$family == "binomial") {
    "(loo_)?pit_|calibration"
  } else if (model$family == "poisson") {
    "(loo_)?pit_|calibration|error_binned"
  } else {
    "bars|rootogram|error_binned|calibration"
  }
  types <- bayesplot_types()
  c("groups", types[!grepl(paste0("^(", others, "|km_|loo_pit$)"), types)])
}

bayesplot_types <- function() sub("^ppc_", "", as.character(bayesplot::available_ppc()))

outcome_of <- function(model) switch(model$family, binomial = "binomial counts", poisson = "Poisson counts", "a normal outcome")

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

# Few draws where each has a line or a panel of its own; NULL: all.
check_ndraws <- function(fit, type, ndraws, newdata, call) {
  if (startsWith(type, "loo_")) {
    if (!is.null(ndraws)) {
      abort_bayespool(
        c("{.code type = \"{type}\"} has no {.arg ndraws}.", i = "Leave-one-out weights need all draws."), "argument", call
      )
    }
    if (!is.null(newdata)) {
      abort_bayespool(
        c(
          "{.code type = \"{type}\"} has no {.arg newdata}.",
          i = "Leave-one-out is about the rows that were fitted; new rows were left out already."
        ),
        "argument", call
      )
    }
    return(NULL)
  }
  few <- if (grepl("overlay", type)) {
    50
  } else if (grepl("^(hist|dens|freqpoly|boxplot|error_hist|error_scatter|error_binned|scatter)(_grouped)?$", type)) {
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
