# posterior_vs_prior(): what is known of the parameters before and after the data.

#' Prior and posterior side by side
#'
#' Draws for each parameter the median and two intervals of its prior and of its posterior. Where they look alike the data have said little,
#' and what is concluded rests on the prior. The function and its first arguments are those of rstanarm.
#'
#' For a fit by the exact algorithm both sides are exact: the posterior by quadrature, and the prior from the quantiles of its
#' distribution. Group
#' means, intercepts and slopes have a prior too: that of a group of which nothing is known, with the priors of the population's mean
#' and of the standard deviations between groups. It is found by quadrature as well, as with `prior_only = TRUE`, which takes a
#' distribution for the prior of every parameter. The posterior of a fit by NUTS is from its draws.
#'
#' Flat priors are no distributions and have no intervals: their parameters are left out, and with them the groups', unless
#' `pars` asks for them, which is an error.
#'
#' @param object A fit.
#' @param pars,regex_pars Names of parameters, and regular expressions that match some; `NULL`: all parameters that have a prior of their
#'   own,
#'   without the groups.
#' @param prob Probability in the outer interval, between 0 and 1, with as much below as above. The inner one holds half of it.
#' @param facet Whether each parameter has a panel with an axis of its own. With `FALSE` they stand below one another on one axis.
#' @param ... Not used.
#' @return A ggplot2 object. Its `data` is a data frame with columns `parameter`, `distribution` (`"prior"` or `"posterior"`), `median`,
#'   and the
#'   ends of the intervals, `lower`, `upper`, `inner_lower`, `inner_upper`.
#' @section Errors: Of class `bayespool_error_argument`: unknown parameters, or parameters without a prior distribution. Of class
#'   `bayespool_error_draws`: a fit by NUTS without draws.
#' @seealso [prior_summary()][prior_summary.bayespool_fit], [bayespool-priors].
#' @examples
#' fit <- partial_pooling(yield ~ 1 + (1 | block), npk, iter_sampling = 0)
#' posterior_vs_prior(fit)
#' posterior_vs_prior(fit, regex_pars = "^mu", facet = FALSE)
#' @export
posterior_vs_prior <- function(object, ...) {
  UseMethod("posterior_vs_prior")
}

# Where this package was attached after rstanarm.
#' @rawNamespace S3method(posterior_vs_prior, default, posterior_vs_prior_of_rstanarm)
posterior_vs_prior_of_rstanarm <- function(object, ...) {
  rlang::check_installed("rstanarm")
  getExportedValue("rstanarm", "posterior_vs_prior")(object, ...)
}

#' @rdname posterior_vs_prior
#' @export
#' @rawNamespace S3method(rstanarm::posterior_vs_prior, bayespool_fit)
posterior_vs_prior.bayespool_fit <- function(object, pars = NULL, regex_pars = NULL, prob = 0.94, facet = TRUE, ...) {
  call <- rlang::current_env()
  check_no_dots(rlang::exprs(...), call)
  check_plot_packages(call)
  check_interval_prob(prob, call)
  check_flag(facet, call)
  variables <- choose_with_prior(object, pars, regex_pars, call)
  probs <- c((1 - prob) / 2, 0.5 - prob / 4, 0.5, 0.5 + prob / 4, (1 + prob) / 2)
  posterior <- posterior_table(object, probs, call = call)[variables, -(1:2), drop = FALSE]
  sides <- list(prior = prior_quantiles(object, variables, probs, call), posterior = posterior)
  data <- do.call(rbind, lapply(names(sides), function(name) {
    data.frame(
      parameter = factor(variables, variables), distribution = factor(name, names(sides)), side = unname(sides[[name]])
    )
  }))
  names(data)[-(1:2)] <- c("lower", "inner_lower", "median", "inner_upper", "upper")
  draw_prior_and_posterior(data, prob, facet, has_chains(object))
}

# The variables to show. Some have no prior distribution: those with a flat prior, and groups where the population has one.
choose_with_prior <- function(fit, pars, regex_pars, call) {
  layout <- fit$model$layout
  flat <- unlist(lapply(names(Filter(is_flat, fit$priors)), prior_variables, model = fit$model))
  without <- c(flat, if (has_population(fit$model) && length(flat) > 0) layout_variables(fit$model, "group"))
  if (is.null(pars) && is.null(regex_pars)) {
    chosen <- setdiff(layout$variable[is.na(layout$label)], without)
    if (length(chosen) == 0) chosen <- setdiff(layout$variable, without)
  } else {
    chosen <- choose_pars(pars, regex_pars, layout$variable, call)
  }
  wrong <- if (length(chosen) == 0) without else intersect(chosen, without)
  if (length(wrong) > 0) {
    abort_bayespool(
      c(
        "{cli::qty(wrong)}{?This parameter has/These parameters have} no prior distribution to show: {.val {wrong}}.",
        i = "A prior is flat: {.val {names(Filter(is_flat, fit$priors))}}.",
        i = "Choose others with {.arg pars}, or fit with a proper prior, such as {.code dist_normal()}."
      ),
      "argument", call
    )
  }
  chosen
}

# Quantiles of the prior of each variable: of its distribution, or what the priors of the population and of the standard deviations imply.
prior_quantiles <- function(fit, variables, probs, call) {
  result <- matrix(NA_real_, length(variables), length(probs), dimnames = list(variables, NULL))
  for (name in names(fit$priors)) {
    own <- intersect(prior_variables(fit$model, name), variables)
    prior <- fit$priors[[name]]
    if (length(own) > 0) {
      quantiles <- if (prior$kind == "correlation") {
        # Of one correlation of q effects: (rho + 1) / 2 has a beta distribution.
        shape <- prior$par + length(varying_term(fit$model)$directions) / 2 - 1
        2 * stats::qbeta(probs, shape, shape) - 1
      } else {
        stats::quantile(as_distribution(prior), probs)[[1]]
      }
      result[own, ] <- rep(quantiles, each = length(own))
    }
  }
  implied <- variables[is.na(result[, 1])]
  if (length(implied) > 0) {
    posterior <- new_posterior(fit$model, fit$reduced, fit$priors, prior_only = TRUE, call)
    chosen <- match(implied, layout_variables(fit$model))
    result[implied, ] <- exact_table(posterior, probs, chosen = chosen, call = call)[, -(1:2)]
  }
  result
}

draw_prior_and_posterior <- function(data, prob, facet, drawn) {
  labels <- levels(data$parameter)
  data$group <- data$parameter
  side <- if (facet) ggplot2::aes(y = .data$distribution) else ggplot2::aes(y = .data$parameter)
  place <- if (facet) "identity" else ggplot2::position_dodge2(width = 0.6, reverse = TRUE)
  shades <- c(prior = shade("mid"), posterior = shade("dark_highlight"))
  picture <- ggplot2::ggplot(data, side) +
    ggplot2::aes(colour = .data$distribution, shape = .data$distribution) +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$lower, xmax = .data$upper), position = place, linewidth = 0.5) +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$inner_lower, xmax = .data$inner_upper), position = place, linewidth = 1.4) +
    ggplot2::geom_point(ggplot2::aes(x = .data$median), position = place, size = 2.2, fill = "white") +
    ggplot2::scale_colour_manual(values = shades) +
    ggplot2::scale_shape_manual(values = c(prior = 21, posterior = 19)) +
    picture_theme() +
    ggplot2::labs(x = NULL, y = NULL, colour = NULL, shape = NULL) +
    caption(
      paste0("Medians and central intervals that hold ", percent(prob / 2), " and ", percent(prob)),
      if (drawn) "(the posterior from draws)"
    )
  if (facet) {
    picture + group_panels(labels, "free_x") + ggplot2::scale_y_discrete(limits = rev) +
      ggplot2::scale_x_continuous(n.breaks = 4, guide = ggplot2::guide_axis(check.overlap = TRUE)) +
      ggplot2::theme(legend.position = "none", panel.spacing.x = ggplot2::unit(1.5, "lines"))
  } else {
    picture + group_axis(labels, NULL) + legend_below()
  }
}
