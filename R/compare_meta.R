# compare_meta(): is there an effect, and do studies differ? Four meta-analyses and their average.

#' Is there an effect, and do studies differ?
#'
#' Fits [meta_analysis()] four times, with and without a pooled effect, with and without heterogeneity, and weighs the four models by their
#' evidence: Bayes factors for the effect and for heterogeneity, and the effect averaged over the models.
#'
#' The four models are all combinations of
#'
#' * an effect, `hyper_mu` with the prior given, or none, `hyper_mu = 0`;
#' * heterogeneity, `sigma_mu` with the prior given, or none, `sigma_mu = 0`.
#'
#' With prior probabilities \eqn{p_m} and evidences \eqn{Z_m} the posterior probability of a model is
#' \eqn{p_m Z_m / \sum_k p_k Z_k}{p[m] Z[m] / sum of p[k] Z[k]}. The Bayes factor of the effect is the ratio of the posterior to the
#' prior odds of the two models that have one; that of heterogeneity likewise. A Bayes factor of 10 says that the data are ten times as
#' probable with the effect as without it. The evidence is exact, so no bridge sampling is needed.
#'
#' **These numbers depend on the priors**, and not only a little: a prior that allows for huge effects makes every effect improbable. So
#' this function has no default priors. They should say what effects are plausible where there is one, around 0, for example
#' `hyper_mu = dist_normal(0, 1)` and `sigma_mu = dist_inverse_gamma(1, scale = 0.15)` or `dist_normal(0, 0.5)`, cut at 0, for
#' standardised mean differences.
#'
#' @inheritParams meta_analysis
#' @param formula A formula without moderators, such as `yi ~ 1 + (1 | study)`.
#' @param prior A list with the priors of `hyper_mu` and of `sigma_mu`, both of them proper; see [bayespool-priors].
#' @param prior_prob Prior probabilities of an effect and of heterogeneity, two numbers between 0 and 1, which are independent.
#' @param prob,interval Probability in the intervals; `"hdi"`, the shortest, or `"central"`.
#' @param ... Not used; it makes a misspelt argument an error. The arguments after it must be named.
#' @return An object of class `compare_meta`, a list:
#'   * `models`: one row a model: `effect` and `heterogeneity` (whether it has these), `log_evidence` (natural logarithm), `prior` and
#'     `posterior` (probabilities);
#'   * `bayes_factors`: two numbers, of the `effect` and of `heterogeneity`;
#'   * `average`: rows `effect` (averaged over all models, those without an effect contribute 0), `effect, if there is one` (over the two
#'     that have one) and `sigma_mu, if there is heterogeneity`; columns posterior `mean` and `sd`, and for the last two the ends `lower`
#'     and `upper` of an interval;
#'   * `fits`: the four fits.
#' @section Errors: Those of [meta_analysis()]; of class `bayespool_error_prior` where one of the two priors is missing, flat or a known
#'   value; of class `bayespool_error_formula` where there are moderators.
#' @references Gronau, Q. F., Heck, D. W., Berkhout, S. W., Haaf, J. M. and Wagenmakers, E.-J. (2021). A primer on Bayesian model-averaged
#'   meta-analysis. *Advances in Methods and Practices in Psychological Science*, 4(3). \doi{10.1177/25152459211031256}
#' @seealso [compare_pooling()] for other models of groups; [log_marginal_likelihood()].
#' @examples
#' schools <- data.frame(
#'   school = LETTERS[1:8], effect = c(28, 8, -3, 7, -1, 1, 18, 12),
#'   se = c(15, 10, 16, 11, 9, 11, 10, 18)
#' )
#' compare_meta(
#'   effect ~ 1 + (1 | school), schools, se = se,
#'   prior = list(hyper_mu = dist_normal(0, 20), sigma_mu = dist_cauchy(0, 10))
#' )
#' @export
compare_meta <- function(formula, data, prior, ..., se = NULL, vi = NULL, prior_prob = c(0.5, 0.5), prob = 0.94,
                         interval = c("hdi", "central")) {
  call <- rlang::current_env()
  check_no_dots(rlang::exprs(...), call)
  check_interval_prob(prob, call)
  interval <- choose_interval(interval, call)
  valid <- checkmate::test_numeric(prior_prob, lower = 0, upper = 1, len = 2, any.missing = FALSE) && all(prior_prob > 0 & prior_prob < 1)
  check_argument(prior_prob, valid, "two probabilities between 0 and 1: of an effect and of heterogeneity", call)
  if (missing(prior)) prior <- NULL
  parsed <- parse_formula(formula, call = call)
  if (length(parsed$terms) > 0 || has_varying_terms(parsed) || !parsed$intercept) {
    abort_formula("{.fn compare_meta} takes no moderators.", "Write {.code yi ~ 1 + (1 | study)}.", formula, call)
  }
  check_meta_priors(prior, call)
  whole <- meta_analysis(formula, data, prior, se = {{ se }}, vi = {{ vi }}, iter_sampling = 0)
  check_meta_priors(whole$priors, call)
  models <- data.frame(effect = c(TRUE, TRUE, FALSE, FALSE), heterogeneity = c(TRUE, FALSE, TRUE, FALSE))
  fits <- quietly(lapply(seq_len(4), function(i) {
    if (!models$effect[i]) prior$hyper_mu <- dist_degenerate(0)
    if (!models$heterogeneity[i]) prior$sigma_mu <- dist_degenerate(0)
    if (i == 1) whole else stats::update(whole, prior = prior)
  }))
  names(fits) <- c("both", "effect", "heterogeneity", "neither")
  models$log_evidence <- vapply(fits, log_marginal_likelihood, 0, USE.NAMES = FALSE)
  models$prior <- ifelse(models$effect, prior_prob[1], 1 - prior_prob[1]) * ifelse(models$heterogeneity, prior_prob[2], 1 - prior_prob[2])
  relative <- log(models$prior) + models$log_evidence
  relative <- exp(relative - max(relative))
  models$posterior <- relative / sum(relative)
  structure(
    list(
      models = models, bayes_factors = c(effect = inclusion(models, "effect"), heterogeneity = inclusion(models, "heterogeneity")),
      average = meta_average(fits, models, prob, interval, call), fits = fits, prob = prob, interval = interval
    ),
    class = "compare_meta"
  )
}

# `prior`: as the user gave it, or the priors of a fit.
check_meta_priors <- function(prior, call) {
  needed <- c("hyper_mu", "sigma_mu")
  absent <- setdiff(needed, names(prior))
  if (length(absent) > 0) {
    abort_bayespool(
      c(
        "{.fn compare_meta} needs {cli::qty(absent)}{?a prior/priors} of {.field {absent}}: Bayes factors depend on {?it/them}.",
        i = "Example: {.code prior = list(hyper_mu = dist_normal(0, 1), sigma_mu = dist_normal(0, 0.5))}."
      ),
      "prior", call
    )
  }
  read <- vapply(prior[needed], function(x) is.null(x$family) || is_proper(x) && !is_fixed(x), NA)
  if (!all(read)) {
    abort_bayespool(
      c(
        "The {cli::qty(sum(!read))}prior{?s} of {.field {needed[!read]}} must be proper, and no known value{?s}.",
        i = "A flat prior has an arbitrary height, and so have its Bayes factors."
      ),
      "prior", call
    )
  }
}

# The Bayes factor of what half of the models have: posterior over prior odds. Sums of the evidences, not of probabilities near 0 or 1.
inclusion <- function(models, what) {
  mean_evidence <- function(has) sum(models$prior[has] * exp(models$log_evidence[has] - max(models$log_evidence))) / sum(models$prior[has])
  mean_evidence(models[[what]]) / mean_evidence(!models[[what]])
}

meta_average <- function(fits, models, prob, interval, call) {
  average_of <- function(variable, has) {
    share <- models$posterior[has] / sum(models$posterior[has])
    moments <- vapply(fits[has], function(fit) posterior_table(fit, call = call)[variable, c("mean", "sd")], numeric(2))
    mean <- sum(share * moments["mean", ])
    list(share = share, moments = c(mean = mean, sd = sqrt(sum(share * (moments["sd", ]^2 + (moments["mean", ] - mean)^2)))))
  }
  all <- average_of("hyper_mu", rep(TRUE, 4))
  effect <- average_of("hyper_mu", models$effect)
  spread <- average_of("sigma_mu", models$heterogeneity)
  ends <- rbind(
    NA_real_,
    mixture_interval(fits[models$effect], effect$share, "hyper_mu", prob, interval, call),
    mixture_interval(fits[models$heterogeneity], spread$share, "sigma_mu", prob, interval, call)
  )
  data.frame(
    quantity = c("effect", "effect, if there is one", "sigma_mu, if there is heterogeneity"),
    rbind(all$moments, effect$moments, spread$moments), lower = ends[, 1], upper = ends[, 2], row.names = NULL
  )
}

# An interval of a mixture of the posteriors of one variable: from exact quantiles at many normal scores z, between which z is a smooth
# function of the quantile.
mixture_interval <- function(fits, share, variable, prob, interval, call) {
  z <- seq(-6.2, 6.2, length.out = 401)
  scores <- lapply(fits, function(fit) {
    row <- match(variable, layout_variables(fit$model))
    quantiles <- exact_table(fit_posterior(fit), stats::pnorm(z), chosen = row, call = call)[1, -(1:2)]
    list(range = range(quantiles), score = stats::splinefun(quantiles, z, method = "hyman"))
  })
  ends <- range(vapply(scores, `[[`, numeric(2), "range"))
  below <- function(x) {
    sum(share * vapply(scores, function(one) stats::pnorm(one$score(min(max(x, one$range[1]), one$range[2]))), 0))
  }
  quantile <- function(p) stats::uniroot(function(x) below(x) - p, ends, tol = 1e-10 * diff(ends))$root
  outside <- 1 - prob
  width <- function(p) quantile(p + prob) - quantile(p)
  lower <- if (interval == "central") outside / 2 else stats::optimize(width, c(1e-8, outside - 1e-8), tol = 1e-6)$minimum
  c(quantile(lower), quantile(lower + prob))
}

#' @rdname compare_meta
#' @param x What `compare_meta()` returned.
#' @param digits Number of decimals to print.
#' @export
print.compare_meta <- function(x, digits = 2, ...) {
  fit <- x$fits$both
  cat(
    "Four meta-analyses of ", fit$reduced$response, ": ", format(stats::nobs(fit), big.mark = ","), " estimates of ",
    format(length(fit$reduced$group), big.mark = ","), " groups (", grouping_factor(fit), ")\n\n", sep = ""
  )
  models <- x$models
  yes <- function(x) ifelse(x, "yes", "no")
  print(
    data.frame(
      effect = yes(models$effect), heterogeneity = yes(models$heterogeneity),
      log_evidence = formatC(models$log_evidence, digits = 2, format = "f"),
      prior = formatC(models$prior, digits = 3, format = "f"), posterior = formatC(models$posterior, digits = 3, format = "f")
    ),
    row.names = FALSE
  )
  factors <- x$bayes_factors
  cat("\nBayes factor of an effect: ", format(factors[["effect"]], digits = 3), "\n", sep = "")
  cat("Bayes factor of heterogeneity: ", format(factors[["heterogeneity"]], digits = 3), "\n\n", sep = "")
  average <- x$average
  numbers <- lapply(average[-1], function(column) ifelse(is.na(column), "", format_numbers(column, digits)))
  print(data.frame(average = average$quantity, numbers), row.names = FALSE, right = FALSE)
  print_note("effect: averaged over all four models, 0 where there is none")
  note_interval(structure(list(), prob = x$prob, interval = x$interval), "posterior")
  invisible(x)
}
