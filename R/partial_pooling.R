# Partial pooling: group means from a common population.

#' Partial pooling
#'
#' A mean for each group, where the groups are drawn from a population: small groups borrow strength from the others.
#'
#' The model is
#' \deqn{y_i \sim N(\mu_{g_i}, \sigma_y^2), \qquad \mu_j \sim N(\mu_\mathrm{hyper}, \sigma_\mu^2),
#'   }{y[i] ~ N(mu[j], sigma_y^2) in group j,   mu[j] ~ N(hyper_mu, sigma_mu^2),}
#' where `hyper_mu` is the mean of the population of groups. By default it has a normal prior, and the standard
#' deviations `sigma_y` (within groups) and `sigma_mu` (between groups), on the scale of `y`, have exponential ones.
#' Given the two standard deviations all else is normal, so the posterior is computed by quadrature over these two.
#'
#' @param formula Response and groups, as in `y ~ 1 + (1 | g)`. `y ~ 0 + (1 | g)` has no population mean: the group
#'   means are drawn around 0. For predictors see [varying_intercept()].
#' @param data A data frame with the variables of `formula`, [group moments][group_moments()] or, with `family`,
#'   [group counts][group_counts()] that hold its columns, or a list of such of parts of the rows. A table in a database, or rows that
#'   come in parts: see [bayespool-rows].
#'   Rows with missing values are dropped, with a message.
#' @param prior A named list of priors, such as `list(sigma_mu = dist_exponential(1))`; see
#'   [bayespool-priors]. Parameters that it does not name get a weakly informative default.
#' @param ... Not used; it makes a misspelt argument an error. The arguments after it must be named.
#' @inheritParams fit_arguments
#' @return A fit: an object of class `bayespool_fit`. [print()][print.bayespool_fit],
#'   [summary()][summary.bayespool_fit], [exact_summary()], [log_marginal_likelihood()], [prior_summary()] and
#'   [as_draws()][as_draws.bayespool_fit] read it; [update()][update.bayespool_fit] changes it. Its variables are
#'   `hyper_mu`, `mu[g]` for each group `g`, `sigma_y` and `sigma_mu`.
#' @inheritSection fit_arguments Errors
#' @inheritSection fit_arguments Progress
#' @inherit fit_arguments seealso
#' @references Gelman, A., Carlin, J. B., Stern, H. S., Dunson, D. B., Vehtari, A. and Rubin, D. B. (2013). *Bayesian
#'   Data Analysis*, 3rd edition, chapters 5 and 15. Chapman and Hall/CRC.
#'
#'   Johnson, A. A., Ott, M. Q. and Dogucu, M. (2022). *Bayes Rules!*, chapters 15 to 17. Chapman and Hall/CRC.
#' @examples
#' sites <- subset(hpp_sites, site %in% c("Southampton", "METU", "Kassel", "Tsinghua", "Oslo"))
#' fit <- partial_pooling(
#'   scontrol ~ 1 + (1 | site), sites,
#'   prior = list(
#'     hyper_mu = dist_normal(40, 20), sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1)
#'   ),
#'   seed = 1
#' )
#' fit
#' exact_summary(fit)
#' @export
partial_pooling <- function(formula, data, prior = NULL, ..., family = gaussian(), weights = NULL,
                            algorithm = c("exact", "nuts"), chains = 4, iter_sampling = 1000, iter_warmup = 1000,
                            seed = NULL, prior_only = FALSE, cores = getOption("mc.cores", 1L), control = nuts_control()) {
  call <- rlang::current_env()
  fit_model(
    "partial_pooling", formula, data, prior, list(weights = rlang::enquo(weights)),
    new_settings(algorithm, chains, iter_sampling, iter_warmup, seed, prior_only, cores, control, rlang::exprs(...), call),
    call, own_arguments = list(family = family)
  )
}
