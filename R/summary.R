# print() and summary() of a fit.

#' Summary of a fit
#'
#' `summary()` describes the draws of each parameter; `print()` shows the model and that table. A fit without draws is
#' printed with its [exact_summary()].
#'
#' @param object,x A fit.
#' @param prob Probability in the highest density interval, between 0 and 1.
#' @param digits Number of decimals to print. Columns of small numbers get significant digits instead.
#' @param n_rows Number of rows to print; the rest is counted in a last line.
#' @param ... Not used.
#' @return `summary()`: a data frame of class `bayespool_summary` with one row a parameter and columns `variable`,
#'   `mean`, `sd`, the ends `hdi_lower` and `hdi_upper` of the shortest interval that holds `prob` of the draws, Monte
#'   Carlo standard errors `mcse_mean` and `mcse_sd`, effective sample sizes `ess_bulk` and `ess_tail`, and `rhat`
#'   (see the posterior package). Exact draws are independent, so their effective sample size is about their number
#'   and `rhat` is about 1; draws by NUTS depend on one another. `print()` returns `x`, invisibly.
#' @section Errors: Of class `bayespool_error_draws`: `summary()` of a fit with `iter_sampling = 0`. Of class
#'   `bayespool_error_argument`: a `prob` outside (0, 1).
#' @references Vehtari, A., Gelman, A., Simpson, D., Carpenter, B. and Buerkner, P.-C. (2021). Rank-normalization,
#'   folding, and localization: an improved R-hat for assessing convergence of MCMC. *Bayesian Analysis*, 16(2),
#'   667-718.
#'   \doi{10.1214/20-BA1221}
#' @examples
#' fit <- partial_pooling(yield ~ 1 + (1 | block), npk, seed = 1)
#' summary(fit)
#' summary(fit, prob = 0.89)
#' @aliases hdi
#' @export
summary.bayespool_fit <- function(object, prob = 0.94, ...) {
  call <- rlang::current_env()
  check_no_dots(rlang::exprs(...), call)
  check_probability(prob, call)
  draws <- fit_draws(object, call = call)
  hdi <- HDInterval::hdi(matrix(draws, nrow = posterior::ndraws(draws)), credMass = prob)
  rows <- muffle_few_draws(lapply(seq_len(dim(draws)[3]), function(i) {
    x <- matrix(draws[, , i], nrow = dim(draws)[1])
    c(
      mean = mean(x), sd = stats::sd(x), hdi_lower = hdi[[1, i]], hdi_upper = hdi[[2, i]],
      mcse_mean = posterior::mcse_mean(x), mcse_sd = posterior::mcse_sd(x), ess_bulk = posterior::ess_bulk(x),
      ess_tail = posterior::ess_tail(x), rhat = posterior::rhat(x)
    )
  }))
  table <- data.frame(variable = posterior::variables(draws), do.call(rbind, rows))
  structure(table, class = c("bayespool_summary", "data.frame"), prob = prob)
}

#' @rdname summary.bayespool_fit
#' @export
print.bayespool_summary <- function(x, digits = 2, n_rows = 30, ...) {
  print_table(x, digits, n_rows)
  if (!is.null(attr(x, "prob")) && all(c("hdi_lower", "hdi_upper") %in% names(x))) {
    cat("hdi: shortest interval with ", 100 * attr(x, "prob"), "% of the draws\n", sep = "")
  }
  invisible(x)
}

#' @rdname summary.bayespool_fit
#' @export
print.bayespool_fit <- function(x, digits = 2, n_rows = 30, ...) {
  cat(x$model$title, if (is_prior_only(x)) " (prior only)", "\n", sep = "")
  cat("  formula:      ", format_formula(x$formula), "\n", sep = "")
  groups <- length(x$moments$n)
  cat("  observations: ", format(stats::nobs(x), big.mark = ","), sep = "")
  if (has_grouping_factor(x)) cat(" in ", format(groups, big.mark = ","), " groups (", grouping_factor(x), ")", sep = "")
  cat("\n")
  if (has_draws(x)) {
    cat("  draws:        ", posterior::nchains(x), " x ", posterior::niterations(x), ", ", describe_algorithm(x), ", seed ",
        format(x$seed, scientific = FALSE), "\n\n", sep = "")
    shown <- x
    keep <- seq_len(min(nrow(x$model$layout), n_rows))
    shown$draws <- x$draws[, , keep, drop = FALSE]
    print(summary(shown), digits = digits, n_rows = n_rows)
    note_rest(nrow(x$model$layout) - length(keep))
  } else {
    cat("  draws:        none; exact summary by quadrature\n\n")
    print_table(exact_summary(x), digits, n_rows)
  }
  note_accuracy(x)
  invisible(x)
}

# One line where an exact fit may be less accurate than people expect of it.
note_accuracy <- function(fit) {
  if (!has_quadrature(fit)) {
    return(invisible())
  }
  error <- lost_to_rounding(fit$moments)
  if (error > 1e-6) cat("Moments lost digits: errors of up to ", format(error, digits = 1), " posterior sds; see accuracy()\n", sep = "")
}

describe_algorithm <- function(fit) {
  if (!has_chains(fit)) {
    return("independent")
  }
  divergent <- sum(after_warmup(fit$nuts)[, , "divergent__"])
  paste0(
    "NUTS", if (has_population(fit$model)) paste0(" (", fit$nuts$control$parameterization, ")"), ", ", divergent,
    if (divergent == 1) " divergence" else " divergences"
  )
}
