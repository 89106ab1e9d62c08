# plot_groups() of counts: what was observed in each group beside its probability or rate.

# `x`: the predictor to show, or NULL. `chosen`: groups, in order.
plot_count_groups <- function(fit, x, chosen, prob, interval, ndraws, call) {
  counts <- fit$reduced
  family <- families[[counts$family]]
  points <- data.frame(
    group = group_factor(chosen, counts$group, chosen), n = counts$size[chosen], y = counts$events[chosen] / counts$size[chosen]
  )
  columns <- columns_of_groups(fit)[chosen, , drop = FALSE]
  prior <- is_prior_only(fit)
  if (!prior) {
    table <- row_table(fit, columns, chosen, noise = 0, prob, interval, call)
    estimates <- data.frame(points[c("group", "n")], table, row.names = NULL)
  } else if (is.null(x)) {
    theta <- expected_draws(fit, columns, chosen, call)
    estimates <- with_prior_draws(points[c("group", "n")], family$inverse(theta), ndraws)
  }
  size <- list(
    ggplot2::geom_point(ggplot2::aes(size = .data$n), points, shape = 23, fill = "white", stroke = if (is_crowded(chosen)) 0.3 else 0.5),
    size_by_n(points$n, family$size)
  )
  observed <- paste0("Diamond: observed ", family$observed, ".")
  label <- outcome_label(fit, TRUE)
  if (!is.null(x)) {
    return(plot_count_line(fit, x, points, if (!prior) estimates, chosen, prob, interval, ndraws, size, observed, call))
  }
  crowded <- is_crowded(chosen)
  intervals <- if (prior) {
    ggplot2::geom_point(ggplot2::aes(.data$mean), estimates, shape = "|", size = 3, colour = shade("dark"))
  } else {
    list(
      ggplot2::geom_linerange(
        ggplot2::aes(xmin = .data$lower, xmax = .data$upper, y = .data$group), estimates, inherit.aes = FALSE,
        colour = shade("mid"), linewidth = if (crowded) 0.3 else 1
      ),
      ggplot2::geom_point(ggplot2::aes(.data$mean), estimates, colour = shade("dark"), size = if (crowded) 0.5 else 1.5)
    )
  }
  layers <- if (prior) list(intervals, size) else list(intervals[[1]], size, intervals[[2]])
  ggplot2::ggplot(points, ggplot2::aes(.data$y, .data$group)) +
    layers +
    picture_theme() +
    legend_below() +
    group_axis(levels(points$group), grouping_factor(fit)) +
    ggplot2::labs(x = label) +
    caption(
      observed, count_caption(fit, prob, interval, ndraws, paste("each", sub(" of .*", "", label))), height_advice(length(chosen))
    )
}

# Each group at its value of x; the population over all of them.
plot_count_line <- function(fit, x, points, estimates, chosen, prob, interval, ndraws, size, observed, call) {
  grid <- grid_of_population(fit, x, call)
  rows <- grid_rows(grid)
  population <- data.frame(x = rows$x)
  population <- if (is_prior_only(fit)) {
    theta <- expected_draws(fit, rows$columns, rep(NA_integer_, nrow(population)), call)
    with_prior_draws(population, families[[fit$model$family]]$inverse(theta), ndraws)
  } else {
    data.frame(
      population, row_table(fit, rows$columns, rep(NA_integer_, nrow(population)), noise = 0, prob, interval, call), row.names = NULL
    )
  }
  points$x <- side_by_side_at(grid$x_groups[chosen])
  if (!is.null(estimates)) estimates$x <- points$x
  size[[1]] <- ggplot2::geom_point(ggplot2::aes(y = .data$y, size = .data$n), points, shape = 23, fill = "white")
  label <- outcome_label(fit, TRUE)
  ggplot2::ggplot(population, ggplot2::aes(.data$x)) +
    (if (is_prior_only(fit)) prior_layer(grid$numeric) else population_layers(grid$numeric)) +
    (if (!is.null(estimates)) {
      ggplot2::geom_linerange(
        ggplot2::aes(ymin = .data$lower, ymax = .data$upper), estimates, colour = shade("dark"), linewidth = 0.4
      )
    }) +
    size +
    (if (!is.null(estimates)) ggplot2::geom_point(ggplot2::aes(y = .data$mean), estimates, size = 1)) +
    picture_theme() +
    legend_below() +
    ggplot2::labs(x = x, y = label) +
    caption(
      observed, count_caption(fit, prob, interval, ndraws, paste("each", sub(" of .*", "", label))),
      if (!is_prior_only(fit)) paste(if (grid$numeric) "Line and band:" else "Bars:", "the same in the population."),
      others_caption(predictor_variables(fit), x, "over all groups")
    )
}

# Values of x, or positions of levels, where groups that are equal stand beside one another: the farther apart, the fewer they are.
side_by_side_at <- function(x) {
  at <- as.numeric(x)
  known <- sort(unique(at))
  room <- if (is.factor(x) || length(known) < 2) 0.9 else min(diff(known), diff(range(known)) / 5)
  place <- stats::ave(at, at, FUN = seq_along) - stats::ave(at, at, FUN = function(same) (length(same) + 1) / 2)
  at + place * 0.5 * room / max(table(at), 4)
}

count_caption <- function(fit, prob, interval, ndraws, of) {
  if (is_prior_only(fit)) {
    return(paste(ndraws, "draws from the prior."))
  }
  source <- if (!has_quadrature(fit)) ", from draws"
  paste0("Point and line: posterior mean and ", interval_name(prob, interval), " of ", of, source, ".")
}

# Behind the groups. At each level of a factor a bar, as wide as the groups are spread.
population_layers <- function(numeric) {
  if (numeric) {
    return(list(
      ggplot2::geom_ribbon(ggplot2::aes(ymin = .data$lower, ymax = .data$upper), fill = shade("light")),
      ggplot2::geom_line(ggplot2::aes(y = .data$mean), colour = shade("mid"), linewidth = 0.8)
    ))
  }
  ggplot2::geom_crossbar(
    ggplot2::aes(y = .data$mean, ymin = .data$lower, ymax = .data$upper), width = 0.5, fill = shade("light"), colour = shade("mid"),
    linewidth = 0.3
  )
}
