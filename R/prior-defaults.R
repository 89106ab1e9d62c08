# All priors of a model: the user's, and weakly informative ones, scaled by the data, for the rest.

#' All priors of a model: the user's, and defaults for the rest
#'
#' @param prior The user's argument: `NULL` or a named list of distributions.
#' @param parameters Kind of each parameter, named: see prior_kinds().
#' @param stats List of `mean_y`, `sd_y`, `sigma`, and, named by predictor, `mean_x`, `sd_x`; of counts `mean_y` is 0, the others are 1.
#' @return List of priors in the order of `parameters`, each with `default`.
#' @noRd
resolve_priors <- function(prior, parameters, stats, call = rlang::caller_env()) {
  given <- parse_prior(prior, parameters, call)
  needed <- setdiff(names(parameters), names(given))
  defaults <- default_priors(parameters, stats, needed, call)
  given <- lapply(given, function(x) c(x, default = FALSE))
  defaults <- lapply(defaults, function(x) c(x, default = TRUE))
  c(given, defaults)[names(parameters)]
}

#' Weakly informative priors, scaled as rstanarm's
#'
#' The formulas are on the help page `bayespool-priors`.
#' @inheritParams resolve_priors
#' @param needed Names of the parameters that need a default.
#' @noRd
default_priors <- function(parameters, stats, needed = names(parameters), call = rlang::caller_env()) {
  if (length(needed) == 0L) {
    return(list())
  }
  sd_y <- stats$sd_y
  if (!has_spread(sd_y, stats$mean_y)) {
    abort_bayespool(
      c(
        "Cannot scale default priors: the response has no spread.",
        i = "There is one observation, or all observations are equal.",
        i = "Give priors for {.field {needed}}."
      ),
      "prior", call
    )
  }
  width <- 2.5 * sd_y
  slopes <- names(parameters)[parameters == "slope"]
  slope_sd <- width / vapply(seq_along(slopes), function(k) spread_or_one(stats$sd_x[[k]], stats$mean_x[[k]]), 0)
  names(slope_sd) <- slopes
  # Without predictors the sum is empty and this is the prior of a mean.
  intercept_sd <- sqrt(width^2 + sum((slope_sd * stats$mean_x[seq_along(slopes)])^2))

  priors <- lapply(needed, function(name) {
    if (is_scale(parameters[[name]])) {
      column <- match(sub("^sigma_beta\\[(.*)\\]$", "\\1", name), names(stats$sd_x))
      unit <- if (is.na(column)) 1 else spread_or_one(stats$sd_x[[column]], stats$mean_x[[column]])
      new_prior("exponential", unit / (if (parameters[[name]] == "scale") stats$sigma else sd_y), "scale")
    } else if (parameters[[name]] == "correlation") {
      new_prior("lkj", 1, "correlation")
    } else if (parameters[[name]] == "slope") {
      new_prior("normal", c(0, slope_sd[[name]]), "location")
    } else {
      new_prior("normal", c(stats$mean_y, intercept_sd), "location")
    }
  })
  names(priors) <- needed
  priors
}

# Is an sd more than the rounding error of equal numbers?
has_spread <- function(sd, mean) {
  isTRUE(is.finite(sd) && sd > 4 * .Machine$double.eps * abs(mean))
}

spread_or_one <- function(sd, mean) if (has_spread(sd, mean)) sd else 1
