# plot_groups(): the data of each group beside what a fit says about the group's mean.

#' Plot groups beside a fit
#'
#' The observations of each group, with the posterior mean and interval of the group's mean: as a line and a band over a
#' predictor, one panel a group, or, without predictors, as a point and a line, one row a group.
#'
#' **Of two grouping factors** the picture shows the groups of one, `factor`. The mean of a subject is then that at an average item, whose
#' effect is 0: a mean over many items, also those that the subject has not seen. The observations hold the effects of their items, so they
#' scatter more, and those of a subject with hard items lie to one side of the line. Where the groups of `factor` are within those of the
#' other, as classes in schools, each mean holds the effect of its school too.
#'
#' The interval is of the mean, not of observations: for these see `pp_check(fit, type = "groups")`. After the exact algorithm
#' it comes from quadrature and needs no draws. With several predictors, one is shown and the columns of the others are at
#' their means in the group; interactions with the shown one are averaged over the group's rows. With `prior_only = TRUE` the
#' picture shows single draws from the prior, for example prior lines, beside the data, which these draws have not seen.
#'
#' A line reaches as far as the observations of its group (a little further where these are all alike), and a factor has only
#' the levels that are in the group; `range = "all"` draws over all of the data.
#'
#' A fit from group moments has no observations to show. There is one point a group in their place: the
#' mean of the response, at the mean of the predictor, with the number of observations as its area. The line reaches two
#' standard deviations of the predictor to each side of that point, or beyond the outermost means with `range = "all"`.
#'
#' **Of counts** (`family`) there is one point a group, the proportion or rate that was observed, with the number of trials or the exposure
#' as its area, beside the posterior mean and interval of the group's probability or rate. Predictors belong to groups, so with a
#' predictor the groups stand in one panel, each at its value, with the expectation of the population as a line and a band (a line
#' at each level of a factor).
#'
#' @param fit A fit.
#' @param x Name of the predictor to show; `NULL`: the first in the formula.
#' @param prob Probability in the interval, between 0 and 1.
#' @param interval `"hdi"`, the highest density interval, or `"central"`, with as much probability below as above.
#' @inheritParams group_arguments
#' @param range `"group"` or `"all"`: whether a line reaches as far as the observations of its group, or as all of them.
#' @param ndraws How many draws to show of a fit with `prior_only = TRUE`.
#' @param factor Name of the grouping factor whose groups to show, where the model has two.
#' @return A ggplot.
#' @section Data of the plot: With a predictor the data of the plot are the lines, without one they are the observations. Each
#'   layer has `group` (a factor in the order drawn) and `n` (size of the group), for facets. Lines and intervals have `x` (value
#'   of the predictor), `mean`, `lower` and `upper`; prior draws have `draw` (its number) and `mean`; observations have `y` and
#'   `x`.
#' @section Errors: Of class `bayespool_error_argument`: an `x` that is not in the formula, a `prob` outside (0, 1), groups that
#'   are not in the fit, no `factor` where there are two, or one that is not in the formula. Of class `bayespool_error_draws`: a fit with
#'   `prior_only = TRUE` and `iter_sampling = 0`. Of class
#'   `bayespool_error_data`: a fit from group moments and a predictor that is not a column of its own, such as
#'   a factor, `poly(x, 2)` or a part of an interaction.
#' @seealso [plot_data()] before there is a fit; [plot_effects()] for the population.
#' @examplesIf rlang::is_installed(c("ggplot2", "bayesplot"))
#' plot_groups(partial_pooling(yield ~ 1 + (1 | block), npk, iter_sampling = 0))
#' fit <- varying_intercept(scontrol ~ stress + (1 | site), hpp_sites, iter_sampling = 0)
#' plot_groups(fit, groups = c("Southampton", "Portugal", "Kassel", "Tsinghua"))
#' plot_groups(fit, groups = 1:6, sort = "size", range = "all")
#' @export
plot_groups <- function(fit, x = NULL, prob = 0.94, interval = c("hdi", "central"), groups = NULL,
                        sort = c("data", "label", "size", "mean"), range = c("group", "all"), ndraws = 50,
                        factor = NULL) {
  call <- rlang::current_env()
  check_plot_packages(call)
  check_fit(fit, call)
  check_probability(prob, call)
  interval <- choose_interval(interval, call)
  range <- choose_one(range, c("group", "all"), call)
  check_positive_count(ndraws, call)
  shown <- shown_groups(fit, factor, call)
  predictors <- predictor_variables(fit)
  with_line <- length(predictors) > 0
  if (has_counts(fit$model)) {
    if (with_line || !is.null(x)) x <- choose_predictor(predictors, x, call)
    return(plot_count_groups(fit, x, choose_groups(fit$reduced, groups, sort, call), prob, interval, ndraws, call))
  }
  if (with_line || !is.null(x)) x <- choose_predictor(predictors, x, call)
  chosen <- choose_groups(shown$moments, groups, sort, call, most = if (with_line) most_panels else Inf)
  picture <- if (with_line) {
    plot_group_lines(fit, x, shown, chosen, prob, interval, range == "all", ndraws, call)
  } else {
    plot_group_means(fit, shown, chosen, prob, interval, ndraws, call)
  }
  picture + legend_below() + caption(
    if (has_rows(fit)) "Points: observations." else "Points: means of the groups.", estimate_caption(fit, shown, prob, interval, ndraws),
    if (with_line) others_caption(predictors, x, "in each group") else height_advice(length(chosen))
  )
}

estimate_caption <- function(fit, shown, prob, interval, ndraws) {
  if (is_prior_only(fit)) {
    return(paste0(ndraws, " draws of each mean", beside_other_factor(shown), " from the prior."))
  }
  source <- if (!has_quadrature(fit)) ", from draws"
  paste0("Posterior mean and ", interval_name(prob, interval), " of each mean", beside_other_factor(shown), source, ".")
}

# Data: rows, or the means of the groups. `x`: values of a predictor by row and by group.
group_points <- function(fit, shown, chosen, call, x_rows = NULL, x_means = NULL) {
  moments <- shown$moments
  if (!has_rows(fit)) {
    points <- data.frame(
      group = group_factor(chosen, moments$group, chosen), y = moments$mean[chosen, ncol(moments$mean)], n = moments$n[chosen]
    )
    points$x <- x_means[chosen]
    return(points)
  }
  rows <- observed_rows(fit, "A picture of the observations", call)
  group <- rows$levels[, shown$position]
  used <- group %in% chosen
  points <- data.frame(group = group_factor(group[used], moments$group, chosen), y = rows$y[used], n = moments$n[group[used]])
  points$x <- x_rows[used]
  points
}

# Without predictors -------------------------------------------------------------------------------------------------------

plot_group_means <- function(fit, shown, chosen, prob, interval, ndraws, call) {
  model <- fit$model
  labels <- shown$moments$group
  points <- group_points(fit, shown, chosen, call)
  estimates <- data.frame(group = group_factor(chosen, labels, chosen), n = shown$moments$n[chosen])
  no_columns <- matrix(0, length(chosen), 0)
  if (is_prior_only(fit)) {
    draws <- expected_draws(fit, no_columns, at_levels(shown, chosen), call)
    estimates <- with_prior_draws(estimates, draws, ndraws)
  } else if (has_two_terms(model)) {
    estimates <- data.frame(estimates, row_table(fit, no_columns, at_levels(shown, chosen), noise = 0, prob, interval, call))
  } else {
    variables <- if (has_groups(model)) layout_variables(model, "group")[chosen] else rep(model$intercept, length(chosen))
    estimates <- data.frame(estimates, interval_table(fit, prob, interval, variables, call = call), row.names = NULL)
  }
  from_rows <- has_rows(fit)
  crowded <- is_crowded(chosen)
  ggplot2::ggplot(points, ggplot2::aes(.data$y, .data$group)) +
    (if (from_rows) jittered_points(crowded)) +
    (if (is_prior_only(fit)) {
      ggplot2::geom_point(ggplot2::aes(.data$mean), estimates, shape = "|", size = 3, colour = shade("dark"))
    } else {
      ggplot2::geom_pointrange(
        ggplot2::aes(.data$mean, xmin = .data$lower, xmax = .data$upper), estimates,
        shape = 21, size = if (crowded) 0.15 else 0.4, stroke = if (crowded) 0.4 else 0.8,
        linewidth = if (crowded) 0.3 else 1, fill = "white",
        colour = shade(if (from_rows) "dark_highlight" else "mid")
      )
    }) +
    # Few and small beside the interval: on top of it.
    (if (!from_rows) list(ggplot2::geom_point(ggplot2::aes(size = .data$n), shape = 5), size_by_n(points$n))) +
    picture_theme() +
    group_axis(levels(estimates$group), shown$name) +
    ggplot2::labs(x = response_label(fit))
}

# With a predictor ---------------------------------------------------------------------------------------------------------

plot_group_lines <- function(fit, x, shown, chosen, prob, interval, all, ndraws, call) {
  labels <- shown$moments$group
  grid <- grid_of_groups(fit, x, shown, chosen, all, call)
  points <- group_points(fit, shown, chosen, call, grid$x_rows, if (!has_rows(fit)) shown$moments$mean[, grid$column])
  rows <- grid_rows(grid)
  group <- chosen[rows$cell]
  lines <- data.frame(group = group_factor(group, labels, chosen), n = shown$moments$n[group], x = rows$x)
  lines <- if (is_prior_only(fit)) {
    with_prior_draws(lines, expected_draws(fit, rows$columns, at_levels(shown, group), call), ndraws)
  } else {
    data.frame(lines, row_table(fit, rows$columns, at_levels(shown, group), noise = 0, prob, interval, call))
  }
  ggplot2::ggplot(lines, ggplot2::aes(.data$x)) +
    point_layer(fit, points, grid$numeric) +
    (if (is_prior_only(fit)) prior_layer(grid$numeric) else band_layers(grid$numeric)) +
    picture_theme() +
    (if (!identical(labels, "")) group_panels(levels(lines$group))) +
    ggplot2::labs(x = x, y = response_label(fit))
}

point_layer <- function(fit, points, numeric) {
  if (!has_rows(fit)) {
    return(list(ggplot2::geom_point(ggplot2::aes(y = .data$y, size = .data$n), points, shape = 5), size_by_n(points$n)))
  }
  position <- if (numeric) "identity" else ggplot2::position_jitter(width = 0.15, height = 0, seed = 1)
  ggplot2::geom_point(ggplot2::aes(y = .data$y), points, position = position, colour = "grey40", alpha = 0.5, size = 1)
}
