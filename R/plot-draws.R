# plot() of a fit: intervals of its parameters, traces and densities of its draws.

#' Plot the parameters of a fit
#'
#' Intervals, traces or densities of the parameters.
#'
#' `"intervals"` has one panel for the means (or intercepts), one for the slopes and one for the standard deviations,
#' because they may lie far apart; of counts (`family`) all are on the scale of the link.
#' Slopes, or standard deviations, of very different size (more than tenfold) have panels of
#' their own. Where slopes vary between groups there is one more panel for each of these slopes, the population's first, one for
#' the standard deviations of slopes and one for correlations. With two grouping factors the effects of each, which are differences from the
#' population, have a panel. The point is the median, the thin line the interval that holds
#' `prob`, the thick line that with `prob_inner`.
#' After the exact algorithm they come from quadrature and need no draws. `"trace"` shows the draws in their order, one line a
#' chain ([bayesplot::mcmc_trace()]); the draws of the exact algorithm are independent, so there is nothing to see but noise. For
#' NUTS, divergent transitions are marked at the bottom. `"density"` is [bayesplot::mcmc_dens()], or one line a chain for NUTS
#' ([bayesplot::mcmc_dens_overlay()]).
#'
#' All pictures of the package take their colours from [bayesplot::color_scheme_set()] and their theme from
#' [bayesplot::bayesplot_theme_set()] or [ggplot2::theme_set()]; where neither was called they have
#' [ggplot2::theme_minimal()]. Each is a ggplot, so `+ ggplot2::labs(...)` and so on change it.
#'
#' @param x A fit.
#' @param type `"intervals"`, `"trace"` or `"density"`.
#' @param pars Names of variables, as in `pars = c("hyper_mu", "mu[Oslo]")`.
#' @param regex_pars Regular expressions, as in `regex_pars = "^sigma"`: variables that match one of them are shown beside
#'   those of `pars`, in that order. Both `NULL`: all variables; for traces and densities the first 9, those that do not belong to a
#'   single group before the others.
#' @param ... For traces and densities: arguments of bayesplot's function.
#' @inheritParams group_arguments
#' @param factor With two grouping factors the name of the one whose effects to show, beside what belongs to no single group; `groups` and
#'   `sort` choose among its groups. `NULL`: those of both.
#' @param prob,prob_inner Probabilities of the thin and the thick line of `"intervals"`, between 0 and 1.
#' @param interval `"hdi"`, highest density intervals, or `"central"`, with as much probability below as above.
#' @return A ggplot.
#' @section Data of the plot: For `"intervals"` one row a variable: `parameter` (a factor in the order drawn), `panel`, `group` (the
#'   group that it belongs to, or `NA`), with two factors `factor` (that of the group), `median`, `lower`, `upper`, `inner_lower` and
#'   `inner_upper`. The data of the others
#'   are bayesplot's.
#' @section Errors: Of class `bayespool_error_draws`: a trace or a density of a fit with `iter_sampling = 0`. Of class
#'   `bayespool_error_argument`: an unknown `type`, variable, `factor` or group, `groups` or `sort` without a `factor` where there are two,
#'   an expression that matches no variable, a probability outside (0, 1).
#' @examplesIf rlang::is_installed(c("ggplot2", "bayesplot"))
#' fit <- partial_pooling(yield ~ 1 + (1 | block), npk, seed = 1)
#' plot(fit)
#' plot(fit, "density", pars = "hyper_mu", regex_pars = "^sigma")
#' plot(fit, groups = 1:3, sort = "mean", interval = "central")
#' @export
plot.bayespool_fit <- function(x, type = c("intervals", "trace", "density"), pars = NULL, regex_pars = NULL, ..., groups = NULL,
                               sort = c("data", "label", "size", "mean"), factor = NULL, prob = 0.94, prob_inner = 0.5,
                               interval = c("hdi", "central")) {
  call <- rlang::current_env()
  type <- choose_one(type, c("intervals", "trace", "density"), call)
  interval <- choose_interval(interval, call)
  check_plot_packages(call)
  check_probability(prob, call)
  check_probability(prob_inner, call)
  sort <- choose_one(sort, group_orders, call)
  variables <- if (has_two_terms(x$model) && is.null(factor) && is.null(groups) && sort == "data") {
    layout_variables(x$model)
  } else {
    shown <- shown_groups(x, factor, call)
    in_order_of_groups(x, shown, choose_groups(shown$moments, groups, sort, call))
  }
  if (!is.null(pars) || !is.null(regex_pars)) {
    # What an expression matches is in the order of the groups, too.
    variables <- intersect(choose_pars(pars, regex_pars, union(variables, layout_variables(x$model)), call), variables)
  }
  if (type == "intervals") {
    check_no_dots(rlang::exprs(...), call)
    return(plot_intervals(x, variables, prob, prob_inner, interval, call))
  }
  draws <- fit_draws(x, call = call)
  if (is.null(pars) && is.null(regex_pars)) variables <- most_important(x, variables)
  draws <- draws[, , variables, drop = FALSE]
  mcmc_density <- if (has_chains(x) && posterior::nchains(x) > 1) bayesplot::mcmc_dens_overlay else bayesplot::mcmc_dens
  switch(type,
    trace = with_picture_theme(bayesplot::mcmc_trace(draws, np = divergences(x), ...)),
    density = with_picture_theme(mcmc_density(draws, ...))
  )
}

# The variables of these groups in their order, where those of all groups were, and those of no single group.
in_order_of_groups <- function(fit, shown, chosen) {
  layout <- fit$model$layout
  block <- paste(layout$role, layout$direction)
  block <- match(block, unique(block))
  place <- match(layout$label, shown$moments$group[chosen])
  if (!is.null(shown$other)) place[layout$term %in% shown$other] <- NA
  kept <- is.na(layout$label) | !is.na(place)
  layout$variable[kept][order(block[kept], place[kept])]
}

# More panels than this are too small to read.
max_panels <- 9

most_important <- function(fit, variables) {
  if (length(variables) <= max_panels) {
    return(variables)
  }
  of_one_group <- !is.na(fit$model$layout$label[match(variables, layout_variables(fit$model))])
  chosen <- utils::head(c(variables[!of_one_group], variables[of_one_group]), max_panels)
  cli::cli_inform(
    c("Showing {max_panels} of {length(variables)} variables.", i = "Choose others with {.arg pars} or {.arg groups}."),
    class = "bayespool_message_pars"
  )
  chosen
}

# What bayesplot needs to mark divergences, or NULL where there are none.
divergences <- function(fit) {
  if (has_chains(fit)) {
    np <- nuts_params.bayespool_fit(fit, pars = "divergent__")
    if (any(np$Value > 0)) np
  }
}

plot_intervals <- function(fit, variables, prob, prob_inner, interval, call) {
  layout <- fit$model$layout[match(variables, layout_variables(fit$model)), ]
  table_of <- function(prob) interval_table(fit, prob, interval, variables, call = call)[, c("lower", "upper"), drop = FALSE]
  outer <- table_of(prob)
  inner <- table_of(prob_inner)
  data <- data.frame(
    parameter = factor(variables, levels = variables), panel = interval_panels(fit, layout, outer), group = layout$label,
    median = posterior_table(fit, 0.5, call = call)[variables, "q50"], lower = outer[, "lower"], upper = outer[, "upper"],
    inner_lower = inner[, "lower"], inner_upper = inner[, "upper"], row.names = NULL
  )
  if (has_two_terms(fit$model)) data$factor <- ifelse(is.na(layout$label), NA, layout$term)
  arranged <- arrange_panels(fit, data$panel, layout)
  data$panel <- arranged$panel
  columns <- arranged$columns
  rows <- table(data$panel)
  crowded <- is_crowded(variables)
  ggplot2::ggplot(data, ggplot2::aes(y = .data$parameter)) +
    ggplot2::geom_linerange(
      ggplot2::aes(xmin = .data$lower, xmax = .data$upper), colour = shade(if (crowded) "light_highlight" else "mid"),
      linewidth = if (crowded) 0.3 else 0.5
    ) +
    ggplot2::geom_linerange(
      ggplot2::aes(xmin = .data$inner_lower, xmax = .data$inner_upper), colour = shade(if (crowded) "mid" else "dark"),
      linewidth = if (crowded) 0.5 else 1.5
    ) +
    ggplot2::geom_point(
      ggplot2::aes(x = .data$median), shape = 21, size = if (crowded) 0.5 else 2, colour = shade("dark"),
      fill = if (crowded) shade("dark") else "white"
    ) +
    (if (nlevels(data$panel) > 1) panels_by_rows(rows, columns)) +
    picture_theme() +
    group_axis(variables, NULL, lines = nlevels(data$panel) == 1) +
    ggplot2::labs(x = NULL) +
    caption(
      "Point: median. Lines:", percent(prob_inner), "and", interval_name(prob, interval),
      if (has_quadrature(fit)) "by quadrature." else "of the draws.",
      height_advice(sum(rows_of_panels(rows, columns)), panel_heights(rows, columns))
    )
}

# Intercepts and slopes of many groups are beside one another, as are the effects of two factors, unless labels need the width. `panel`: of
# each variable, whose rows of the `layout` these are. Returns `panel`, with levels in the order drawn, and the number of `columns`.
arrange_panels <- function(fit, panel, layout) {
  wide <- max(nchar(layout$variable, "width")) > if (has_two_terms(fit$model)) 30 else 45 # titles have the factors' names, too
  effects <- if (has_two_terms(fit$model)) unique(as.character(panel[layout$role == "group"]))
  if (wide || length(effects) < 2) {
    return(list(panel = panel, columns = if (!wide && varies_in_slope(fit$model)) 2 else 1))
  }
  sds <- unique(as.character(panel[layout$role %in% c("scale_within", "scale_between")]))
  before <- setdiff(levels(panel), c(effects, sds))
  # Whole rows of panels before those of the effects.
  if (length(before) %% 2 == 1) before <- c(before, sds)
  whole <- length(before) %% 2 == 0
  list(panel = if (whole) factor(panel, unique(c(before, effects, sds))) else panel, columns = if (whole) 2 else 1)
}

# Of panels beside one another those of the highest.
rows_of_panels <- function(rows, columns) as.vector(tapply(rows, (seq_along(rows) - 1) %/% columns, max))

# In rows: even one row needs some of the height.
panel_heights <- function(rows, columns) {
  rows <- rows_of_panels(rows, columns)
  pmax(rows, 0.1 * (1 + pmin(rows, 3)) * max(rows))
}

# Panels as high as their `rows` need, each with an x axis of its own.
panels_by_rows <- function(rows, columns) {
  stacked <- ggplot2::facet_wrap("panel", ncol = columns, scales = "free")
  heights <- ggplot2::unit(panel_heights(rows, columns), "null")
  ggplot2::ggproto(NULL, stacked, draw_panels = function(self, ...) {
    table <- ggplot2::ggproto_parent(stacked, self)$draw_panels(...)
    table$heights[sort(ggplot2::panel_rows(table)$t)] <- heights
    table
  })
}

# The panel of each variable: by what it is, and where those of no group differ more than tenfold in size, by that. A slope that varies
# has the population's and those of the groups in a panel of its own.
interval_panels <- function(fit, layout, ends) {
  two <- has_two_terms(fit$model)
  means <- if (two) {
    "intercept"
  } else if (has_predictors(fit$model) || varies_in_slope(fit$model)) {
    "intercepts"
  } else if (!has_counts(fit$model)) {
    "means"
  }
  link <- c(binomial = "log odds", poisson = "logarithms of rates")
  if (has_counts(fit$model)) means <- paste(c(means, link[[fit$model$family]]), collapse = ": ")
  sds <- "standard deviations"
  sds_of_slopes <- "standard deviations of slopes"
  blocks <- c(
    population = means, group = means, slope = "slopes", scale_within = sds, scale_between = sds, correlation = "correlations"
  )
  block <- unname(blocks[layout$role])
  direction <- layout$direction
  population <- match(layout$variable, fit$model$slopes)
  varies <- fit$model$predictors[population] %in% effect_directions(fit$model)
  direction[varies] <- fit$model$predictors[population[varies]]
  of_slope <- !is.na(direction) & direction != intercept_direction
  own <- of_slope & layout$role %in% c("slope", "group")
  block[own] <- paste("slopes of", shorten(direction[own]))
  block[of_slope & layout$role == "scale_between"] <- sds_of_slopes
  of_factor <- two & layout$role == "group"
  block[of_factor] <- paste("effects of", shorten(layout$term[of_factor]))
  scale <- rep(1, length(block))
  for (here in split(seq_along(block), block)[intersect(c("slopes", sds, sds_of_slopes), block)]) {
    scale[here] <- scale_of_size(pmax(abs(ends[here, "lower"]), abs(ends[here, "upper"])))
  }
  several <- block %in% block[scale > 1]
  panel <- ifelse(several, paste0(block, " (", scale, ")"), block)
  factor(panel, levels = unique(panel[order(match(block, unique(block)), scale)]))
}

# 1 for the least size and those up to ten times it, 2 for the next and those up to ten times that, and so on.
scale_of_size <- function(size) {
  scale <- rep(1, length(size))
  for (i in order(size)) {
    larger <- size > 10 * size[i] & scale == scale[i]
    scale[larger] <- scale[i] + 1
  }
  scale
}
