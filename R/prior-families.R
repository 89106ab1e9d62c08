# The families of priors: one entry each holds all that R knows of it.
#
# Inside the package a prior is a plain list, which is quick to make and easy to hand to C++:
#   family, par   the name of an entry below, and its parameters in the order of the entry's comment
#   kind          "location", "scale" or "correlation"
#   default       TRUE where the user gave none (set by resolve_priors())
#
# A location prior is always "normal" (mean, sd): sd = Inf is flat, sd = 0 a known value. A scale prior is a density of the
# standard deviation x > 0, written in the comments up to a constant.

new_prior <- function(family, par, kind) {
  list(family = family, par = par, kind = kind)
}

# An entry. The functions take the parameters as their arguments, in order.
#   fields          names of the parameters, and of the fields in which distributional keeps them; NULL: not a family of theirs
#   positive        parameters that must be above 0
#   not_negative    parameters that must be at least 0
#   infinite        parameters that may be infinite
#   convert         our parameters from distributional's, where they differ
#   limit           the scale prior that this is at the end of the parameters' range, or NULL
#   location        mean and sd of the location prior that it is, or NULL; families without it are for scales only
#   bounds          of the support, where it has some
#   mass_above_zero the mass there before the prior is cut at 0
#   centre          where a density centred at this value is cut at 0: half of it is left if that is 0
#   tail_index      nu where the density falls like x^-(nu + 1) as x -> Inf; Inf where it falls faster than every power
#   zero_exponent   k where it goes like x^k as x -> 0; Inf where it vanishes faster than every power, or is not there
#                   Powers alone decide what is integrable, except at the border: just_inside is for what falls there by logarithms.
#   title, labels   the name for people, and what stands before each of the numbers
#   distribution    the way back, to a distribution object
new_family <- function(fields = NULL, positive = character(), not_negative = character(), infinite = character(),
                       convert = function(...) c(...), limit = function(...) NULL, location = NULL, bounds = NULL,
                       mass_above_zero = function(...) 1, centre = NULL, tail_index = function(...) Inf,
                       zero_exponent = function(...) 0, title = NULL, labels = "", distribution = NULL) {
  as.list(environment())
}

# More than 0 by less than any difference between powers.
just_inside <- 1e-9

prior_families <- list(
  # density exp(-(x - mean)^2 / (2 sd^2))
  normal = new_family(
    c(mean = "mu", sd = "sigma"),
    not_negative = "sd", infinite = "sd",
    limit = function(mean, sd) {
      if (sd == 0) new_prior("degenerate", mean, "scale") else if (is.infinite(sd)) flat_scale_prior()
    },
    location = function(mean, sd) if (is.infinite(sd)) c(0, Inf) else c(mean, sd),
    mass_above_zero = function(mean, sd) stats::pnorm(mean / sd),
    centre = function(mean, sd) mean,
    title = "normal",
    distribution = function(mean, sd) dist_normal(mean, sd)
  ),
  # density 1 / (1 + ((x - mean) / scale)^2 / df)^((df + 1) / 2)
  student_t = new_family(
    c(df = "df", mean = "mu", scale = "sigma"),
    positive = c("df", "scale"), infinite = "df",
    limit = function(df, mean, scale) if (is.infinite(df)) new_prior("normal", c(mean, scale), "scale"),
    mass_above_zero = function(df, mean, scale) stats::pt(mean / scale, df),
    centre = function(df, mean, scale) mean,
    tail_index = function(df, mean, scale) df,
    title = "Student-t",
    distribution = function(df, mean, scale) dist_student_t(df, mean, scale)
  ),
  # density 1 / (1 + ((x - location) / scale)^2)
  cauchy = new_family(
    c(location = "location", scale = "scale"),
    positive = "scale",
    mass_above_zero = function(location, scale) stats::pcauchy(location / scale),
    centre = function(location, scale) location,
    tail_index = function(location, scale) 1,
    title = "Cauchy",
    distribution = function(location, scale) dist_cauchy(location, scale)
  ),
  # density exp(-rate x)
  exponential = new_family(
    c(rate = "rate"),
    positive = "rate",
    title = "exponential",
    distribution = function(rate) dist_exponential(rate)
  ),
  # density x^(shape - 1) exp(-rate x)
  gamma = new_family(
    c(shape = "shape", rate = "rate"),
    positive = c("shape", "rate"),
    zero_exponent = function(shape, rate) shape - 1,
    title = "gamma",
    distribution = function(shape, rate) dist_gamma(shape, rate = rate)
  ),
  # density x^-(shape + 1) exp(-scale / x). distributional's rate is 1 / scale of the usual density, as in actuar::dinvgamma().
  inverse_gamma = new_family(
    c(shape = "s", rate = "r"),
    positive = c("shape", "rate"),
    convert = function(shape, rate) c(shape, 1 / rate),
    tail_index = function(shape, scale) shape,
    zero_exponent = function(shape, scale) Inf,
    title = "inverse-gamma",
    labels = c("", "scale = "), # dist_inverse_gamma(2, 3) has the rate 3
    distribution = function(shape, scale) dist_inverse_gamma(shape, scale = scale)
  ),
  # density exp(-(log(x) - mu)^2 / (2 sigma^2)) / x
  lognormal = new_family(
    c(mu = "mu", sigma = "sigma"),
    positive = "sigma",
    zero_exponent = function(mu, sigma) Inf,
    title = "lognormal",
    distribution = function(mu, sigma) dist_lognormal(mu, sigma)
  ),
  # density (1 + z^2 / df)^(-(df + 1) / 2) / x, z = (log(x) - mu) / sigma: 1 / x but for powers of log(x), at both ends. These make it
  # integrable, so it has a little more than the moment 0, and beside data a little more than those that 1 / x would have.
  log_student_t = new_family(
    c(df = "df", mu = "mu", sigma = "sigma"),
    positive = c("df", "sigma"),
    tail_index = function(df, mu, sigma) just_inside,
    zero_exponent = function(df, mu, sigma) just_inside - 1,
    title = "log-Student-t",
    distribution = function(df, mu, sigma) dist_log_student_t(df, mu, sigma)
  ),
  # density 1 on [lower, upper]
  uniform = new_family(
    c(lower = "l", upper = "u"),
    infinite = c("lower", "upper"),
    limit = function(lower, upper) if (is.infinite(upper) && lower %in% c(0, -Inf)) flat_scale_prior(),
    location = function(lower, upper) if (lower == -Inf && upper == Inf) c(0, Inf),
    bounds = function(lower, upper) c(lower, upper),
    mass_above_zero = function(lower, upper) as.numeric(upper > 0),
    zero_exponent = function(lower, upper) if (lower > 0) Inf else 0,
    title = "uniform",
    distribution = function(lower, upper) dist_uniform(lower, upper)
  ),
  # The value is known.
  degenerate = new_family(
    c(value = "x"),
    location = function(value) c(value, 0),
    mass_above_zero = function(value) as.numeric(value > 0),
    zero_exponent = function(value) Inf
  ),
  # density 1; the user writes it as a uniform distribution.
  flat = new_family(tail_index = function() -1),
  # density det(R)^(eta - 1) of a correlation matrix R
  lkj = new_family(c(eta = "eta"), positive = "eta", title = "LKJ", distribution = function(eta) dist_lkj(eta))
)

# All correlations of a model have one prior, under this name.
correlation_name <- "rho"

flat_scale_prior <- function() new_prior("flat", numeric(), "scale")

# What an entry says for given parameters.
ask_family <- function(family, what, par) do.call(prior_families[[family]][[what]], as.list(unname(par)))

# Which families are possible for a location, a scale or correlations.
families_for <- function(kind) {
  if (kind == "correlation") {
    return("lkj")
  }
  serves <- function(family) !is.null(family$fields) && (kind == "scale" || !is.null(family$location))
  setdiff(names(Filter(serves, prior_families)), "lkj")
}

# What is known about a prior -----------------------------------------------------------------------------------------

is_flat <- function(prior) {
  prior$family == "flat" || (prior$kind == "location" && is.infinite(prior$par[[2L]]))
}

# Has it a probability distribution?
is_proper <- function(prior) !is_flat(prior)

# Is the parameter a known value?
is_fixed <- function(prior) {
  prior$family == "degenerate" || (prior$kind == "location" && prior$par[[2L]] == 0)
}

# Has its support an end besides 0?
is_bounded <- function(prior) !is.null(prior_families[[prior$family]]$bounds)

# Of a scale prior; see new_family().
prior_tail_index <- function(prior) ask_family(prior$family, "tail_index", prior$par)
prior_zero_exponent <- function(prior) ask_family(prior$family, "zero_exponent", prior$par)
prior_mass_above_zero <- function(prior) ask_family(prior$family, "mass_above_zero", prior$par)

# Is a density that reaches below 0 cut there?
is_cut <- function(prior) prior$kind == "scale" && !is.null(prior_families[[prior$family]]$centre)

# What the user sees --------------------------------------------------------------------------------------------------

#' A prior in plain text, such as "half-normal(0, 5)"
#' @noRd
format_prior <- function(prior) {
  if (is_flat(prior)) {
    return("flat")
  }
  number <- vapply(prior$par, format, "", digits = 3)
  if (is_fixed(prior)) {
    return(paste("fixed at", number[[1L]]))
  }
  family <- prior_families[[prior$family]]
  text <- paste0(family$title, "(", paste0(family$labels, number, collapse = ", "), ")")
  if (!is_cut(prior)) {
    return(text)
  }
  if (ask_family(prior$family, "centre", prior$par) == 0) paste0("half-", text) else paste(text, "above 0")
}

#' A prior as a distribution of length one
#' @noRd
as_distribution <- function(prior) {
  if (is_flat(prior)) {
    return(dist_uniform(if (prior$kind == "scale") 0 else -Inf, Inf))
  }
  if (is_fixed(prior)) {
    return(dist_degenerate(prior$par[[1L]]))
  }
  dist <- ask_family(prior$family, "distribution", prior$par)
  if (is_cut(prior)) distributional::dist_truncated(dist, lower = 0, upper = Inf) else dist
}
