# The mixed model in general: the verb for those who come from lmer().

#' Linear mixed model
#'
#' Any model that the package can fit with groups from a population, from the formula that lme4 would take.
#'
#' With one grouping factor the model is
#' \deqn{y_i \sim N(x_i^\top \beta + z_i^\top b_{g_i}, \sigma_y^2), \qquad b_j \sim N(0, \Sigma),
#'   }{y[i] ~ N(x[i]' beta + z[i]' b_j[j], sigma_y^2) in group j,   b_j[j] ~ N(0, Sigma),}
#' where \eqn{z_i} has what stands in the bar: an intercept, slopes of numbers, differences of categories. \eqn{\Sigma} has a
#' standard deviation for each and their correlations, or none with `||`. `(1 | g)` alone is [varying_intercept()] and gives the same
#' fit; so are [varying_slope()] and [varying_intercept_slope()] for their formulas.
#'
#' **Two grouping factors.** `(1 | subject) + (1 | item)` has an intercept for each level of both:
#' \deqn{y_i \sim N(x_i^\top \beta + b_{s_i} + c_{t_i}, \sigma_y^2), \qquad b_s \sim N(0, \sigma_{0,\mathrm{subject}}^2), \quad
#'   c_t \sim N(0, \sigma_{0,\mathrm{item}}^2).
#'   }{y[i] ~ N(x[i]' beta + b[subject of i] + c[item of i], sigma_y^2),   b ~ N(0, sigma_0[subject]^2),   c ~ N(0, sigma_0[item]^2).}
#' They may be crossed, as where all subjects answer the same items, or nested: `(1 | school/class)` stands for `(1 | school) +
#' (1 | school:class)`, in which classes of the same name in different schools are different classes. The effects of groups are in the
#' units of the response, as what they differ by from the population: one row is expected at the sum of the predictors' part and of
#' the effects of its two groups. Both standard deviations are known the better the more groups their factor has; with a handful of
#' them the prior matters. Slopes do not vary beside a second factor, and the outcome is normal.
#'
#' Up to three standard deviations and correlations are integrated exactly. With four to six, such as three correlated effects,
#' the quadrature is as deterministic but less accurate; [accuracy()] has its estimated error. More are refused.
#'
#' @param formula Response, predictors and groups, as in `y ~ x + (1 + x | g)`; with several effects `(1 + x1 + x2 | g)` or
#'   `(1 + x1 + x2 || g)`; with two grouping factors `(1 | a) + (1 | b)`, `(1 | a/b)` or `(1 | a) + (1 | a:b)`. Effects that are correlated
#'   in part, and three grouping factors, are not supported.
#' @param data A data frame with the variables of `formula`, [group moments][group_moments()] or, with `family`,
#'   [group counts][group_counts()] that hold its columns, or a list of such of parts of the rows. A table in a database, or rows that
#'   come in parts: see [bayespool-rows].
#'   Rows with missing values are dropped, with a message.
#' @param prior A named list of priors, such as `list(sigma_beta = dist_exponential(1))`; see
#'   [bayespool-priors]. Parameters that it does not name get a weakly informative default.
#' @param ... Not used; it makes a misspelt argument an error. The arguments after it must be named.
#' @inheritParams fit_arguments
#' @return A fit: an object of class `bayespool_fit`, see [varying_intercept_slope()]. Its variables are `beta_0`, `beta[x]` for each
#'   predictor `x`, `beta_0j[g]` and `beta_j[x,g]` for the coefficients of each group `g`, `sigma_y`, `sigma_0` and
#'   `sigma_beta[x]`, and the correlations `rho[x]` (of `x` with the intercept) and `rho[x1,x2]`. With two grouping factors those of groups
#'   are `b_0[subject,s]`, the effect of level `s` of `subject` as a difference from the population, and `sigma_0[subject]` is the standard
#'   deviation of these; likewise of the other factor.
#' @inheritSection fit_arguments Errors
#' @inheritSection fit_arguments Progress
#' @inherit fit_arguments seealso
#' @references Bates, D., Maechler, M., Bolker, B. and Walker, S. (2015). Fitting linear mixed-effects models using lme4. *Journal of
#'   Statistical Software*, 67(1), 1-48. \doi{10.18637/jss.v067.i01}
#' @examples
#' fit <- mixed_model(height ~ age + (1 + age || Subject), nlme::Oxboys, seed = 1)
#' summary(fit, pars = c("beta_0", "beta[age]", "sigma_y", "sigma_0", "sigma_beta[age]"))
#'
#' # A split plot: varieties of oats on plots within blocks.
#' plots <- mixed_model(yield ~ nitro + (1 | Block/Variety), nlme::Oats, iter_sampling = 0)
#' summary(plots, regex_pars = "^beta|^sigma")
#' @export
mixed_model <- function(formula, data, prior = NULL, ..., family = gaussian(), weights = NULL,
                        algorithm = c("exact", "nuts"), chains = 4, iter_sampling = 1000, iter_warmup = 1000,
                        seed = NULL, prior_only = FALSE, cores = getOption("mc.cores", 1L), control = nuts_control()) {
  call <- rlang::current_env()
  fit_model(
    "mixed_model", formula, data, prior, list(weights = rlang::enquo(weights)),
    new_settings(algorithm, chains, iter_sampling, iter_warmup, seed, prior_only, cores, control, rlang::exprs(...), call),
    call, own_arguments = list(family = family)
  )
}
