# Reads the user's priors: distributional's objects become the plain lists of prior-families.R.

#' Priors
#'
#' Every fitting function takes `prior`, a named list with one
#' [distribution][prior_distributions] for each parameter that should not have
#' the default prior. The names are parameter names without an index.
#' [prior_summary()][prior_summary.bayespool_fit] shows the priors that a fit used.
#'
#' To change one prior of a list assign it, as in `prior$sigma_mu <- dist_exponential(2)`. [utils::modifyList()] does not work
#' here: a distribution is itself a list, and the old one comes back without a word.
#'
#' @section Parameters:
#'
#' | model | location | scale |
#' |---|---|---|
#' | [complete_pooling()] | `mu`; with predictors `beta_0`, `beta` | `sigma` |
#' | [no_pooling()] | `mu`; with predictors `beta_0j`, `beta` | `sigma` |
#' | [partial_pooling()] | `hyper_mu` | `sigma_y`, `sigma_mu` |
#' | [varying_intercept()] | `beta_0`, `beta` | `sigma_y`, `sigma_0` |
#' | [varying_slope()] | `beta_0`, `beta` | `sigma_y`, `sigma_beta` |
#' | [varying_intercept_slope()], [mixed_model()] | `beta_0`, `beta` | `sigma_y`, `sigma_0`, `sigma_beta` |
#' | [mixed_model()] with two factors | `beta_0`, `beta` | `sigma_y`, `sigma_0` |
#' | [meta_analysis()] | `hyper_mu`; with moderators `beta_0`, `beta` | `sigma_mu`; with moderators `sigma_0`, `sigma_beta` |
#'
#' `beta` stands for all slopes; `beta[stress]` is the slope of `stress` alone
#' and takes precedence over `beta`, and likewise `sigma_beta` and `sigma_beta[stress]`, the standard deviations of slopes between
#' groups. With two grouping factors `sigma_0` stands for the standard deviations of both, and `sigma_0[subject]` is that of one.
#' Where the effects of a group are correlated, all their correlations have one prior, `rho = ` [dist_lkj()].
#' In [no_pooling()] each group has its own `mu` (or `beta_0j`) and, unless it is common to all, its own `sigma`: the prior
#' holds for each of them, independently.
#'
#' The prior on an intercept is on the intercept as written, the mean response
#' where all predictors are 0. Predictors are not centred.
#'
#' @section Distributions for a location:
#'
#' * `dist_normal(mean, sd)`: note that the second number is a standard deviation.
#' * `dist_uniform(-Inf, Inf)`: flat. The data alone must then determine the parameter.
#' * `dist_degenerate(x)`: the parameter is known to be `x`.
#'
#' @section Distributions for a scale:
#'
#' All of these are priors on a standard deviation, not on a variance, a
#' precision or a logarithm.
#'
#' * `dist_exponential(rate)` (its mean is `1 / rate`), `dist_gamma(shape, rate)`, `dist_lognormal(mu, sigma)`,
#'   `dist_uniform(min, max)` with `min` at least 0.
#' * [dist_log_student_t()]`(df, mu, sigma)`: the logarithm of the standard deviation has a Student-t distribution. Published priors for
#'   the heterogeneity of studies have this form or the log-normal one: see [empirical-priors].
#' * `dist_inverse_gamma(shape, scale = )`: name the second argument. Its density is
#'   proportional to
#'   \eqn{x^{-\mathrm{shape} - 1} \exp(-\mathrm{scale} / x)}{x^(-shape - 1) exp(-scale / x)}; an unnamed second number
#'   is the rate, which is `1 / scale`.
#' * `dist_normal(mean, sd)`, `dist_student_t(df, mu, sigma)`, `dist_cauchy(location, scale)`: these
#'   are cut at 0. What is left above 0 is scaled up to a density. With the location at 0 that is the
#'   half-normal, half-Student-t and half-Cauchy distribution. Give them as they
#'   are; there is no need for [distributional::dist_truncated()].
#' * `dist_uniform(0, Inf)` or `dist_uniform(-Inf, Inf)`: flat above 0.
#' * `dist_degenerate(x)`: the standard deviation is known to be `x`. `sigma_mu` and `sigma_0` may be
#'   fixed at 0, which leaves no differences between the groups.
#'
#' @section Defaults:
#'
#' A parameter without a prior gets a weakly informative one, scaled by the data
#' as rstanarm does it:
#'
#' | parameter | default |
#' |---|---|
#' | `mu`, `hyper_mu`; `beta_0`, `beta_0j` without predictors | normal(mean(y), 2.5 sd(y)) |
#' | a slope | normal(0, 2.5 sd(y) / sd(x)) |
#' | `beta_0`, `beta_0j` beside predictors | normal(mean(y), s), s as below |
#' | a scale | exponential(1 / sd(y)) |
#' | `sigma_beta[x]` | exponential(sd(x) / sd(y)) |
#' | `rho` | LKJ(1) |
#'
#' Beside predictors the intercept is the mean response at x = 0, which may lie far from the data. So its normal is
#' wider, as the first two rows imply there:
#' \deqn{s^2 = (2.5\,\mathrm{sd}(y))^2 + \sum_k (2.5\,\mathrm{sd}(y) / \mathrm{sd}(x_k))^2\,\mathrm{mean}(x_k)^2
#'   }{s^2 = (2.5 sd(y))^2 + sum_k (2.5 sd(y) / sd(x_k))^2 mean(x_k)^2}
#' It does not change when the user gives a prior to a slope. A predictor that is constant counts as one with
#' sd 1. Where the response has no spread (one observation, or all equal) there
#' is nothing to scale with, and every parameter needs a prior from the user.
#'
#' With weights ([bayespool-weights]) means and standard deviations are weighted ones, and sd(y) is that of an observation of average
#' weight \eqn{\bar w}{w}. The standard deviation within groups is that of one of weight 1: its default is
#' exponential(1 / (sqrt(w) sd(y))).
#'
#' @section Errors:
#' A prior that cannot be used is an error of class `bayespool_error_prior`; a prior with which the posterior does not
#' exist, such as a flat one on a standard deviation between two groups, one of class `bayespool_error_improper`.
#'
#' @seealso [prior_distributions], [empirical-priors], [prior_summary()][prior_summary.bayespool_fit].
#'
#' @references
#' Goodrich B, Gabry J, Ali I, Brilleman S. rstanarm: Bayesian applied
#' regression modeling via Stan. R package, <https://CRAN.R-project.org/package=rstanarm>;
#' its vignette *Prior Distributions for rstanarm Models*.
#'
#' Gelman A (2006). Prior distributions for variance parameters in hierarchical
#' models. *Bayesian Analysis* 1(3), 515-534. \doi{10.1214/06-BA117A}.
#'
#' @examples
#' # The prior on sigma_mu is half-Cauchy; that on sigma_y is the default.
#' fit <- partial_pooling(
#'   scontrol ~ 1 + (1 | site), hpp_sites,
#'   prior = list(hyper_mu = dist_normal(40, 20), sigma_mu = dist_cauchy(0, 5)),
#'   iter_sampling = 0
#' )
#' prior_summary(fit)
#' @name bayespool-priors
NULL

# What the user gives -------------------------------------------------------------------------------------------------

# Parameters come by name with their kind, see prior_kinds().
is_scale <- function(kind) kind %in% c("scale", "scale_between")

#' Read the user's priors
#' @return List of priors: those given, slopes expanded, in the order of `parameters`.
#' @noRd
parse_prior <- function(prior, parameters, call = rlang::caller_env()) {
  if (length(prior) == 0L && (is.null(prior) || identical(class(prior), "list"))) {
    return(list())
  }
  shared <- shared_names(parameters)
  check_prior_list(prior, c(names(parameters), names(shared)), call)

  for (name in intersect(names(shared), names(prior))) {
    rest <- setdiff(shared[[name]], names(prior))
    # Read also where each has a prior of its own: a mistake must not go unseen.
    read_prior(prior[[name]], name, parameters[[shared[[name]][[1L]]]], call)
    prior[rest] <- rep(list(prior[[name]]), length(rest))
  }
  given <- intersect(names(parameters), names(prior))
  priors <- lapply(given, function(name) read_prior(prior[[name]], name, parameters[[name]], call))
  names(priors) <- given
  priors
}

# Names that stand for several parameters: `beta` for all slopes, `sigma_beta` for the sds of all slopes that vary, `sigma_0` for those of
# two factors.
shared_names <- function(parameters) {
  indexed <- names(parameters)[parameters %in% c("slope", "scale_between") & endsWith(names(parameters), "]")]
  split(indexed, sub("\\[.*", "", indexed))
}

check_prior_list <- function(prior, valid, call) {
  example <- "Example: {.code prior = list({valid[[1L]]} = dist_normal(0, 1))}."
  if (!is.list(prior) || is.object(prior)) {
    abort_bayespool(
      c(
        "{.arg prior} must be a named list of distributions.",
        i = if (inherits(prior, "distribution")) {
          "It is a distribution, not in a list."
        } else {
          "It is {.obj_type_friendly {prior}}."
        },
        i = example
      ),
      "prior", call
    )
  }
  name <- names(prior)
  if (is.null(name) || anyNA(name) || !all(nzchar(name))) {
    abort_bayespool(
      c(
        "{.arg prior} must be a named list of distributions.",
        i = "{if (is.null(name)) 'It has no names' else 'Some of its elements have no name'}.",
        i = "The parameters of this model are {.field {valid}}."
      ),
      "prior", call
    )
  }
  if (anyDuplicated(name)) {
    twice <- unique(name[duplicated(name)])
    abort_bayespool(
      c(
        "{.arg prior} gives more than one prior for {.field {twice}}.",
        i = "Give one distribution for each parameter."
      ),
      "prior", call
    )
  }
  unknown <- setdiff(name, valid)
  if (length(unknown) > 0L) {
    near <- nearest_name(unknown[[1L]], valid)
    abort_bayespool(
      c(
        paste(
          "{.arg prior} names {cli::qty(unknown)}{?a parameter/parameters} that this model does not have:",
          "{.field {unknown}}."
        ),
        i = if (!is.null(near)) "Did you mean {.field {near}}?",
        i = "The parameters of this model are {.field {valid}}."
      ),
      "prior", call
    )
  }
}

#' One distribution object as a prior
#' @noRd
read_prior <- function(dist, name, kind, call) {
  check_single_distribution(dist, name, call)
  # Not distributional::parameters(): its vctrs machinery costs more than a whole fit may take.
  object <- unclass(dist)[[1L]]
  family <- sub("^dist_", "", class(object)[[1L]])
  scale <- is_scale(kind)
  purpose <- if (scale) "scale" else if (kind == "correlation") kind else "location"
  if (!family %in% families_for(purpose)) {
    abort_unsupported_prior(family, name, purpose, call)
  }
  par <- read_parameters(object, family, name, call)
  if (kind == "correlation") {
    new_prior("lkj", par, "correlation")
  } else if (scale) {
    read_scale(family, par, name, may_be_zero = kind == "scale_between", call)
  } else {
    read_location(family, par, name, call)
  }
}

check_single_distribution <- function(dist, name, call) {
  if (!inherits(dist, "distribution")) {
    abort_bayespool(
      c(
        "The prior on {.field {name}} must be a distribution.",
        i = "It is {.obj_type_friendly {dist}}.",
        i = if (is.numeric(dist)) {
          "To fix the parameter at a value, use {.fn dist_degenerate}."
        } else {
          "Example: {.code {name} = dist_normal(0, 1)}."
        }
      ),
      "prior", call
    )
  }
  size <- length(unclass(dist))
  if (size != 1L) {
    abort_bayespool(
      c("The prior on {.field {name}} must be one distribution.", i = "It is a vector of {size} distributions."),
      "prior", call
    )
  }
  if (is.null(unclass(dist)[[1L]])) {
    abort_bayespool(
      c(
        "The prior on {.field {name}} is a missing distribution.",
        i = "Leave {.field {name}} out to get the default prior."
      ),
      "prior", call
    )
  }
}

abort_unsupported_prior <- function(family, name, kind, call) {
  supported <- paste0("dist_", families_for(kind))
  abort_bayespool(
    c(
      "The prior on {.field {name}}, a {kind} parameter, cannot be {.fn {paste0('dist_', family)}}.",
      i = if (kind == "scale" && family == "truncated") {
        "A prior on a standard deviation is cut at 0 anyway: give the distribution itself."
      },
      i = "Supported: {.fn {supported}}.",
      i = if (kind == "location") {
        "All but the standard deviations is integrated out by formula, which asks for a normal prior, a flat one or a known value."
      },
      i = if (kind == "location" && family %in% c("student_t", "cauchy")) {
        "The packages brms and rstanarm take Student-t and Cauchy priors there."
      }
    ),
    "prior", call
  )
}

# The parameters as a named double vector, each of them possible for the family.
read_parameters <- function(object, family, name, call) {
  entry <- prior_families[[family]]
  fields <- entry$fields
  values <- unclass(object)[fields]
  if (!all(vapply(values, function(x) is.numeric(x) && length(x) == 1L, NA))) {
    abort_bayespool(
      c(
        "The prior on {.field {name}} does not have the parameters of {.fn {paste0('dist_', family)}}.",
        i = "Needed: one number each for {.arg {names(fields)}}."
      ),
      "prior", call
    )
  }
  if (!is.null(object[["ncp"]]) && !identical(as.double(object[["ncp"]]), 0)) {
    abort_bayespool(
      c(
        "The prior on {.field {name}} is a non-central Student-t distribution.",
        i = "Use {.fn dist_student_t} without {.arg ncp}."
      ),
      "prior", call
    )
  }
  par <- vapply(values, as.double, 0)
  names(par) <- names(fields)

  is_one_of <- function(what) names(par) %in% entry[[what]]
  wrong <- is.na(par) | (is.infinite(par) & !is_one_of("infinite")) | (par <= 0 & is_one_of("positive")) |
    (par < 0 & is_one_of("not_negative"))
  if (any(wrong)) {
    found <- paste(names(par)[wrong], "=", par[wrong])
    abort_bayespool(
      c(
        "The prior on {.field {name}} has a parameter that is not possible.",
        i = "{.fn {paste0('dist_', family)}} has {.code {found}}.",
        i = "Needed are finite numbers; an sd at least 0; scales, rates, shapes and degrees of freedom above 0."
      ),
      "prior", call
    )
  }
  # Far enough from the ends of double precision for squares, and for the tails of the posterior.
  beyond <- is.finite(par) & par != 0 & (abs(par) < 1e-100 | abs(par) > 1e100)
  if (any(beyond)) {
    found <- paste(names(par)[beyond], "=", par[beyond])
    abort_bayespool(
      c(
        "The prior on {.field {name}} has a parameter that is too large or too small to compute with.",
        i = "{.fn {paste0('dist_', family)}} has {.code {found}}.",
        i = "Parameters other than 0 must lie between 1e-100 and 1e100 in size."
      ),
      "prior", call
    )
  }
  par
}

read_location <- function(family, par, name, call) {
  mean_and_sd <- ask_family(family, "location", par)
  if (is.null(mean_and_sd)) {
    abort_bayespool(
      c(
        "The prior on {.field {name}}, a location parameter, cannot be a uniform distribution with bounds.",
        i = "It is {.code dist_uniform({par[[1L]]}, {par[[2L]]})}.",
        i = "Use {.fn dist_normal}, or {.code dist_uniform(-Inf, Inf)} for a flat prior."
      ),
      "prior", call
    )
  }
  new_prior("normal", mean_and_sd, "location")
}

read_scale <- function(family, par, name, may_be_zero, call) {
  # Limits of a family go by the name of what they are.
  prior <- ask_family(family, "limit", par) %||% new_prior(family, ask_family(family, "convert", par), "scale")
  check_mass_above_zero(prior, name, may_be_zero, call)
  if (is_bounded(prior)) check_bounds(prior, name, call)
  prior
}

check_mass_above_zero <- function(prior, name, may_be_zero, call) {
  fixed_at_zero <- is_fixed(prior) && prior$par == 0
  if (prior_mass_above_zero(prior) > 0 || (fixed_at_zero && may_be_zero)) {
    return(invisible())
  }
  abort_bayespool(
    c(
      "The prior on {.field {name}} has no mass above 0.",
      i = "{.field {name}} is a standard deviation and must be {if (may_be_zero) 'at least' else 'above'} 0."
    ),
    "prior", call
  )
}

check_bounds <- function(prior, name, call) {
  bounds <- ask_family(prior$family, "bounds", prior$par)
  if (bounds[1L] < 0 || bounds[1L] >= bounds[2L] || is.infinite(bounds[2L])) {
    abort_bayespool(
      c(
        "The prior on {.field {name}} has bounds that are not possible for a standard deviation.",
        i = "It is {.code dist_uniform({bounds[1L]}, {bounds[2L]})}.",
        i = "The lower bound must be at least 0, the upper bound larger and finite.",
        i = "{.code dist_uniform(0, Inf)} is a flat prior."
      ),
      "prior", call
    )
  }
}
