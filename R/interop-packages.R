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
#' | insight | what its functions find: formulas, parameters with `effects` and `component`, data, family, priors, variances; rows only for fits made from rows |
#' | bayestestR | intervals, tests, Bayes factors and `describe_posterior()`, for the parameters that `effects` names: `"fixed"`, the coefficients of the population (of [no_pooling()] those of the groups), `"random"` or `"all"`; `bayesfactor_models(fit1, fit2)` is exact; see draws its tables, as in `plot(hdi(fit))` |
#' | modelsummary | `modelsummary(list(lm(...), fit))`, `modelplot()`: rows have lme4's names and so are those of [lm()] and `lmer()`; estimates are medians with `statistic = "conf.int"`, or with `options(modelsummary_get = "broom")`, and for fits without draws, the exact means and standard deviations of [tidy()][tidy.bayespool_fit] |
#' | gtsummary | `tbl_regression(fit)`, with labels of variables and levels; `exponentiate = TRUE` for odds ratios and rate ratios |
#' | texreg | `screenreg(list(lm(...), fit))`, `texreg()`, `plotreg()`: exact means and standard deviations, with `conf.int = TRUE` intervals; rows as for lme4 |
#' | effects | `Effect("x", fit)`, `predictorEffects(fit)`: means of the fixed effects with intervals of a normal approximation |
#' | car, lmtest, multcomp | their tests are of estimates and of no posterior; `multcomp::glht(fit, linfct, coef. = fixef)` and `car::linearHypothesis(fit, "x = 0", coef. = fixef(fit))` run, with a normal approximation |
#' | parameters | `model_parameters(fit, effects = "all")`, with `group_level = TRUE` the groups, printed, as Markdown, and as a picture of see (not of the groups); `standard_error()`, `p_value()`. `compare_parameters()` takes such tables, not fits, and cannot print those of Bayesian models |
#' | performance | `model_performance()`, `r2()`, `r2_loo()`, `r2_nakagawa()`, `icc()` (the ratio of the posterior means of the variances; [variance_components()] has the posterior mean of the ratio), `performance_rmse()` and others, `check_predictions()`, `check_collinearity()`, `check_convergence()`, `check_singularity()`, `test_bf()`. Errors of counts are in events. `compare_performance()` knows its models by name: [loo_compare()][loo_compare.bayespool_fit] does it here |
#' | report | `report()` and its parts, but effect sizes |
#' | sjPlot | `tab_model()`, in which p is two times the probability of the less probable sign (`show.p = FALSE` leaves it out), and `plot_model()` of estimates |
#' | brms, rstanarm | their generics [hypothesis()], [conditional_effects()] and [posterior_vs_prior()], which are ours too |
#' | parsnip | `linear_reg()` with `set_engine("bayespool")` and `fit()` with a formula of lme4 (an engine for [mixed_model()], whose arguments `set_engine()` takes); `predict()` gives numbers and, by quadrature, `type = "conf_int"` and `"pred_int"` |
#' | marginaleffects (1.0.0) | `predictions()`, `comparisons()`, `slopes()`, their averages and plots, from draws: `type` is `"response"` (of trials the probability), `"link"` or `"prediction"`; `re_formula = NA` is for the population (a warning says that marginaleffects does not know the name; it is used); not `hypotheses(fit)`, but their argument `hypothesis` |
#' | ggeffects (2.3) | `ggpredict(fit, "x")` for the population and, with `type = "random"`, for groups, by quadrature (the note *Adjusted for* names a group all the same); `ggemmeans()`; not `ggaverage()`, which knows only the classes in insight's list |
#' | modelbased | `estimate_means()` and `estimate_contrasts()` with `backend = "emmeans"`, `estimate_slopes()`; others know only the classes in insight's list |
#' | DHARMa (0.5.0) | `simulateResiduals(fit)` and its tests and plots, with new groups if `simulateREs = "unconditional"` (a warning says that the class is not in DHARMa's list) |
#' | projpred | `varsel(fit)`, `cv_varsel(fit)` and `project(fit)`; not for [no_pooling()] |
#' | shinystan | `shinystan::as.shinystan(as.array(fit))` |
#'
#' Those that work with draws need a fit that has some, and those that read single observations one made from rows. The article *With
#' other packages* of the web site shows eight of them.
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
#' @section The region of practical equivalence: Where `rope()`, `equivalence_test()`, `p_significance()` and `describe_posterior()` are given no range, it is
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
