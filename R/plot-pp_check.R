# pp_check(): predictions beside the data, through bayesplot, and each observation in its group.

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
  picture + ggplot2::labs(title = if (object$prior_only) "Prior predictive check")
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
  predictors <- all.vars(stats::delete.response(stats::terms(parse_formula(fit$formula, call = call)$fixed)))
  numeric <- Filter(function(name) is.numeric(fit$data[[name]]), predictors)
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
  if (is.null(fit$group_name)) {
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
  check_has_data(fit, call)
  psis <- psis_loo(fit, cores = 1, save_psis = TRUE)$psis_object
  weights <- list(psis_object = psis, lw = stats::weights(psis))
  weights[names(weights) %in% arguments]
}

# type = "groups" ----------------------------------------------------------------------------------------------------------

# Each group has the same width, and its observations share it, ordered by their predictive mean.
plot_observations <- function(fit, rows, yrep, ..., prob = 0.94, call) {
  check_no_dots(rlang::exprs(...), call)
  check_argument(prob, is_probability(prob), "a number between 0 and 1", call)
  bounds <- apply(yrep, 2, stats::quantile, probs = c((1 - prob) / 2, (1 + prob) / 2))
  data <- data.frame(
    group = group_factor(rows$group, fit$moments$group), y = rows$y, mean = colMeans(rstantools::posterior_epred(fit)),
    lower = bounds[1, ], upper = bounds[2, ]
  )
  data$where <- ifelse(data$y < data$lower | data$y > data$upper, "outside", "inside")
  width <- 0.9 / tabulate(rows$group)[rows$group]
  rank <- stats::ave(data$mean, rows$group, FUN = function(mean) rank(mean, ties.method = "first"))
  data$place <- rows$group - 0.45 + width * (rank - 0.5)
  data$left <- data$place - width / 2
  data$right <- data$place + width / 2
  groups <- nlevels(data$group)
  # About what fits in a line below the picture.
  upright <- max(nchar(levels(data$group), "width")) + 1 > 80 / groups
  ggplot2::ggplot(data, ggplot2::aes(.data$place)) +
    ggplot2::geom_rect(
      ggplot2::aes(xmin = .data$left, xmax = .data$right, ymin = .data$lower, ymax = .data$upper), fill = shade("light")
    ) +
    ggplot2::geom_segment(
      ggplot2::aes(x = .data$left, xend = .data$right, y = .data$mean, yend = .data$mean), colour = shade("dark"),
      linewidth = 0.8, lineend = "round"
    ) +
    ggplot2::geom_point(ggplot2::aes(y = .data$y, shape = .data$where, colour = .data$where, size = .data$where)) +
    ggplot2::scale_shape_manual(values = c(inside = 16, outside = 17)) +
    ggplot2::scale_colour_manual(values = c(inside = shade("mid_highlight"), outside = "black")) +
    ggplot2::scale_size_manual(values = c(inside = 0.8, outside = 1.6)) +
    ggplot2::scale_x_continuous(
      breaks = seq_len(groups), labels = levels(data$group), minor_breaks = NULL,
      guide = ggplot2::guide_axis(angle = if (upright) 90, check.overlap = TRUE)
    ) +
    picture_theme() +
    ggplot2::theme(panel.grid.major.x = ggplot2::element_blank()) +
    legend_below() +
    small_text(groups, "axis.text.x") +
    ggplot2::labs(
      x = fit$group_name, y = response_label(fit), shape = "observation", colour = "observation", size = "observation",
      subtitle = outside_subtitle(data$where == "outside", prob),
      caption = "Line: mean of the prediction. Band: its interval."
    )
}

outside_subtitle <- function(outside, prob) {
  paste0(
    sum(outside), " of ", length(outside), " observations (", format(100 * mean(outside), digits = 2),
    "%) are outside their ", percent(prob), " interval"
  )
}
