# plot() of a fit: intervals, traces and densities of its draws, through bayesplot.

#' Plot the draws of a fit
#'
#' Intervals, traces or densities of the parameters.
#'
#' `"intervals"` has one panel for the means (or intercepts), one for the slopes and one for the standard deviations,
#' because they may lie far apart. The point is the median, the thick line holds the middle 50% of the draws, the thin
#' line the middle 94%. `"trace"` shows the draws in their order, one line a chain ([bayesplot::mcmc_trace()]); the
#' draws of the exact algorithm are independent, so there is nothing to see but noise. For NUTS, divergent transitions are
#' marked at the bottom. `"density"` is [bayesplot::mcmc_dens()], or one line a chain for NUTS
#' ([bayesplot::mcmc_dens_overlay()]).
#'
#' All pictures of the package take their colours from [bayesplot::color_scheme_set()] and their theme from
#' [bayesplot::bayesplot_theme_set()] or [ggplot2::theme_set()]; where neither was called they have
#' [ggplot2::theme_minimal()]. Each is a ggplot, so `+ ggplot2::labs(...)` and so on change it.
#'
#' @param x A fit.
#' @param type `"intervals"`, `"trace"` or `"density"`.
#' @param pars Names of variables, as in `pars = c("hyper_mu", "mu[Oslo]")`. `NULL`: all of them; for traces and
#'   densities the first 9, those that do not belong to a single group before the others.
#' @param ... For `"intervals"`: `prob` and `prob_outer`, the probabilities of the thick and the thin line. For the other
#'   two: arguments of bayesplot's function.
#' @return A ggplot.
#' @section Errors: Of class `bayespool_error_draws`: a fit with `iter_sampling = 0`. Of class
#'   `bayespool_error_argument`: an unknown `type` or variable.
#' @examplesIf rlang::is_installed(c("ggplot2", "bayesplot"))
#' fit <- partial_pooling(yield ~ 1 + (1 | block), npk, seed = 1)
#' plot(fit)
#' plot(fit, "density", pars = c("hyper_mu", "sigma_mu"))
#' @export
plot.bayespool_fit <- function(x, type = c("intervals", "trace", "density"), pars = NULL, ...) {
  call <- rlang::current_env()
  type <- choose_one(type, c("intervals", "trace", "density"), call)
  check_plot_packages(call)
  draws <- fit_draws(x, call = call)
  pars <- if (is.null(pars)) default_pars(x, type) else choose_pars(pars, NULL, posterior::variables(draws), call)
  draws <- draws[, , pars, drop = FALSE]
  mcmc_density <- if (has_chains(x) && posterior::nchains(x) > 1) bayesplot::mcmc_dens_overlay else bayesplot::mcmc_dens
  switch(type,
    intervals = plot_intervals(x, draws, ..., call = call),
    trace = with_picture_theme(bayesplot::mcmc_trace(draws, np = divergences(x), ...)),
    density = with_picture_theme(mcmc_density(draws, ...))
  )
}

# More panels than this are too small to read.
max_panels <- 9

default_pars <- function(fit, type) {
  variables <- layout_variables(fit$model)
  if (type == "intervals" || length(variables) <= max_panels) {
    return(variables)
  }
  of_one_group <- !is.na(fit$model$layout$label)
  chosen <- utils::head(c(variables[!of_one_group], variables[of_one_group]), max_panels)
  cli::cli_inform(
    c("Showing {max_panels} of {length(variables)} variables.", i = "Choose others with {.arg pars}."),
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

plot_intervals <- function(fit, draws, ..., prob = 0.5, prob_outer = 0.94, call) {
  check_no_dots(rlang::exprs(...), call)
  check_probability(prob, call)
  check_probability(prob_outer, call)
  data <- bayesplot::mcmc_intervals_data(draws, prob = prob, prob_outer = prob_outer)
  blocks <- parameter_blocks(fit)
  data$block <- factor(blocks[as.character(data$parameter)], levels = unique(blocks))
  ggplot2::ggplot(data, ggplot2::aes(y = .data$parameter)) +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$ll, xmax = .data$hh), colour = shade("mid")) +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$l, xmax = .data$h), colour = shade("dark"), linewidth = 1.5) +
    ggplot2::geom_point(ggplot2::aes(x = .data$m), shape = 21, size = 2, colour = shade("dark"), fill = "white") +
    (if (nlevels(droplevels(data$block)) > 1) ggplot2::facet_wrap("block", nrow = 1, scales = "free")) +
    ggplot2::scale_x_continuous(guide = ggplot2::guide_axis(check.overlap = TRUE)) +
    picture_theme() +
    group_axis(max(table(data$block)), NULL) +
    ggplot2::labs(
      x = NULL, caption = paste0("Point: median. Lines: ", percent(prob), " and ", percent(prob_outer), " intervals.")
    )
}

# The panel of each variable, named by variable.
parameter_blocks <- function(fit) {
  means <- if (has_predictors(fit$model)) "intercepts" else "means"
  sds <- "standard deviations"
  blocks <- c(population = means, group = means, slope = "slopes", scale_within = sds, scale_between = sds)
  stats::setNames(unname(blocks[fit$model$layout$role]), layout_variables(fit$model))
}
