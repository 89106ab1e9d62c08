# The help page of models of counts.

#' Counts and proportions
#'
#' [complete_pooling()], [no_pooling()], [partial_pooling()], [varying_intercept()] and [mixed_model()] take `family = binomial()` for
#' yes or no, successes out of trials, and proportions, and `family = poisson()` for counts: batting averages, conversion rates of
#' variants of a page, deaths by ward.
#'
#' **Binomial.** Group \eqn{j} has \eqn{k_j} successes in \eqn{n_j} trials:
#' \deqn{k_j \sim \mathrm{Binomial}(n_j, p_j), \qquad \mathrm{logit}(p_j) = \theta_j, \qquad \theta_j \sim N(\mu, \tau^2),
#'   }{k[j] ~ Binomial(n[j], p[j]),   logit(p[j]) = theta[j],   theta[j] ~ N(mu, tau^2),}
#' with \eqn{\mathrm{logit}(p) = \log(p / (1 - p))}{logit(p) = log(p / (1 - p))}, the log odds.
#'
#' **Poisson.** Group \eqn{j} has \eqn{k_j} events in the exposure \eqn{e_j} (a time, an area, a number of people):
#' \deqn{k_j \sim \mathrm{Poisson}(e_j \lambda_j), \qquad \log \lambda_j = \theta_j, \qquad \theta_j \sim N(\mu, \tau^2).
#'   }{k[j] ~ Poisson(e[j] * lambda[j]),   log(lambda[j]) = theta[j],   theta[j] ~ N(mu, tau^2).}
#'
#' \eqn{\mu} is `hyper_mu`, \eqn{\tau} is `sigma_mu`, \eqn{\theta_j}{theta[j]} is `mu[g]`, as in the model of a normal outcome; there is no
#' standard deviation within groups, as \eqn{p} and \eqn{n} say how much counts vary. With predictors of the groups
#' \eqn{\theta_j \sim N(\beta_0 + x_j^\top \beta, \tau^2)}{theta[j] ~ N(beta_0 + x[j]' beta, tau^2)}: `beta_0j[g]` is
#' \eqn{\theta_j - x_j^\top \beta}{theta[j] - x[j]' beta}, and \eqn{\tau} is `sigma_0`. Complete pooling has \eqn{\tau = 0}{tau = 0}; in no
#' pooling each \eqn{\theta_j}{theta[j]} has the prior of `mu`. [group_counts()] says how responses, trials and exposures are written, and
#' that the sums of a group are all that the model needs.
#'
#' **Scales.** All parameters and priors are on the scale of the link: log odds, or logarithms of events in a unit of exposure.
#' [summary()][summary.bayespool_fit] and [exact_summary()] have `scale = "response"` for probabilities and rates. The mean of a
#' probability is not the probability at the mean of the log odds.
#'
#' **Default priors**: normal(0, 2.5) for a mean, exponential(1) for the standard deviation between groups, and for the slope of `x`
#' normal(0, 2.5 / sd(x)), with sd(x) over the groups; an intercept beside predictors is wider, as [bayespool-priors] says. Log odds
#' between -5 and 5 are probabilities from 0.007 to 0.993. For rates this asks for units in which they are neither tiny nor huge: deaths
#' in 1,000 patients rather than in one. Where that is not so, give a prior.
#'
#' **How it is computed.** Given \eqn{\mu, \beta, \tau} the groups are independent, and each has an integral over its own
#' \eqn{\theta_j}{theta[j]} in which the likelihood meets the normal distribution: one trapezoidal rule of about 30 nodes, which converges
#' exponentially. Their product is a function of \eqn{\mu, \beta, \log \tau}{mu, beta, log(tau)}, which is integrated on a lattice. So
#' there is no chain and no approximation of the groups by normal distributions; [accuracy()] has the estimated error. Draws are
#' independent. Groups with the same counts, trials and predictors share their integrals.
#'
#' **Predictors belong to groups.** One that varies within groups is refused: then the rows of a group have different
#' probabilities, and no sums are enough. A category within which all is constant can be the group (`(1 | site:day)` as a column of its
#' own); or use the group's average of `x`, which is another model. brms and rstanarm fit the others.
#'
#' **Overdispersion.** Counts of the same \eqn{p} vary as the binomial or Poisson distribution says, and real ones often vary more. A
#' group for each observation, as in `k ~ 1 + offset(log(e)) + (1 | row)`, gives each a \eqn{\theta}{theta} of its own, and \eqn{\tau} is
#' what they vary more.
#'
#' **Groups without events, or without failures**, have an estimate as any other: the population says how far from 0 or 1 it is. With a
#' flat prior for the mean some posteriors do not exist: where no group has an event, or where predictors tell the groups without
#' events from the others (separation). They are refused; proper priors always give a posterior.
#'
#' @section Errors: Those of [group_counts()] and of the fitting function. Of class `bayespool_error_formula`: more than intercepts that
#'   vary, predictors in [no_pooling()]. Of class `bayespool_error_improper`: flat priors with which the posterior does not exist.
#' @references Efron, B. and Morris, C. (1975). Data analysis using Stein's estimator and its generalizations. *Journal of the American
#'   Statistical Association*, 70(350), 311-319. \doi{10.1080/01621459.1975.10479864}
#'
#'   Gelman, A., Carlin, J. B., Stern, H. S., Dunson, D. B., Vehtari, A. and Rubin, D. B. (2013). *Bayesian Data Analysis*, 3rd edition,
#'   chapters 5 and 16. Chapman and Hall/CRC.
#' @seealso [group_counts()] for the data; the article "Batting averages and conversion rates".
#' @examples
#' # Efron and Morris's batters: hits in their first 45 times at bat in 1970.
#' batters <- data.frame(
#'   player = c(
#'     "Clemente", "F Robinson", "F Howard", "Johnstone", "Berry", "Spencer", "Kessinger",
#'     "L Alvarado", "Santo", "Swoboda", "Unser", "Williams", "Scott", "Petrocelli", "E Rodriguez",
#'     "Campaneris", "Munson", "Alvis"
#'   ),
#'   hits = c(18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7), at_bats = 45
#' )
#' fit <- partial_pooling(
#'   cbind(hits, at_bats - hits) ~ 1 + (1 | player), batters, family = binomial(), seed = 1
#' )
#' fit
#' summary(fit, scale = "response")
#' @name bayespool-counts
NULL
