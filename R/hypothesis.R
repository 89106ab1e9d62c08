# hypothesis(): how probable statements about parameters are.

#' How probable is a statement about parameters?
#'
#' Takes statements such as `"N1 > 0"` or `"N1 - K1 = 0"` as brms does, and says how probable they are given the data: exactly, by
#' quadrature, where the statement is about one parameter or a linear combination of coefficients.
#'
#' A statement compares two expressions. What the table shows is the difference of the left side and the right one: of
#' `"N1 > 2 * K1"` it is `N1 - 2 * K1`, which is then compared with 0. Expressions have numbers, parameters, arithmetic (`+ - * / ^` and
#' parentheses) and the functions `exp()`, `log()`, `sqrt()`, `abs()`, `plogis()`, `qlogis()`, `pnorm()`, `qnorm()`, `tanh()`, `atanh()`,
#' `expm1()`, `log1p()`, `log2()` and `log10()`. Parameters have the names of the draws ([variables()][posterior::variables]), as
#' `beta[N1]`, `mu[Kassel]` and `sigma_y`, or the names of [fixef()]: `N1`, `(Intercept)`, also written `Intercept`. Where one
#' name stands for two things it is that of the draws. No quotes are needed around names with brackets.
#'
#' **One-sided statements** (`>`, `<`) have a posterior probability, `post_prob`. The evidence ratio is the posterior odds, this
#' probability divided by that of the opposite. 19 means that the statement is 19 times as probable as its opposite. That ratio depends on
#' the prior too: with a prior symmetric about 0 the odds of `"N1 > 0"` were 1 before the data.
#'
#' **Point statements** (`=`) compare the model in which the equation holds with this one, in which it need not. The evidence ratio is the
#' Bayes factor in favour of the equation: the posterior density of the difference at 0 divided by its prior density there (the
#' ratio of Savage and Dickey). Above 1 the data have made the value more credible. `post_prob` is the probability of the
#' equation where both models had probability 1/2 before. The ratio depends on the prior of the difference directly: with a
#' prior ten times as wide the equation gets about ten times as much support. It is given where both
#' densities are known exactly: for linear combinations of coefficients with proper (not flat) normal priors. For all else there is none,
#' and the
#' table says why. The question whether a standard deviation is 0 is one for two fits and [log_marginal_likelihood()].
#'
#' **What is exact.** In the column `method`, `"exact"` stands for numbers by quadrature, without Monte Carlo error, so also probabilities
#' of 1e-12 are right. For a fit by the exact algorithm that is so of statements about one parameter of any kind, and about linear
#' combinations of
#' coefficients: those of the population and of groups, but not of groups that have a `sigma` of their own, and of
#' counts not. `"draws"` are numbers from the posterior draws; `mcse` is then the Monte Carlo standard error of `post_prob`. All statements
#' of a fit by NUTS are from draws. Probabilities of single standard deviations, correlations and parameters of models of counts are
#' found from the
#' quantiles: if they are below 1e-9 they are shown as 0.
#'
#' @param x A fit; of `print()` and `plot()` what `hypothesis()` returned.
#' @param hypothesis Statements, as text. If they have names, these stand in the column `hypothesis`.
#' @param prob,interval Probability in the interval of the difference, between 0 and 1; `"hdi"`, the shortest interval, or `"central"`.
#' @param ... Not used. brms' arguments `class`, `group` and `scope` are an error: parameters of all kinds have names here.
#' @param digits Number of significant digits to print.
#' @return `hypothesis()`: a data frame with one row a statement and columns `hypothesis`, `estimate` and `sd` (mean and standard
#'   deviation of
#'   the difference), `lower`, `upper`, `post_prob`, `evidence_ratio`, `method`, and `mcse`. `plot()`: a ggplot2 object with the
#'   posterior density of each difference; what the statement says is filled.
#'
#'   The standard deviation, and the mean, do not exist under some flat or heavy-tailed priors: then they are `Inf` or `NaN`.
#' @section Errors: Of class `bayespool_error_argument`: what is no comparison, unknown parameters, other functions. Of class
#'   `bayespool_error_draws`: a statement that needs draws, for a fit without them.
#' @seealso [group_contrasts()] for all differences between groups; [exact_summary()]; [loo_compare()] and
#'   [log_marginal_likelihood()] to compare models.
#' @references Dickey, J. M. and Lientz, B. P. (1970). The weighted likelihood ratio, sharp hypotheses about chances, the order of a Markov
#'   chain. *Annals of Mathematical Statistics*, 41(1), 214-226. \doi{10.1214/aoms/1177697203}
#' @examples
#' fit <- varying_intercept(
#'   yield ~ N + K + (1 | block), npk,
#'   prior = list(beta = dist_normal(0, 5)), seed = 1
#' )
#' hypothesis(fit, c("N1 > 0", "N1 > 2 * K1", "K1 = 0", "sigma_0 > sigma_y"))
#' hypothesis(fit, c("block 1 above block 2" = "beta_0j[1] > beta_0j[2]"))
#' plot(hypothesis(fit, c("N1 > 3", "K1 > 0")))
#' @export
hypothesis <- function(x, hypothesis, ...) {
  UseMethod("hypothesis")
}

# Where this package was attached after brms.
#' @rawNamespace S3method(hypothesis, default, hypothesis_of_brms)
hypothesis_of_brms <- function(x, ...) {
  rlang::check_installed("brms")
  getExportedValue("brms", "hypothesis")(x, ...)
}

#' @rdname hypothesis
#' @export
#' @rawNamespace S3method(brms::hypothesis, bayespool_fit)
hypothesis.bayespool_fit <- function(x, hypothesis, prob = 0.94, interval = c("hdi", "central"), ...) {
  call <- rlang::current_env()
  check_no_dots(rlang::exprs(...), call)
  valid <- checkmate::test_character(hypothesis, any.missing = FALSE, min.len = 1)
  check_argument(hypothesis, valid, "statements, as text", call)
  check_interval_prob(prob, call)
  interval <- choose_interval(interval, call)
  names <- names_in_statements(x$model)
  statements <- lapply(hypothesis, read_statement, names, call)
  found <- lapply(statements, judge_statement, fit = x, prob = prob, interval = interval, call = call)
  labels <- unname(ifelse(rlang::names2(hypothesis) == "", hypothesis, rlang::names2(hypothesis)))
  column <- function(name, kind) vapply(found, `[[`, kind, name)
  methods <- column("method", "")
  structure(
    data.frame(
      hypothesis = labels, estimate = column("estimate", 0), sd = column("sd", 0), lower = column("lower", 0),
      upper = column("upper", 0), post_prob = column("post_prob", 0), evidence_ratio = column("evidence_ratio", 0), method = methods,
      mcse = column("mcse", 0)
    ),
    class = c("bayespool_hypothesis", "data.frame"), prob = prob, interval = interval,
    draws = if ("draws" %in% methods) posterior::ndraws(x),
    no_ratio = stats::setNames(lapply(found, `[[`, "no_ratio"), labels), sign = vapply(statements, `[[`, "", "sign"),
    densities = lapply(found, `[[`, "density")
  )
}

# Variables, named by how a statement may call them.
names_in_statements <- function(model) {
  variables <- layout_variables(model)
  fixed <- stats::setNames(layout_variables(model, c("population", "slope")), fixed_names(model))
  icc <- icc_names(model)
  names <- c(stats::setNames(nm = c(variables, icc)), fixed, c(Intercept = model$intercept))
  names[!duplicated(names(names))]
}

# A row of the table, then why it has no evidence ratio, if so, and its `density`: columns x and density.
judge_statement <- function(statement, fit, prob, interval, call) {
  form <- linear_form(statement$difference)
  check_values(form, statement, call)
  form <- form[c(TRUE, form[-1] != 0)]
  found <- judge_difference(statement, form, fit, prob, interval, call)
  if (statement$sign == "=") {
    found$post_prob <- 1 / (1 + 1 / found$evidence_ratio)
    found$mcse <- NA_real_
  } else {
    found$post_prob <- if (statement$sign == ">") found$above else 1 - found$above
    found$evidence_ratio <- found$post_prob / (1 - found$post_prob)
    found["no_ratio"] <- list(NULL)
  }
  found
}

# `form`: of the difference, NULL where it is not linear.
judge_difference <- function(statement, form, fit, prob, interval, call) {
  model <- fit$model
  variables <- names(form)[-1]
  coefficients <- layout_variables(model, c("population", "slope", "group"))
  if (has_quadrature(fit) && length(variables) > 0) {
    if (all(variables %in% coefficients) && !has_counts(model) && shares_sigma(model)) {
      return(judge_combination(form, fit, prob, interval, call))
    }
    if (length(variables) == 1) {
      return(judge_variable(form, fit, prob, interval, call))
    }
  }
  judge_draws(statement, fit, prob, interval, call)
}

# `row`: mean, sd, lower, upper of the difference; `above`: the probability that it is positive; `x` and `y`: its density.
new_judgement <- function(row, above, x, y, method, ratio = NA_real_, no_ratio = NULL, mcse = NA_real_) {
  list(
    estimate = row[[1]], sd = row[[2]], lower = row[[3]], upper = row[[4]], above = above, evidence_ratio = ratio, no_ratio = no_ratio,
    mcse = mcse, method = method, density = data.frame(x = as.double(x), density = as.double(y))
  )
}

judge_combination <- function(form, fit, prob, interval, call) {
  posterior <- fit_posterior(fit)
  found <- exact_combination(posterior, form[-1], -form[[1]], prob, interval, call)
  at <- points_of_curve(found$summary, prob)
  density <- exact_combination(posterior, form[-1], at, prob, interval, call)$density
  prior <- prior_of_combination(fit, form)
  known <- is.numeric(prior)
  new_judgement(
    found$summary + c(1, 0, 1, 1) * form[[1]], found$above, at + form[[1]], density, "exact",
    ratio = if (known) found$density / stats::dnorm(0, prior[1], prior[2]) else NA_real_, no_ratio = if (!known) prior
  )
}

# About four standard deviations to either side.
points_of_curve <- function(summary, prob) {
  scale <- (summary[[4]] - summary[[3]]) / 2 / stats::qnorm((1 + prob) / 2)
  if (scale > 0) (summary[[3]] + summary[[4]]) / 2 + scale * seq(-4, 4, length.out = 201) else numeric()
}

# Mean and sd of what the prior says of a linear form of normal coefficients, or why that is not normal.
prior_of_combination <- function(fit, form) {
  model <- fit$model
  variables <- names(form)[-1]
  groups <- variables %in% layout_variables(model, "group")
  if (any(groups) && !has_independent_groups(model)) {
    return("the prior of groups' coefficients is no normal distribution")
  }
  names <- ifelse(groups, varying_terms(model)[[1]]$coefficient, variables)
  parameters <- vapply(fit$priors[names], function(prior) prior$par, numeric(2))
  sd <- sqrt(sum((form[-1] * parameters[2, ])^2))
  if (is.infinite(sd)) {
    return("the prior is flat, and has no density")
  }
  if (sd == 0) {
    return("the prior says what it is")
  }
  c(form[[1]] + sum(form[-1] * parameters[1, ]), sd)
}

judge_variable <- function(form, fit, prob, interval, call) {
  variable <- names(form)[2]
  multiple <- form[[2]]
  posterior <- fit_posterior(fit)
  chosen <- match(variable, c(layout_variables(fit$model), icc_names(fit$model)))
  quantiles <- function(probs) exact_table(posterior, probs, icc = TRUE, chosen = chosen, call = call)[1, -(1:2)]
  row <- exact_interval_table(fit, prob, interval, variable, call = call)[1, ]
  threshold <- -form[[1]] / multiple
  known <- row[["lower"]] == row[["upper"]]
  above <- if (known) as.numeric(row[["mean"]] > threshold) else probability_above(quantiles, threshold)
  row <- row * c(multiple, abs(multiple), multiple, multiple) + c(1, 0, 1, 1) * form[[1]]
  p <- stats::pnorm(seq(-4, 4, length.out = 202))
  x <- if (!known) form[[1]] + multiple * quantiles(p)
  new_judgement(
    if (multiple > 0) row else row[c(1, 2, 4, 3)], if (multiple > 0) above else 1 - above, (x[-1] + x[-length(x)]) / 2,
    if (!known) diff(p) / abs(diff(x)), "exact", no_ratio = "its posterior density is not computed"
  )
}

# P(X > at) of a continuous distribution by its quantiles: the normal score at which these are `at`. Beyond 1e-9 it is 0 or 1.
probability_above <- function(quantiles, at) {
  excess <- function(score) quantiles(stats::pnorm(score)) - at
  farthest <- stats::qnorm(1e-9)
  ends <- c(excess(farthest), excess(-farthest))
  if (ends[1] >= 0 || ends[2] <= 0) {
    return(as.numeric(ends[1] >= 0))
  }
  score <- stats::uniroot(excess, c(farthest, -farthest), f.lower = ends[1], f.upper = ends[2], tol = 1e-12)$root
  stats::pnorm(score, lower.tail = FALSE)
}

judge_draws <- function(statement, fit, prob, interval, call) {
  if (!has_draws(fit)) {
    abort_bayespool(
      c(
        "{.code {statement$text}} needs draws, and this fit has none.",
        i = "Without draws a hypothesis must be about one parameter, or a linear combination of coefficients.",
        i = "{.code update(fit, iter_sampling = 1000)} adds draws."
      ),
      "draws", call
    )
  }
  draws <- draws_matrix(fit, call)
  if (any(icc_names(fit$model) %in% statement$variables)) draws <- cbind(draws, drawn_iccs(fit, draws))
  variables <- lapply(stats::setNames(nm = statement$variables), function(variable) unname(draws[, variable]))
  difference <- suppressWarnings(eval(statement$difference, statement_environment(variables))) # of NaN the error below tells
  check_values(difference, statement, call)
  row <- interval_of_draws(cbind(difference), prob, interval)[1, ]
  curve <- if (row[["sd"]] > 0) stats::density(difference)
  new_judgement(
    row, mean(difference > 0), curve$x, curve$y, "draws",
    no_ratio = "its densities are not known exactly", mcse = mcse_of_means(cbind(difference > 0), posterior::nchains(fit))
  )
}

check_values <- function(values, statement, call) {
  if (!all(is.finite(values))) {
    abort_bayespool(
      c(
        "{.code {statement$text}} has no finite value, or not with all draws.",
        i = "It takes a logarithm or a root of something negative, or divides by 0."
      ),
      "argument", call
    )
  }
}

#' @rdname hypothesis
#' @export
print.bayespool_hypothesis <- function(x, digits = 3, ...) {
  if (is.null(attr(x, "prob")) || !all(c("hypothesis", "evidence_ratio", "method") %in% names(x))) {
    return(NextMethod()) # a part of the table
  }
  columns <- as.list(unclass(x))[c("estimate", "sd", "lower", "upper")]
  columns <- lapply(columns, formatC, digits = digits, format = "g")
  columns$post_prob <- ifelse(is.na(x$post_prob), "", formatC(x$post_prob, digits = 3, format = "f"))
  columns$ratio <- ifelse(is.na(x$evidence_ratio), "", formatC(x$evidence_ratio, digits = digits, format = "g"))
  columns$method <- x$method
  if (!all(is.na(x$mcse))) columns$mcse <- ifelse(is.na(x$mcse), "", formatC(x$mcse, digits = 2, format = "g"))
  labels <- fit_labels(x$hypothesis, columns)
  print(as_frame(c(list(hypothesis = labels), columns), nrow(x)), row.names = FALSE)
  print_note("ratio: the column evidence_ratio, posterior odds; of an equation the Bayes factor in its favour")
  if ("exact" %in% x$method) print_note("exact: by quadrature, without Monte Carlo error")
  if ("draws" %in% x$method) {
    print_note(
      "draws: from ", format(attr(x, "draws"), big.mark = ","), " draws; mcse: Monte Carlo standard error of post_prob"
    )
  }
  kind <- if (attr(x, "interval") == "hdi") "shortest (hdi)" else "central"
  print_note("lower, upper: ", kind, " ", percent(attr(x, "prob")), " interval of the left side less the right side")
  reasons <- attr(x, "no_ratio")
  for (label in names(Filter(Negate(is.null), reasons))) {
    print_note("no evidence ratio of ", shorten(label, 30), ": ", reasons[[label]])
  }
  invisible(x)
}
