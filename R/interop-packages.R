# What other packages do with a fit: the help page. The methods are in the files of these packages.

#' Other packages
#'
#' What the packages around rstanarm and brms do with a fit. They need not be installed.
#'
#' | package | what works |
#' |---|---|
#' | loo | `loo()`, `kfold()`, `loo_compare()`, `loo_model_weights()`, `loo_predict()` and the like, all exact: see [loo()][loo.bayespool_fit], [kfold()][kfold.bayespool_fit], [loo_prediction] |
#' | posterior, bayesplot, ggdist | all: see [draws] and [nuts_diagnostics] |
#' | tidybayes | `spread_draws(fit, mu[site])`, `gather_draws()`, `tidy_draws()`; see *Labels* |
#' | emmeans | `emmeans(fit, ~ x)` and what builds on it: means and contrasts of the fixed effects, that is at the level of the population (of counts with `type = "response"` probabilities, odds ratios, or rates for an exposure of 1); not for [no_pooling()], which has none |
#' | priorsense | `powerscale_sensitivity(fit)`, `powerscale_sequence(fit)` and the plots; the log prior has one variable for each prior, `lprior_sigma_mu` and so on, for `prior_selection = "sigma_mu"` |
#' | bayestestR | `hdi()`, `rope()` and `describe_posterior()`; others, such as `p_direction()`, on `as_draws_df(fit)` |
#' | shinystan | `shinystan::as.shinystan(unclass(as_draws_array(fit)))` |
#'
#' All but the first need draws, and those that read the likelihood of single observations need a fit made from rows.
#'
#' @section Labels: Variables are named with the labels of the groups, as in `mu[Kassel]`, and packages that take such names
#'   apart read some labels in their own way. `tidybayes::spread_draws(fit, mu[site])` cuts labels at spaces and commas,
#'   unless it is told a separator that is in none of them, such as `sep = "@@@@"`; labels that are whole numbers come
#'   back as numbers. `as_draws_rvars()` reads a label with a comma as two indices and a whole number as a
#'   position, so that `mu` has as many elements as the largest number, and forgets the label of a single group when it is
#'   converted back. [tidy()][tidy.bayespool_fit], [coef()][coef.bayespool_fit] and [ranef()][ranef.bayespool_fit] have
#'   the labels as they are, in a column or as row names.
#'
#' @section The prior of priorsense: The log density of the priors of [prior_summary()][prior_summary.bayespool_fit], with all
#'   constants. The distribution of the group means in their population is part of the model and not scaled. A flat
#'   prior and a known value count 0.
#'
#' @section The region of practical equivalence: Where `rope()` and `describe_posterior()` are given no range, it is
#'   0.1 standard deviations of the response around 0, as for the linear models that bayestestR knows; for [binomial()] 0.1 times
#'   \eqn{\pi / \sqrt 3 = 1.81}{pi / sqrt(3) = 1.81}, the standard deviation of a logistic distribution, and for [poisson()] 0.1, as
#'   for its generalised linear models.
#' @examples
#' fit <- varying_intercept(yield ~ N + (1 | block), npk, seed = 1)
#' if (requireNamespace("emmeans", quietly = TRUE)) {
#'   print(emmeans::emmeans(fit, ~ N))
#' }
#' if (requireNamespace("bayestestR", quietly = TRUE)) {
#'   print(bayestestR::hdi(fit))
#' }
#' @name ecosystem
NULL
