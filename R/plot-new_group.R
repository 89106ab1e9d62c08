# plot_new_group(): what a fit predicts for a group that it has not seen.

#' Plot the prediction for a new group
#'
#' The posterior distribution of the mean of a group that was not among the data, and that of one observation in such a
#' group.
#'
#' The mean of a new group is drawn from the population, so it varies with the differences between groups
#' (`sigma_mu` or `sigma_0`) beside the uncertainty of the population's mean. An observation scatters around it with
#' `sigma_y`. Complete pooling knows no groups: there is only a new observation. No pooling learns nothing from one group
#' about another and cannot predict a new one. With `prior_only = TRUE` these are prior predictions.
#'
#' @param fit A fit with draws, other than from [no_pooling()].
#' @param newdata With predictors: a data frame of one row with their values.
#' @param prob Probability in the highest density interval under each curve, between 0 and 1.
#' @param seed A whole number: the same seed gives the same draws. `NULL` takes one from R's random number generator.
#' @return A ggplot.
#' @section Errors: Of class `bayespool_error_model`: a fit by [no_pooling()]. Of class `bayespool_error_argument`: a
#'   `prob` outside (0, 1). Of class `bayespool_error_data`: predictors without `newdata`, more than one row. Of class
#'   `bayespool_error_draws`: a fit with `iter_sampling = 0`.
#' @examplesIf rlang::is_installed(c("ggplot2", "bayesplot"))
#' plot_new_group(partial_pooling(scontrol ~ 1 + (1 | site), hpp_sites, seed = 1), seed = 1)
#' fit <- varying_intercept(scontrol ~ stress + (1 | site), hpp_sites, seed = 1)
#' plot_new_group(fit, newdata = data.frame(stress = 40), seed = 1)
#' @export
plot_new_group <- function(fit, newdata = NULL, prob = 0.94, seed = NULL) {
  call <- rlang::current_env()
  check_plot_packages(call)
  check_fit(fit, call)
  check_probability(prob, call)
  if (has_independent_groups(fit$model)) {
    abort_bayespool(
      c(
        "{.fn {fit$model$name}} cannot predict a new group.",
        i = "It learns nothing from one group about another: a new group would have its prior, whatever the data.",
        i = "Use {.or {.fn {population_verbs()}}}."
      ),
      "model", call
    )
  }
  row <- new_group_row(fit, newdata, call)
  observation <- as.vector(rstantools::posterior_predict(fit, newdata = row, seed = seed))
  draws <- if (has_groups(fit$model)) {
    mean <- as.vector(rstantools::posterior_epred(fit, newdata = row, seed = seed))
    data.frame(
      what = rep(c("mean of a new group", "observation in a new group"), c(length(mean), length(observation))),
      value = c(mean, observation)
    )
  } else {
    data.frame(what = "new observation", value = observation)
  }
  groups <- split(draws$value, draws$what)
  intervals <- lapply(groups, function(values) interval_of_draws(matrix(values), prob, "hdi"))
  intervals <- data.frame(what = names(groups), do.call(rbind, intervals))
  ggplot2::ggplot(draws, ggplot2::aes(.data$value)) +
    ggplot2::geom_density(fill = shade("light"), colour = shade("dark")) +
    ggplot2::geom_linerange(
      ggplot2::aes(y = 0, xmin = .data$lower, xmax = .data$upper), intervals, inherit.aes = FALSE, linewidth = 1.5
    ) +
    ggplot2::geom_point(ggplot2::aes(.data$mean, 0), intervals, shape = 21, size = 3, fill = "white") +
    ggplot2::facet_wrap("what", ncol = 1, scales = "free_y") +
    picture_theme() +
    ggplot2::theme(axis.text.y = ggplot2::element_blank()) +
    ggplot2::labs(
      x = response_label(fit), y = "density",
      caption = paste0(
        if (is_prior_only(fit)) "Prior prediction. ", "Point: mean. Line: ", percent(prob), " highest density interval."
      )
    )
}

# One row of a group whose label no other has.
new_group_row <- function(fit, newdata, call) {
  predictors <- predictor_variables(fit)
  if (is.null(newdata) && length(predictors) == 0) {
    newdata <- data.frame(row.names = 1)
  }
  if (!is.data.frame(newdata) || nrow(newdata) != 1) {
    abort_bayespool(
      c(
        "{.arg newdata} must be a data frame with one row: the values of the predictors for the new group.",
        i = "The predictor{?s} {?is/are} {.val {predictors}}.",
        i = "Found {if (is.data.frame(newdata)) paste(nrow(newdata), 'rows') else format_found(newdata)}."
      ),
      "data", call
    )
  }
  if (has_grouping_factor(fit)) {
    newdata[[grouping_factor(fit)]] <- utils::tail(make.unique(c(fit$moments$group, "new group")), 1)
  }
  newdata
}
