# funnel_plot(): estimates of a meta-analysis over their standard errors.

#' Funnel plot of a meta-analysis
#'
#' Each estimate at the height of its standard error, precise ones at the top, around the pooled effect. The funnel holds `prob` of the
#' estimates of new studies with that standard error.
#'
#' At each standard error \eqn{s} the funnel is the interval of an estimate of a study that is not among these: a mixture of
#' \eqn{N(\mu, \tau^2 + s^2)}{N(hyper_mu, tau^2 + s^2)} over the posterior, exact after the exact algorithm. So at its top, where
#' \eqn{s = 0}, it is as wide as the interval of the effect of a new study, and it is wide where the data say little of the pooled effect or
#' of the heterogeneity \eqn{\tau}. The line is the posterior mean of the pooled effect.
#'
#' Where estimates with a large standard error lie more to one side than others do, small studies may have been published for their
#' results, or may differ from large ones.
#'
#' With moderators the picture has residuals around 0: the estimates minus the posterior means of what is expected in the population at
#' their moderators. The funnel is that of a new study with the means of the moderators over all estimates.
#'
#' @inheritParams forest_plot
#' @param prob Probability in the funnel, between 0 and 1.
#' @return A ggplot.
#' @section Data of the plot: One row an estimate: `group` (its study), `x` (the estimate, or its residual) and `se`. The funnel has `se`,
#'   `lower` and `upper`.
#' @section Errors: Of class `bayespool_error_model`: a fit by another function than [meta_analysis()]. Of class
#'   `bayespool_error_argument`: a fit with `prior_only = TRUE`, a `prob` outside (0, 1). Of class `bayespool_error_draws`: a fit by NUTS
#'   without draws.
#' @references Sterne, J. A. C. and Egger, M. (2001). Funnel plots for detecting bias in meta-analysis. *Journal of Clinical Epidemiology*,
#'   54(10), 1046-1055. \doi{10.1016/S0895-4356(01)00377-8}
#' @seealso [forest_plot()]
#' @examplesIf rlang::is_installed(c("ggplot2", "bayesplot"))
#' trials <- data.frame(
#'   trial = 1:6, yi = c(-0.9, -0.3, -0.5, -1.2, 0.1, -0.4), se = c(0.4, 0.2, 0.3, 0.6, 0.5, 0.1)
#' )
#' fit <- meta_analysis(
#'   yi ~ 1 + (1 | trial), trials, se = se, iter_sampling = 0,
#'   prior = list(hyper_mu = dist_normal(0, 1), sigma_mu = dist_exponential(2))
#' )
#' funnel_plot(fit)
#' @export
funnel_plot <- function(fit, prob = 0.94, interval = c("hdi", "central")) {
  call <- rlang::current_env()
  check_plot_packages(call)
  check_meta_analysis(fit, "funnel_plot", call)
  check_interval_prob(prob, call)
  interval <- choose_interval(interval, call)
  rows <- observed_rows(fit, "funnel_plot()", call)
  sigma <- fit$model$scale_within$known
  se <- sigma / sqrt(rows$weight)
  # Its ends curve where the standard error is small beside the heterogeneity: 100 pieces look smooth.
  grid <- seq(0, 1.05 * max(se), length.out = 101)
  table_of <- function(x, group, noise) row_table(fit, x, rep(group, nrow(x)), noise, prob, interval, call)
  average <- matrix(colMeans(rows$x), length(grid), ncol(rows$x), byrow = TRUE)
  funnel <- table_of(average, length(fit$reduced$group) + 1L, grid^2 / sigma^2)
  data <- data.frame(group = group_factor(rows$group, fit$reduced$group), x = rows$y, se = se)
  centre <- table_of(average[1, , drop = FALSE], NA_integer_, 0)[, "mean"]
  moderators <- has_moderators(fit)
  if (moderators) {
    check_centre(centre, call)
    data$x <- data$x - table_of(rows$x, NA_integer_, 0)[, "mean"]
    funnel <- funnel - centre
    centre <- 0
  }
  funnel <- data.frame(se = grid, funnel[, c("lower", "upper")])
  ggplot2::ggplot(data, ggplot2::aes(y = .data$se)) +
    ggplot2::geom_ribbon(
      ggplot2::aes(xmin = .data$lower, xmax = .data$upper), funnel, orientation = "y", fill = shade("light"), colour = shade("mid")
    ) +
    (if (!is.nan(centre)) ggplot2::geom_vline(xintercept = centre, colour = shade("dark"))) +
    ggplot2::geom_point(ggplot2::aes(.data$x), shape = 21, fill = "white", size = if (is_crowded(se)) 1.2 else 2) +
    ggplot2::scale_y_reverse(expand = ggplot2::expansion(mult = c(0, 0.03))) +
    picture_theme() +
    ggplot2::labs(x = paste0(if (moderators) "residual of ", response_label(fit)), y = "standard error") +
    caption(
      if (!moderators && !is.nan(centre)) "Line: pooled effect.",
      paste0(
        "Funnel: ", interval_name(prob, interval), " of an estimate of a new study", if (moderators) " with average moderators",
        if (!has_quadrature(fit)) ", from draws", "."
      )
    )
}

check_centre <- function(centre, call) {
  if (is.nan(centre)) {
    abort_bayespool(
      c(
        "{.fn funnel_plot} with moderators needs posterior means, and these do not exist here.",
        i = "Flat priors and few studies leave the coefficients too open; give {.arg prior}."
      ),
      "model", call
    )
  }
}
