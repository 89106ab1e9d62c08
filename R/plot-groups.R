# plot_groups(): the data of each group beside what a fit says about the group's mean.

#' Plot groups beside a fit
#'
#' The observations of each group, with the posterior mean and interval of the group's mean: as a line and a band over a
#' predictor, one panel a group, or, without predictors, as a point and a line, one row a group.
#'
#' The interval is the highest density interval of the mean, not of observations: for these see `pp_check(fit, type =
#' "groups")`. With several predictors, one is shown and the columns of the others are at their means in the group;
#' interactions with the shown one are averaged over the group's rows. With `prior_only = TRUE` the picture shows single
#' draws from the prior, for example prior lines, beside the data, which these draws have not seen.
#'
#' A fit from group moments has no observations to show. There is one point a group in their place: the
#' mean of the response, at the mean of the predictor, with the number of observations as its area. The line reaches two
#' standard deviations of the predictor beyond the outermost means.
#'
#' @param fit A fit with draws.
#' @param x Name of the predictor to show; `NULL`: the first in the formula.
#' @param prob Probability in the interval, between 0 and 1.
#' @param ndraws How many draws to show of a fit with `prior_only = TRUE`.
#' @return A ggplot.
#' @section Errors: Of class `bayespool_error_draws`: a fit with `iter_sampling = 0`. Of class
#'   `bayespool_error_argument`: an `x` that is not in the formula, a `prob` outside (0, 1). Of class
#'   `bayespool_error_data`: a fit from group moments and a predictor that is not a column of its own, such as
#'   a factor, `poly(x, 2)` or a part of an interaction.
#' @seealso [plot_data()] before there is a fit.
#' @examplesIf rlang::is_installed(c("ggplot2", "bayesplot"))
#' plot_groups(partial_pooling(yield ~ 1 + (1 | block), npk, seed = 1))
#' sites <- subset(hpp_sites, site %in% c("Southampton", "Portugal", "Kassel", "Tsinghua"))
#' plot_groups(varying_intercept(scontrol ~ stress + (1 | site), sites, seed = 1))
#' @export
plot_groups <- function(fit, x = NULL, prob = 0.94, ndraws = 50) {
  call <- rlang::current_env()
  check_plot_packages(call)
  check_fit(fit, call)
  check_probability(prob, call)
  check_positive_count(ndraws, call)
  draws <- posterior::as_draws_matrix(fit_draws(fit, call = call))
  predictors <- predictor_variables(fit)
  if (length(predictors) == 0) {
    if (!is.null(x)) abort_no_predictor(x, predictors, call)
    picture <- plot_group_means(fit, draws, prob, ndraws, call)
  } else {
    x <- x %||% predictors[1]
    if (!(rlang::is_string(x) && x %in% predictors)) abort_no_predictor(x, predictors, call)
    picture <- plot_group_lines(fit, draws, x, prob, ndraws, call)
  }
  picture + legend_below() + ggplot2::labs(caption = groups_caption(fit, prob, ndraws))
}

abort_no_predictor <- function(x, predictors, call) {
  abort_bayespool(
    c(
      "{.arg x} must be the name of a predictor.",
      i = "Found {.code {format_found(x)}}.",
      i = if (length(predictors) == 0) "The fit has none." else "There {?is/are} {.val {predictors}}."
    ),
    "argument", call
  )
}

groups_caption <- function(fit, prob, ndraws) {
  data <- if (has_rows(fit)) "Points: observations." else "Points: means of the groups."
  predicted <- if (is_prior_only(fit)) {
    paste(ndraws, "draws of each mean from the prior.")
  } else {
    paste0("Posterior mean and ", percent(prob), " interval of each mean.")
  }
  paste(data, predicted)
}

# Data: rows, or the means of the groups with their size `n`. `x`: values of a predictor by row and by group.
group_points <- function(fit, call, x_rows = NULL, x_means = NULL) {
  labels <- fit$moments$group
  if (!has_rows(fit)) {
    means <- fit$moments$mean
    points <- data.frame(group = group_factor(seq_along(labels), labels), y = means[, ncol(means)], n = fit$moments$n)
    points$x <- x_means
    return(points)
  }
  rows <- observed_rows(fit, "A picture of the observations", call)
  points <- data.frame(group = group_factor(rows$group, labels), y = rows$y)
  points$x <- x_rows
  points
}

# Without predictors -------------------------------------------------------------------------------------------------------

plot_group_means <- function(fit, draws, prob, ndraws, call) {
  points <- group_points(fit, call)
  labels <- fit$moments$group
  group <- group_factor(seq_along(labels), labels)
  means <- vapply(seq_along(labels), function(j) as.vector(group_intercept(fit, draws, j)), numeric(nrow(draws)))
  dim(means) <- c(nrow(draws), length(labels)) # a vector where there is one draw
  from_rows <- has_rows(fit)
  ggplot2::ggplot(points, ggplot2::aes(.data$y, .data$group)) +
    (if (from_rows) jittered_points()) +
    (if (is_prior_only(fit)) {
      chosen <- spread_draws_evenly(draws, ndraws)
      prior <- data.frame(group = rep(group, each = length(chosen)), y = as.vector(means[chosen, ]))
      ggplot2::geom_point(data = prior, shape = "|", size = 3, colour = shade("dark"))
    } else {
      ggplot2::geom_pointrange(
        ggplot2::aes(.data$mean, xmin = .data$lower, xmax = .data$upper),
        data.frame(group = group, summarise_columns(means, prob)),
        shape = 21, size = 0.4, stroke = 0.8, linewidth = 1, fill = "white",
        colour = shade(if (from_rows) "dark_highlight" else "mid")
      )
    }) +
    # Few and small beside the interval: on top of it.
    (if (!from_rows) list(ggplot2::geom_point(ggplot2::aes(size = .data$n), shape = 5), size_by_n())) +
    picture_theme() +
    group_axis(length(labels), grouping_factor(fit)) +
    ggplot2::labs(x = response_label(fit))
}

# Draws of the mean of group j, or of its intercept beside predictors.
group_intercept <- function(fit, draws, j) {
  model <- fit$model
  if (has_groups(model)) {
    draws[, layout_variables(model, "group")[j]]
  } else if (has_intercept(model)) {
    draws[, model$intercept]
  } else {
    0
  }
}

# Positions of `ndraws` of the draws, over all chains.
spread_draws_evenly <- function(draws, ndraws) {
  round(seq(1, nrow(draws), length.out = min(ndraws, nrow(draws))))
}

summarise_columns <- function(draws, prob) {
  hdi <- HDInterval::hdi(draws, credMass = prob)
  data.frame(mean = colMeans(draws), lower = hdi[1, ], upper = hdi[2, ])
}

# With a predictor ---------------------------------------------------------------------------------------------------------

plot_group_lines <- function(fit, draws, x, prob, ndraws, call) {
  grid <- if (has_rows(fit)) grid_from_rows(fit, x, call) else grid_from_moments(fit, x, call)
  points <- group_points(fit, call, grid$x_rows, fit$moments$mean[, grid$column])
  labels <- fit$moments$group
  chosen <- if (is_prior_only(fit)) spread_draws_evenly(draws, ndraws)
  slopes <- unclass(draws[, fit$model$slopes])
  lines <- lapply(seq_along(labels), function(j) {
    # draws x values: intercept and slopes at the columns (values x S) of this group.
    mean <- as.vector(group_intercept(fit, draws, j)) + tcrossprod(slopes, grid$columns(j))
    described <- if (is_prior_only(fit)) {
      data.frame(mean = as.vector(t(mean[chosen, ])), draw = rep(chosen, each = length(grid$values)))
    } else {
      summarise_columns(mean, prob)
    }
    data.frame(group = group_factor(j, labels), x = grid$values, described)
  })
  lines <- do.call(rbind, lines)
  ggplot2::ggplot(lines, ggplot2::aes(.data$x)) +
    (if (is.numeric(grid$values)) line_layers(fit, points) else level_layers(fit, points)) +
    (if (!identical(labels, "")) ggplot2::facet_wrap("group")) +
    picture_theme() +
    small_text(length(labels), "strip.text", "axis.text.x", "axis.text.y") +
    ggplot2::labs(x = x, y = response_label(fit))
}

line_layers <- function(fit, points) {
  list(
    point_layer(fit, points, ggplot2::position_identity()),
    if (is_prior_only(fit)) {
      ggplot2::geom_line(
        ggplot2::aes(y = .data$mean, group = .data$draw), colour = shade("dark"), alpha = 0.4, linewidth = 0.3
      )
    } else {
      list(
        ggplot2::geom_ribbon(ggplot2::aes(ymin = .data$lower, ymax = .data$upper), fill = shade("mid"), alpha = 0.5),
        ggplot2::geom_line(ggplot2::aes(y = .data$mean), colour = shade("dark_highlight"), linewidth = 0.8)
      )
    }
  )
}

# A factor has no line: a point and an interval at each level.
level_layers <- function(fit, points) {
  list(
    point_layer(fit, points, ggplot2::position_jitter(width = 0.15, height = 0, seed = 1)),
    if (is_prior_only(fit)) {
      ggplot2::geom_point(ggplot2::aes(y = .data$mean), shape = "-", size = 5, colour = shade("dark"))
    } else {
      ggplot2::geom_pointrange(
        ggplot2::aes(y = .data$mean, ymin = .data$lower, ymax = .data$upper), shape = 21, fill = "white",
        colour = shade("dark_highlight"), size = 0.4
      )
    }
  )
}

point_layer <- function(fit, points, position) {
  if (!has_rows(fit)) {
    return(list(ggplot2::geom_point(ggplot2::aes(y = .data$y, size = .data$n), points, shape = 5), size_by_n()))
  }
  ggplot2::geom_point(ggplot2::aes(y = .data$y), points, position = position, colour = "grey40", alpha = 0.5, size = 1)
}
