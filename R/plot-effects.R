# plot_effects(): what a fit expects over one predictor, at the level of the population.

#' Plot the effect of a predictor
#'
#' The expected response over one predictor in the population: in a group whose effect is zero, as that of the average of many
#' new groups; of two grouping factors the effects of both are zero. A line and a band, or a point and an interval at each level of a
#' factor.
#'
#' The expected response is \eqn{\beta_0 + x^\top \beta}{beta_0 + x' beta}, without the effect of any group and without the noise
#' of observations. The columns of the other predictors are at their means over all observations, those of factors too; interactions
#' with the shown predictor are averaged over the observations. After the exact algorithm mean and interval come from
#' quadrature, without draws: given the standard deviations, a combination of coefficients is normal. After NUTS they are of the
#' draws, and the caption says so. With `prior_only = TRUE` this is the expectation of the prior.
#'
#' Of counts (`family`) the expectation is the probability, or the rate, of a group without a deviation, that is of the median group; other
#' predictors are at their means over all groups.
#'
#' @param fit A fit with predictors, other than from [no_pooling()], which has no population.
#' @inheritParams plot_groups
#' @return A ggplot.
#' @section Data of the plot: One row a value of the predictor: `x`, `mean`, `lower` and `upper`, on the scale of the response.
#' @section Errors: Of class `bayespool_error_model`: a fit by [no_pooling()]. Of class `bayespool_error_argument`: a fit without
#'   predictors, an `x` that is not in the formula, a `prob` outside (0, 1). Of class `bayespool_error_data`: a fit from group
#'   moments and a predictor that is not a column of its own. Of class `bayespool_error_draws`: a fit by NUTS without draws.
#' @seealso [plot_groups()] for the lines of the groups, [plot_new_group()] for a new group with its differences from others.
#' @examplesIf rlang::is_installed(c("ggplot2", "bayesplot"))
#' fit <- varying_intercept(yield ~ N * K + P + (1 | block), npk, iter_sampling = 0)
#' plot_effects(fit, "K")
#' plot_effects(varying_intercept(scontrol ~ stress + (1 | site), hpp_sites, iter_sampling = 0))
#' @export
plot_effects <- function(fit, x = NULL, prob = 0.94, interval = c("hdi", "central")) {
  call <- rlang::current_env()
  check_plot_packages(call)
  check_fit(fit, call)
  check_probability(prob, call)
  interval <- choose_interval(interval, call)
  if (has_independent_groups(fit$model)) {
    check_has_population(fit, "plot_effects", "{.fn plot_groups} shows the groups by themselves.", call)
  }
  x <- choose_predictor(population_variables(fit), x, call)
  grid <- grid_of_population(fit, x, call)
  rows <- grid_rows(grid)
  nobody <- rep(NA_integer_, length(rows$x))
  counts <- has_counts(fit$model)
  table <- row_table(fit, rows$columns, nobody, noise = 0, prob, interval, call)
  data <- data.frame(x = rows$x, table, row.names = NULL)
  ggplot2::ggplot(data, ggplot2::aes(.data$x)) +
    band_layers(grid$numeric) +
    picture_theme() +
    ggplot2::labs(x = x, y = if (counts) outcome_label(fit, TRUE) else paste("expected", response_label(fit))) +
    caption(
      paste0(
        if (is_prior_only(fit)) "Prior" else "Posterior", " mean and ", interval_name(prob, interval),
        if (has_groups(fit$model)) " in the population", if (!has_quadrature(fit)) ", from draws", "."
      ),
      others_caption(population_variables(fit), x, if (counts) "over all groups" else "over all observations")
    )
}
