# plot_shrinkage(): the two effects of each group in their plane, by itself and in the population.

#' Plot the shrinkage of intercepts and slopes
#'
#' For a fit whose groups differ in two effects, as an intercept and a slope: each group's own least-squares line as a point in the
#' plane of the two, and an arrow from there to the posterior mean of the group's effects. Ellipses show how the population of groups
#' spreads around its mean.
#'
#' A group's own line is fitted to its observations alone, by least squares. A group whose rows do not determine both
#' effects, as those with one value of the predictor, has no line and is shown by its posterior mean. Coefficients that all
#' groups share, as those of other predictors, have their posterior means. Groups move towards the population's mean, but not
#' straight: what their data say poorly moves most, and where the effects are correlated one informs the other.
#'
#' The ellipses hold `prob_inner` and `prob` of a normal population around the posterior means of its coefficients, with the
#' posterior medians of its standard deviations and correlation. The intercept is the expected response where the predictor
#' is 0; where that is far from the data, intercepts and slopes are so closely related that ellipses become lines. Subtract a
#' typical value from the predictor then.
#'
#' The picture has room for the posterior means and the ellipses and as much again to each side. Lines of groups outside of it are
#' at the end of arrows that come from the edge, and the caption counts them. Up to 25 groups have labels; where these would cover
#' one another those of the first groups in the order of `sort` stay. Points are the larger the more observations they stand
#' for.
#'
#' @param fit A fit by [varying_intercept_slope()], [varying_slope()] or [mixed_model()] with two effects that vary, other than with
#'   `prior_only = TRUE`. It needs no draws after the exact algorithm.
#' @param prob,prob_inner Probabilities in the outer and the inner ellipse, between 0 and 1.
#' @inheritParams group_arguments
#' @return A ggplot.
#' @section Data of the plot: One row a group: `group` (a factor in the order of `sort`), `n` (size of the group), `own_x` and `own_y` (its
#'   own line; `NA` where it has none), `x` and `y` (posterior means). `x` is the first effect, as a rule the intercept, in the
#'   unit of the response; `y` is the second, as a rule a slope, in units of the response per unit of the predictor. The ellipses
#'   have `prob`, `x` and `y`.
#' @section Errors: Of class `bayespool_error_model`: a fit whose groups do not differ in two effects, as that with two grouping
#'   factors. Of class
#'   `bayespool_error_argument`: a fit with `prior_only = TRUE`, a probability outside (0, 1), groups that are not in the fit. Of class
#'   `bayespool_error_draws`: a fit by NUTS without draws.
#' @references Bates, D. M. (2010). *lme4: Mixed-effects modeling with R*, chapter 4 (draft).
#'
#'   Gelman, A. and Hill, J. (2007). *Data Analysis Using Regression and Multilevel/Hierarchical Models*, chapter 13. Cambridge
#'   University Press.
#' @seealso [plot_groups()] for the lines beside the data; `plot()` of [compare_pooling()] for the shrinkage of means.
#' @examplesIf rlang::is_installed(c("ggplot2", "bayesplot"))
#' centred <- transform(datasets::Orange, age = (age - 900) / 365)
#' fit <- varying_intercept_slope(circumference ~ age + (1 + age | Tree), centred, iter_sampling = 0)
#' plot_shrinkage(fit)
#' @export
plot_shrinkage <- function(fit, prob = 0.94, prob_inner = 0.5, groups = NULL, sort = c("data", "label", "size", "mean")) {
  call <- rlang::current_env()
  check_plot_packages(call)
  check_fit(fit, call)
  check_two_effects(fit, call)
  check_probability(prob, call)
  check_probability(prob_inner, call)
  chosen <- choose_groups(fit$reduced, groups, sort, call)
  table <- posterior_table(fit, 0.5, call = call)
  population <- population_of_effects(fit, table)
  data <- effects_of_groups(fit, table, population)[chosen, ]
  data$group <- group_factor(chosen, fit$reduced$group, chosen)
  ellipses <- rbind(ellipse(population, prob), ellipse(population, prob_inner))
  window <- shrinkage_window(data, ellipses)
  draw_shrinkage(fit, data, ellipses, population, window) +
    caption(
      "Point: posterior mean", if (!has_quadrature(fit)) "(of the draws)", "of a group's effects; arrow: from its own least-squares line.",
      paste0("Ellipses: ", percent(prob_inner), " and ", percent(prob), " of the population; cross: its mean."), left_out(data, window)
    )
}

check_two_effects <- function(fit, call) {
  if (has_two_terms(fit$model)) {
    factors <- vapply(fit$model$terms, `[[`, "", "factor")
    abort_bayespool(
      c(
        "{.fn plot_shrinkage} draws two effects of each group, as an intercept and a slope.",
        i = "This fit has one of each group of {.field {factors}}: an intercept.",
        i = "{.code plot_groups(factor = {format_expr(factors[1])})} shows the groups; {.code (1 + x | {factors[1]})} lets a slope vary."
      ),
      "model", call
    )
  }
  directions <- if (has_population(fit$model)) varying_term(fit$model)$directions
  if (length(directions) != 2) {
    abort_bayespool(
      c(
        "{.fn plot_shrinkage} draws two effects of each group, and this fit has {length(directions)}.",
        i = if (length(directions) > 0) "They are {.val {directions}}.",
        i = if (length(directions) > 2) "{.code plot_groups()} shows the groups of any fit.",
        i = if (length(directions) < 2) "{.code (1 + x | g)} lets an intercept and a slope vary.",
        i = if (length(directions) < 2) "{.code plot()} of {.fn compare_pooling} shows the shrinkage of means."
      ),
      "model", call
    )
  }
  if (is_prior_only(fit)) {
    abort_bayespool(
      c("{.fn plot_shrinkage} needs a posterior.", i = "This fit has {.code prior_only = TRUE}: its groups have not seen the data."),
      "argument", call
    )
  }
}

# `mean` of the two effects and a square root of their covariance, `root` (upper triangular: root'root is the covariance).
population_of_effects <- function(fit, table) {
  model <- fit$model
  term <- varying_term(model)
  mean_of <- function(direction) {
    variable <- if (direction == intercept_direction) model$intercept else intersect(indexed("beta", direction), model$slopes)
    if (length(variable) > 0) table[variable, "mean"] else 0
  }
  rho <- if (length(term$correlation) > 0) table[term$correlation, "q50"] else 0
  sd <- table[term$sd, "q50"]
  list(
    mean = vapply(term$directions, mean_of, 0, USE.NAMES = FALSE),
    root = rbind(c(sd[1], rho * sd[2]), c(0, sqrt(1 - rho^2) * sd[2]))
  )
}

ellipse <- function(population, prob) {
  angle <- seq(0, 2 * pi, length.out = 181)
  at <- sqrt(stats::qchisq(prob, 2)) * cbind(cos(angle), sin(angle)) %*% population$root
  data.frame(prob = prob, x = population$mean[1] + at[, 1], y = population$mean[2] + at[, 2])
}

effects_of_groups <- function(fit, table, population) {
  means <- vapply(varying_term(fit$model)$directions, function(direction) {
    table[layout_variables(fit$model, "group", direction), "mean"]
  }, numeric(length(fit$reduced$group)))
  dim(means) <- c(length(fit$reduced$group), 2)
  own <- own_lines(fit, table[, "mean"])
  data.frame(n = fit$reduced$n, own_x = own[, 1], own_y = own[, 2], x = means[, 1], y = means[, 2])
}

# Least squares in each group: groups x 2, NA where the group's rows do not determine both. What all groups share is subtracted from the
# response first, with the coefficients in `means`.
own_lines <- function(fit, means) {
  model <- fit$model
  moments <- fit$reduced
  directions <- varying_term(model)$directions
  columns <- match(setdiff(directions, intercept_direction), model$columns)
  with_intercept <- intercept_direction %in% directions
  # The response less what is shared: this combination of the columns and the response.
  shared <- setdiff(seq_along(model$predictors), columns)
  response <- length(model$columns) + 1
  combination <- numeric(response)
  combination[shared] <- -means[model$slopes[shared]]
  combination[response] <- 1
  constant <- if (!with_intercept && has_intercept(model)) means[[model$intercept]] else 0
  size <- group_weights(moments)
  t(vapply(seq_along(size), function(j) {
    mean <- moments$mean[j, ]
    products <- unpack_within(moments$within[j, ])
    outcome <- sum(combination * mean) - constant
    x <- mean[columns]
    squares <- products[columns, columns, drop = FALSE]
    with_y <- drop(products[columns, , drop = FALSE] %*% combination)
    if (with_intercept) {
      # What is left of a constant column is its rounding error.
      slope <- if (squares > size[j] * (1e-10 * x)^2) drop(with_y / squares) else NA_real_
      c(outcome - slope * x, slope)
    } else {
      solve_or_missing(squares + size[j] * outer(x, x), with_y + size[j] * x * outcome)
    }
  }, numeric(2)))
}

# The solution of two normal equations, missing where they have many.
solve_or_missing <- function(squares, with_y) {
  scale <- sqrt(diag(squares))
  if (any(scale == 0)) {
    return(c(NA_real_, NA_real_))
  }
  scaled <- squares / outer(scale, scale)
  if (rcond(scaled) < 1e-10) c(NA_real_, NA_real_) else solve(scaled, with_y / scale) / scale
}

# The part of the plane to draw: posterior means, ellipses, and the lines of groups that are as far from these as they reach.
shrinkage_window <- function(data, ellipses) {
  lapply(c(x = "x", y = "y"), function(axis) {
    needed <- range(data[[axis]], ellipses[[axis]])
    own <- data[[paste0("own_", axis)]]
    near <- !is.na(own) & own >= needed[1] - diff(needed) & own <= needed[2] + diff(needed)
    range(needed, own[near])
  })
}

is_in_window <- function(x, y, window) {
  x >= window$x[1] & x <= window$x[2] & y >= window$y[1] & y <= window$y[2]
}

# What the caption says of groups without a line in the picture.
left_out <- function(data, window) {
  none <- sum(is.na(data$own_x))
  outside <- sum(!is_in_window(data$own_x, data$own_y, window), na.rm = TRUE)
  c(
    if (none > 0) paste0("Without a line of their own: ", none, " of ", nrow(data), "."),
    if (outside > 0) paste0("Lines outside of the picture: ", outside, ".")
  )
}

draw_shrinkage <- function(fit, data, ellipses, population, window) {
  directions <- varying_term(fit$model)$directions
  crowded <- nrow(data) > 25
  labels <- if (!crowded) effect_labels(data, window)
  lines <- data[!is.na(data$own_x), ]
  points <- data.frame(
    group = c(data$group, lines$group), n = c(data$n, lines$n), x = c(data$x, lines$own_x), y = c(data$y, lines$own_y),
    what = rep(c("in the population", "by itself"), c(nrow(data), nrow(lines)))
  )
  ggplot2::ggplot(data, ggplot2::aes(.data$x, .data$y)) +
    ggplot2::geom_path(ggplot2::aes(group = .data$prob), ellipses, colour = "grey40", linewidth = 0.4) +
    ggplot2::geom_point(
      ggplot2::aes(fill = .data$what, size = .data$n), points, shape = 21, colour = "black", stroke = if (crowded) 0.2 else 0.4
    ) +
    ggplot2::geom_segment(
      ggplot2::aes(.data$own_x, .data$own_y, xend = .data$x, yend = .data$y), lines, colour = shade("mid_highlight"),
      linewidth = if (crowded) 0.2 else 0.4,
      arrow = ggplot2::arrow(length = ggplot2::unit(if (crowded) 0.04 else 0.07, "inches"), angle = 25)
    ) +
    ggplot2::annotate("point", x = population$mean[1], y = population$mean[2], shape = 3, size = 4, stroke = 1) +
    (if (!crowded) {
      ggplot2::geom_text(ggplot2::aes(label = .data$label, hjust = .data$hjust), labels, size = 2.6, check_overlap = TRUE)
    }) +
    ggplot2::scale_fill_manual(values = c("by itself" = "white", "in the population" = shade("mid"))) +
    size_by_n(data$n) +
    ggplot2::coord_cartesian(xlim = range_with_labels(window$x, labels), ylim = window$y) +
    picture_theme() +
    legend_below() +
    ggplot2::guides(fill = ggplot2::guide_legend(override.aes = list(size = 2.5), order = 1), size = ggplot2::guide_legend(order = 2)) +
    ggplot2::labs(x = effect_label(directions[1]), y = effect_label(directions[2]), fill = "group")
}

# Beside a group's own line, on the side away from its posterior mean; beside that where the line is not in the picture.
effect_labels <- function(data, window) {
  own <- is_in_window(data$own_x, data$own_y, window) %in% TRUE
  left <- own & data$own_x < data$x
  label <- shorten(as.character(data$group), 20)
  data.frame(
    label = ifelse(left, paste0(label, "   "), paste0("   ", label)), x = ifelse(own, data$own_x, data$x),
    y = ifelse(own, data$own_y, data$y), hjust = as.numeric(left)
  )
}

# Wider, so that labels are not cut off at its ends: a character takes less than a hundredth of the width.
range_with_labels <- function(range, labels) {
  share <- 0.01 * nchar(labels$label, "width")
  left <- labels$hjust == 1
  low <- range[1] - labels$x[left]
  high <- labels$x[!left] - range[2]
  # The least widths at which each label ends within.
  reach <- function(beyond, share) max(0, (beyond + share * diff(range)) / (1 - share))
  range + c(-reach(low, share[left]), reach(high, share[!left]))
}
