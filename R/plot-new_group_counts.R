# plot_new_group() of counts: the probability or rate of a group that a fit has not seen.

# `rows`: as new_group_rows() has them.
plot_new_count_group <- function(fit, rows, prob, call) {
  family <- families[[fit$model$family]]
  if (any(distinct_rows(rows$x, rows$group) > 0)) {
    abort_bayespool(
      c(
        "Predictors of counts belong to groups: the rows of a new group must have the same.",
        i = "Found {.field {fit$model$predictors}} that differ in {.arg newdata}."
      ),
      "data", call
    )
  }
  x <- rows$x[1, , drop = FALSE]
  group <- rows$group[1]
  interval <- row_table(fit, x, group, noise = 0, prob, "hdi", call)
  draws <- drop(expected_counts(fit$model, theta_of_draws(fit$model, draws_matrix(fit, call), x, groups_of_model(fit, group)), 1))
  observed <- observed_in_new_group(fit, rows$data, call)
  # Rates of groups that are few sds above the mean are large multiples of the others.
  most <- max(stats::quantile(draws, 0.99), interval[, "upper"], observed$y)
  within <- draws[draws <= most]
  peak <- max(stats::density(within)$y)
  ggplot2::ggplot(data.frame(value = within), ggplot2::aes(.data$value)) +
    ggplot2::geom_density(fill = shade("light"), colour = shade("dark")) +
    ggplot2::geom_linerange(
      ggplot2::aes(y = 0, xmin = .data$lower, xmax = .data$upper), as.data.frame(interval), inherit.aes = FALSE, linewidth = 1.5
    ) +
    ggplot2::geom_point(ggplot2::aes(.data$mean, 0), as.data.frame(interval), shape = 21, size = 3, fill = "white", na.rm = TRUE) +
    (if (!is.null(observed)) {
      ggplot2::geom_point(ggplot2::aes(.data$y, -0.1 * peak), observed, inherit.aes = FALSE, shape = 23, size = 3, fill = "black")
    }) +
    picture_theme() +
    ggplot2::theme(axis.text.y = ggplot2::element_blank()) +
    ggplot2::labs(
      x = paste(outcome_label(fit, TRUE), if (has_groups(fit$model)) "in a new group"), y = "density",
      subtitle = if (!is.null(observed)) {
        paste0(
          if (!is.null(rows$label)) paste0(shorten(rows$label), ": "), format(observed$events), " of ", format(observed$size), " ",
          family$size
        )
      }
    ) +
    caption(
      if (is_prior_only(fit)) "Prior prediction.", if (!is.nan(interval[, "mean"])) "Point: mean.",
      paste0("Line: ", interval_name(prob, "hdi"), "."), if (is.nan(interval[, "mean"])) "The mean does not exist.",
      if (!is.null(observed)) paste0("Diamond: observed ", family$observed, ".")
    )
}

# What was observed there, or NULL where `data` does not have all of it.
observed_in_new_group <- function(fit, data, call) {
  parsed <- fit$parsed
  needed <- c(all.vars(parsed$response_expr), unlist(lapply(parsed$offset, all.vars)), all.vars(fit$weights))
  if (!all(needed %in% names(data))) {
    return(NULL)
  }
  weights <- if (is.null(fit$weights)) rlang::quo(NULL) else rlang::new_quosure(fit$weights, baseenv())
  counts <- reduce_counts(parsed, attach_trials(parsed, data, weights, call), call)
  data.frame(y = counts$events / counts$size, events = counts$events, size = counts$size)
}
