# print() and summary() of a fit.

#' Summary of a fit
#'
#' `summary()` has one row for each parameter: its posterior mean, standard deviation and an interval. `print()` shows the model
#' and that table.
#'
#' For an exact fit the numbers are computed by quadrature: they carry no Monte Carlo error and need no draws. For a fit by NUTS
#' they are those of the draws, with what is known of their error. A model with a population of groups has a last row `icc`, the
#' intraclass correlation, or with two grouping factors `icc[subject]` and `icc[item]`, the share of each in the variance (see
#' [variance_components()]).
#'
#' The interval is by default the highest density interval (HDI), the shortest one that holds the probability `prob`: every value
#' in it has a higher density than any outside. The central interval leaves as much below as above.
#'
#' @param object,x A fit; for `print()` also what `summary()` returned.
#' @param prob Probability in the interval, between 0 and 1.
#' @param interval `"hdi"`, the shortest interval, or `"central"`.
#' @param pars Names of variables, such as `c("hyper_mu", "mu[Oslo]")`; `NULL`: all of them.
#' @param regex_pars Regular expressions: variables that one of them matches are taken besides `pars`, as in bayesplot.
#' @param scale Of a fit with `family`: `"link"`, log odds or logarithms of rates, or `"response"`, probabilities or rates (see
#'   [exact_summary()]). Of a normal outcome both are the same.
#' @param diagnostics Whether to add what there is to say of the draws: Monte Carlo standard errors, effective sample
#'   sizes and R-hat. By default for fits by NUTS.
#' @param digits Number of decimals to print; `NULL`: as many as show two digits of the smallest standard deviation, from 2 to 4.
#' @param n_rows Number of rows to print. All rows that do not belong to a single group are shown; of the groups as many
#'   as there is room for, of two grouping factors of each, and a last line counts the rest.
#' @param ... Ignored: what other packages pass to all models. What looks like a misspelt argument gets a warning.
#' @return `summary()`: a data frame of class `bayespool_summary` with one row a parameter and columns `variable`, `mean`,
#'   `sd`, and the ends of the interval, `hdi_lower` and `hdi_upper` (or `central_lower` and `central_upper`). With `diagnostics`
#'   also Monte Carlo standard errors `mcse_mean` and `mcse_sd`, effective sample sizes `ess_bulk` and `ess_tail`,
#'   and `rhat`, all of the draws (see the posterior package). Exact draws are independent, so their effective sample size
#'   is about their number and `rhat` is about 1; draws by NUTS depend on one another. Where a table would be wider than
#'   the screen, `print()` leaves out the Monte Carlo errors. `print()` returns `x`, invisibly.
#'
#'   With heavy-tailed or flat priors and few groups some moments do not exist: see [exact_summary()].
#' @section Errors: Of class `bayespool_error_draws`: a fit by NUTS, or `diagnostics = TRUE`, without draws. Of class
#'   `bayespool_error_argument`: a `prob` outside (0, 1), `pars` that the fit does not have, a `regex_pars` that matches nothing.
#' @references Vehtari, A., Gelman, A., Simpson, D., Carpenter, B. and Buerkner, P.-C. (2021). Rank-normalization,
#'   folding, and localization: an improved R-hat for assessing convergence of MCMC. *Bayesian Analysis*, 16(2),
#'   667-718.
#'   \doi{10.1214/20-BA1221}
#' @seealso [exact_summary()] for quantiles.
#' @examples
#' fit <- partial_pooling(yield ~ 1 + (1 | block), npk, seed = 1)
#' summary(fit)
#' summary(fit, prob = 0.89, interval = "central", regex_pars = "^sigma")
#' summary(fit, pars = "hyper_mu", diagnostics = TRUE)
#' @aliases hdi
#' @export
summary.bayespool_fit <- function(
    object, prob = 0.94, interval = c("hdi", "central"), pars = NULL, regex_pars = NULL, scale = c("link", "response"),
    diagnostics = has_chains(object), ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  check_interval_prob(prob, call)
  interval <- choose_interval(interval, call)
  check_flag(diagnostics, call)
  scale <- choose_one(scale, c("link", "response"), call)
  response <- on_response_scale(object$model, scale)
  layout <- if (response) response_layout(object$model) else object$model$layout
  chosen <- choose_pars(pars, regex_pars, c(layout$variable, if (!response) icc_names(object$model)), call)
  table <- (if (response) response_interval_table else interval_table)(object, prob, interval, chosen, call = call)
  colnames(table)[3:4] <- interval_names(interval)
  if (diagnostics) table <- cbind(table, draws_diagnostics(object, chosen, response, call))
  new_table(
    c(list(variable = chosen), matrix_columns(table)), "bayespool_summary",
    prob = prob, interval = interval, draws = if (has_chains(object)) posterior::ndraws(object),
    of_group = factors_of_groups(layout), new_study = new_study(object, prob, interval, call)
  )
}

# In a meta-analysis without moderators, of the effect of a study that is not among those: mean, sd, lower, upper. NULL in other models.
new_study <- function(fit, prob, interval, call) {
  if (has_known_errors(fit$model) && has_icc(fit$model) && !has_predictors(fit$model)) {
    row_table(fit, matrix(0, 1, 0), length(fit$reduced$group) + 1L, noise = 0, prob, interval, call)[1, ]
  }
}

note_new_study <- function(table) {
  effect <- attr(table, "new_study")
  if (is.null(effect)) {
    return(invisible())
  }
  numbers <- trimws(format_numbers(effect, 2))
  cat("effect of a new study: mean ", numbers[1], ", sd ", numbers[2], ", ", numbers[3], " to ", numbers[4], "\n", sep = "")
}

# A matrix: one row for each of `variables`.
draws_diagnostics <- function(fit, variables, response, call) {
  draws <- draws_matrix(fit, call)
  if (response) draws <- response_of_draws(fit, draws)
  if (any(icc_names(fit$model) %in% variables)) draws <- cbind(draws, drawn_iccs(fit, draws))
  rows <- muffle_few_draws(lapply(variables, function(name) {
    x <- matrix(draws[, name], nrow = posterior::niterations(fit))
    c(
      mcse_mean = posterior::mcse_mean(x), mcse_sd = posterior::mcse_sd(x), ess_bulk = posterior::ess_bulk(x),
      ess_tail = posterior::ess_tail(x), rhat = posterior::rhat(x)
    )
  }))
  do.call(rbind, rows)
}

#' @rdname summary.bayespool_fit
#' @export
print.bayespool_summary <- function(x, digits = NULL, n_rows = 30, ...) {
  print_table(x, digits, n_rows)
  note_new_study(x)
  if (all(interval_names(attr(x, "interval")) %in% names(x))) note_interval(x, "posterior")
  invisible(x)
}

#' @rdname summary.bayespool_fit
#' @export
print.bayespool_fit <- function(x, digits = NULL, n_rows = 30, pars = NULL, regex_pars = NULL, ...) {
  call <- rlang::current_env()
  cat(x$model$title, if (is_prior_only(x)) " (prior only)", "\n", sep = "")
  if (has_counts(x$model)) cat("  family:       ", x$model$family, " (", families[[x$model$family]]$link, " link)\n", sep = "")
  cat("  formula:      ", format_formula(x$formula), "\n", sep = "")
  known_errors <- has_known_errors(x$model)
  cat(if (known_errors) "  estimates:    " else "  observations: ", format(stats::nobs(x), big.mark = ","), sep = "")
  if (has_grouping_factor(x)) cat(if (known_errors) " of " else " in ", describe_groups(x$model), sep = "")
  cat(if (known_errors) ", with known errors" else if (has_weights(x$reduced)) ", weighted", "\n", sep = "")
  if (has_counts(x$model)) cat("  events:       ", describe_events(x$reduced), "\n", sep = "")
  cat("  posterior:    ", describe_engine(x), "\n\n", sep = "")
  if (has_chains(x) && !has_draws(x)) {
    return(invisible(x))
  }
  layout <- x$model$layout
  chosen <- choose_pars(pars, regex_pars, c(layout$variable, icc_names(x$model)), call)
  shown <- shown_rows(factors_of_groups(layout)[chosen], n_rows)
  table <- summary(x, pars = chosen[shown])
  print_table(table, digits, Inf)
  note_rest(length(chosen) - length(shown))
  note_new_study(table)
  note_interval(table, "posterior")
  note_accuracy(x)
  invisible(x)
}

# How many of each grouping factor.
describe_groups <- function(model) {
  counts <- vapply(model$terms, function(term) format(length(term$labels), big.mark = ","), "")
  paste0(counts, " groups (", vapply(model$terms, `[[`, "", "factor"), ")", collapse = " and ")
}

# How many, and out of what.
describe_events <- function(counts) {
  number <- function(x) format(sum(x), big.mark = ",", digits = 6)
  out_of <- if (counts$family == "binomial") " of " else " in "
  paste0(number(counts$events), out_of, number(counts$size), " ", families[[counts$family]]$size)
}

# One line where an exact fit may be less accurate than people expect of it.
note_accuracy <- function(fit) {
  if (!has_quadrature(fit)) {
    return(invisible())
  }
  if (!is.null(fit$lattice) && fit$lattice$error > 1e-6) {
    cat("Quadrature: estimated error ", format(fit$lattice$error, digits = 1), " posterior sds; see accuracy()\n", sep = "")
  }
  error <- lost_to_rounding(fit$reduced)
  if (error > 1e-6) cat("Moments lost digits: errors of up to ", format(error, digits = 1), " posterior sds; see accuracy()\n", sep = "")
}

describe_engine <- function(fit) {
  draws <- if (has_draws(fit)) {
    paste0(
      posterior::nchains(fit), " x ", posterior::niterations(fit), " draws, seed ", format(fit$seed, scientific = FALSE)
    )
  } else {
    "no draws"
  }
  if (!has_chains(fit)) {
    return(paste0("exact, by quadrature; ", draws))
  }
  if (!has_draws(fit)) {
    return("NUTS; no draws")
  }
  divergent <- sum(after_warmup(fit$nuts)[, , "divergent__"])
  paste0(
    "NUTS", if (has_population(fit$model)) paste0(" (", fit$nuts$control$parameterization, ")"), "; ", draws, "; ", divergent,
    if (divergent == 1) " divergence" else " divergences"
  )
}
