# nuts_control(): the settings of NUTS.

#' Settings of NUTS
#'
#' How the fitting functions sample with `algorithm = "nuts"`.
#'
#' NUTS, the no-U-turn sampler, follows simulated trajectories on the joint posterior of all parameters: this is the
#' multinomial variant with the step size and the diagonal metric tuned in warmup, as in Stan. It needs the
#' gradient of the log density, which costs as much as the number of groups times the number of coefficients,
#' whatever the number of observations. The exact algorithm needs none of this: NUTS is here to compare, to teach, and as a
#' second opinion that shares nothing with the exact one but the group moments and the priors.
#'
#' The group means \eqn{\mu_j \sim N(\mu, \tau^2)}{mu[j] ~ N(mu, tau^2)} can be written in two ways, with the same
#' posterior. *Centered*: the sampler moves the \eqn{\mu_j}{mu[j]}. *Non-centered*: it moves the standardised
#' \eqn{\eta_j \sim N(0, 1)}{eta[j] ~ N(0, 1)}, and \eqn{\mu_j = \mu + \tau \eta_j}{mu[j] = mu + tau eta[j]}. Where
#' the data say little about \eqn{\tau}, as with few or small groups, the centered posterior has a funnel: the
#' \eqn{\mu_j}{mu[j]} must all be close to \eqn{\mu} where \eqn{\tau} is small, and no one step size suits its neck
#' and its mouth. Divergent transitions are the sign. The non-centered form has no such neck; with many
#' observations in each group it can be the slower one.
#'
#' Where the groups have several coefficients (as in `mixed_model()`), the same two forms are there for all of them together.
#' Centered: the sampler moves the groups' coefficients, such as \code{beta_j[x,g]}, which are normal around the population's.
#' Non-centered: it moves independent \eqn{N(0, 1)} variables, such as \code{eta[x,g]}; times a triangular factor of the
#' correlation matrix, and the standard deviations, they are the deviations from the population.
#'
#' With two grouping factors the effects of both are deviations from the population. Centered: the sampler moves the effects
#' themselves, such as \code{b_0[subject,s]}, which are normal around 0. Non-centered: it moves \eqn{N(0, 1)} variables, such as
#' \code{eta[subject,s]}, and the effect is \code{sigma_0[subject]} times that. The gradient then costs as much as the number of
#' combinations of groups that occur times the number of coefficients.
#'
#' Of counts and proportions ([bayespool-counts]) what varies between groups are log odds or log rates, and predictors belong to groups.
#' Centered: the sampler moves the log odds or log rate \eqn{\theta_j}{theta[j]} of each group with all that its predictors explain, which
#' is normal around \eqn{\beta_0 + x_j'\beta}{beta_0 + x[j] beta}; \code{beta_0j[g]} is \eqn{\theta_j - x_j'\beta}{theta[j] - x[j] beta}.
#' With many events in each group this form is much the faster one. There is no standard deviation within groups. With the exact algorithm
#' NUTS shares the likelihood of a group's events, too.
#'
#' Standard deviations are sampled on the log scale (with a uniform prior: on the logit of the place between its bounds),
#' with the Jacobian. Correlations of effects are sampled as inverse hyperbolic tangents: that of the correlation itself, or,
#' between the second effect and later ones, of the partial correlation given the effects before. Chains start uniformly within
#' 2 units of the mean of the response, a unit being its standard deviation, its ratio to that of a predictor for a slope, or 1
#' on the scales just named; the metric starts at a guess of the posterior variances. Of counts, chains start by the log odds or the
#' log rate of all groups together, with a unit of 1.
#'
#' @param parameterization `"noncentered"` or `"centered"`, for models whose groups come from a population.
#'   [complete_pooling()] and [no_pooling()] have one form.
#' @param adapt_delta Target of the mean acceptance probability, between 0 and 1: a higher one makes steps smaller
#'   and divergences rarer.
#' @param max_treedepth A trajectory has at most `2^max_treedepth - 1` steps: a whole number from 1 to 20.
#' @param save_warmup Whether to keep the draws of warmup, for `as_draws(fit, inc_warmup = TRUE)`.
#' @return A list of class `bayespool_nuts_control`, for the argument `control`.
#' @section Errors: Of class `bayespool_error_argument`: a value outside its range.
#' @seealso [nuts_diagnostics] for what comes back.
#' @references Betancourt, M. and Girolami, M. (2015). Hamiltonian Monte Carlo for hierarchical models. In *Current
#'   Trends in Bayesian Methodology with Applications*, pages 79-101. Chapman and Hall/CRC.
#'
#'   Hoffman, M. D. and Gelman, A. (2014). The No-U-Turn sampler: adaptively setting path lengths in Hamiltonian Monte
#'   Carlo. *Journal of Machine Learning Research*, 15, 1593-1623. \doi{10.48550/arXiv.1111.4246}
#'
#'   Betancourt, M. (2017). A conceptual introduction to Hamiltonian Monte Carlo. \doi{10.48550/arXiv.1701.02434}
#' @examples
#' fit <- partial_pooling(
#'   yield ~ 1 + (1 | block), npk,
#'   algorithm = "nuts", control = nuts_control(adapt_delta = 0.99), seed = 1
#' )
#' fit
#' @export
nuts_control <- function(parameterization = c("noncentered", "centered"), adapt_delta = 0.8, max_treedepth = 10,
                         save_warmup = FALSE) {
  call <- rlang::current_env()
  parameterization <- choose_one(parameterization, c("noncentered", "centered"), call)
  check_probability(adapt_delta, call)
  valid <- is_whole(max_treedepth, lower = 1, upper = 20)
  check_argument(max_treedepth, valid, "a whole number from 1 to 20", call)
  check_flag(save_warmup, call)
  structure(
    list(
      parameterization = parameterization, adapt_delta = adapt_delta, max_treedepth = as.integer(max_treedepth),
      save_warmup = save_warmup
    ),
    class = "bayespool_nuts_control"
  )
}
