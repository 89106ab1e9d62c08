# Leave-one-out cross-validation: exact by quadrature, or estimated from draws; WAIC.

#' Leave-one-out cross-validation
#'
#' How well a model predicts an observation, or a whole group, that it has not seen.
#'
#' Each observation \eqn{y_i} is left out in turn and predicted from the others. The logarithm of the density that the
#' prediction gives to it, summed over the observations, is
#' \deqn{\mathrm{elpd} = \sum_i \log p(y_i \mid y_{-i}).}{elpd = sum_i log p(y[i] | y[-i]).}
#' Larger is better; only differences between models for the same data mean something, and [loo_compare()] shows
#' them with their standard errors. The priors stay those of the fit, whatever is left out, also the default ones that
#' were scaled by all data.
#'
#' **Exact.** Given the standard deviations (and correlations, where groups have several effects) the prediction of an observation from
#' the others is a normal density \eqn{N_i}, known in closed form, and with the weights \eqn{w} of the quadrature nodes
#' \deqn{p(y_i \mid y_{-i}) = \left(\sum w / N_i\right)^{-1}.}{p(y[i] | y[-i]) = 1 / sum(w / N[i]).}
#' So nothing is refitted, no draws are used, and there is no Pareto k to check. An influential observation moves the
#' posterior to where the nodes of the full fit are too few or end. That shows in the sum itself (its value with every
#' second node, and what stands at its ends), and such an observation is left out by a quadrature of its own:
#' \eqn{\log p(y_i \mid y_{-i}) = \log p(y) - \log p(y_{-i})}{log p(y[i] | y[-i]) = log p(y) - log p(y[-i])}. Fits
#' by NUTS get the same exact value: it belongs to the model, not to the algorithm.
#'
#' **Leaving out groups.** With `unit = "group"` all observations of a group are left out together and predicted
#' jointly, as a group that the model has never seen: \eqn{\log p(y) - \log p(y_{-j})}{log p(y) - log p(y[-j])}, one
#' quadrature for each group. It answers how well the model predicts new groups, where plain leave-one-out is about new
#' observations in known groups. Its standard error is large where groups are few: it is that of a sum of as many terms as
#' there are groups, and the term of a large group is far from that of a small one. It needs no single observations, so it
#' works for fits from [group moments][group_moments()]. With two grouping factors `factor` says whose groups are left out: with
#' `factor = "item"` each item in turn is predicted as a new one, for subjects that may be known.
#'
#' **Counts.** \eqn{p(y_i \mid y_{-i})}{p(y[i] | y[-i])} is the probability of the count in row \eqn{i}: of \eqn{k_i}{k[i]} successes in
#' its \eqn{n_i}{n[i]} trials, or of its events in its exposure. It is a ratio of two integrals at each node,
#' without and with the row, and exact as well. `unit = "trial"` leaves out single trials, as if each were a row of 0 or 1: 810 terms for
#' 18 players with 45 trials each. The terms come group by group, successes first. It needs no rows, as `unit = "group"` does not, and
#' it is what is comparable where some fits have rows of single trials and others of their sums.
#'
#' **A sample of rows.** A fit from group moments, or from rows that are not in R ([bayespool-rows]), holds no single observations.
#' `newdata` gives it some of those that it was made from, such as a thousand that were drawn at random and collected. Each of these is
#' left out in turn, and predicted from *all* others. The sums are those of the sample.
#'
#' **From draws.** `method = "psis"` is the usual estimate of the loo package, by Pareto smoothed importance sampling of
#' the fit's draws; `waic()` is another, older one.
#'
#' @param x A fit.
#' @param method `"exact"`, by quadrature; or `"psis"`, from draws.
#' @param newdata For a fit that does not hold its rows: some of these, as a data frame. That they were part of the data cannot be checked.
#' @param unit What is left out: one `"observation"` (row) at a time, or one `"group"`; of binomial counts also one `"trial"`.
#' @param factor For `unit = "group"`: the grouping factor, where the model has two, such as `"item"`.
#' @param cores Number of threads.
#' @param ... For `method = "psis"` passed to [loo::loo()], such as `save_psis = TRUE`; otherwise ignored.
#' @return An object of class `loo`, as [loo::loo()] returns them, for [loo_compare()] and
#'   [loo::loo_model_weights()]. Exact ones also have the class `bayespool_loo`. A list with
#'
#'   * `estimates`: a matrix with columns `Estimate` and `SE` and rows `elpd_loo`; `p_loo`, the effective number of
#'     parameters, which is the log density of the observations given all data, minus `elpd_loo`; and `looic`,
#'     `-2 elpd_loo`. `p_loo` is infinite where the model is certain of an observation, as no pooling may be of one that
#'     is alone in its group. For groups the rows are `elpd_logo` and `logoic`.
#'   * `pointwise`: the same for each observation, in the order of the rows that the fit used, or for each group; and
#'     `mcse_elpd_loo`, the Monte Carlo standard error, 0.
#' @section Errors: Of class `bayespool_error_data`: observations of a fit that was made from group moments or counts, without
#'   `newdata`; `newdata` with groups that the fit does not know, or without the response; groups of a fit that has none.
#'   Of class `bayespool_error_improper`: a posterior that does not exist without one of the observations, for example
#'   where all others of its group are equal. Of class `bayespool_error_argument`: a fit with `prior_only = TRUE`, which
#'   has no data; `unit = "group"` without `factor` where the model has two; `unit = "trial"` of an outcome that is not binomial;
#'   several fits, for which there is [loo_compare()];
#'   unknown arguments. Of class `bayespool_error_draws`: `waic()` or `method = "psis"` for a fit without draws.
#' @references Vehtari, A., Gelman, A. and Gabry, J. (2017). Practical Bayesian model evaluation using leave-one-out
#'   cross-validation and WAIC. *Statistics and Computing*, 27, 1413-1432. \doi{10.1007/s11222-016-9696-4}
#' @seealso [compare_pooling()] for complete, no and partial pooling at once; [r_squared] for the share of the variance
#'   that is predicted.
#' @examples
#' pooled <- complete_pooling(yield ~ N + (1 | block), npk, iter_sampling = 0)
#' varying <- varying_intercept(yield ~ N + (1 | block), npk, iter_sampling = 0)
#' loo(varying)
#' loo_compare(loo(pooled), loo(varying))
#' # How well is a new block predicted?
#' loo_compare(loo(pooled, unit = "group"), loo(varying, unit = "group"))
#' # Counts:
#' loo(partial_pooling(am ~ 1 + (1 | cyl), mtcars, family = binomial(), iter_sampling = 0))
#' @importFrom loo loo
#' @export loo
#' @aliases loo
#' @export
loo.bayespool_fit <- function(x, ..., method = c("exact", "psis"), unit = c("observation", "group", "trial"),
                              factor = NULL, newdata = NULL, cores = getOption("mc.cores", 1L)) {
  call <- rlang::current_env()
  check_one_fit(c(list(substitute(x)), rlang::exprs(...)), call)
  name <- fit_name(substitute(x))
  method <- choose_one(method, c("exact", "psis"), call)
  unit <- choose_one(unit, c("observation", "group", "trial"), call)
  check_positive_count(cores, call)
  check_uses_data(x, call)
  if (unit == "trial" && x$model$family != "binomial") {
    abort_bayespool(
      c("Only binomial counts have trials to leave out.", i = "The family of this fit is {.code {x$model$family}}."), "argument", call
    )
  }
  if (!is.null(factor) && unit != "group") {
    abort_bayespool("{.arg factor} is for {.code unit = \"group\"}: it says whose groups are left out.", "argument", call)
  }
  if (unit == "group") {
    check_knows_groups(x, call)
    term <- choose_factor(x, factor, call)
  }
  rows <- if (!is.null(newdata)) sampled_rows(x, newdata, method, unit, call)
  if (method == "psis") {
    if (unit != "observation") {
      abort_bayespool(
        c(
          "{if (unit == 'group') 'Groups' else 'Trials'} are left out exactly.",
          i = "{.code method = \"psis\"} is for {.code unit = \"observation\"} only."
        ),
        "argument", call
      )
    }
    result <- psis_loo(x, as.integer(cores), ...)
  } else {
    ignore_dots(rlang::exprs(...), call)
    cores <- as.integer(cores)
    result <- switch(unit,
      observation = exact_loo(x, rows, cores, call),
      group = exact_logo(x, term, cores, call),
      trial = structure(loo_of_densities(leave_trials_out(x, cores, call)), unit = "trial")
    )
  }
  structure(result, yhash = if (is.null(rows)) hash_response(x, unit, term, call) else digest::sha1(rows$y), model_name = name,
            sample_of = if (!is.null(rows)) stats::nobs(x))
}

#' @rdname loo.bayespool_fit
#' @importFrom loo waic
#' @export waic
#' @aliases waic
#' @export
waic.bayespool_fit <- function(x, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  check_uses_data(x, call)
  result <- loo::waic(rstantools::log_lik(x))
  structure(result, yhash = hash_response(x, "observation", call = call), model_name = fit_name(substitute(x)))
}

#' @export
print.bayespool_loo <- function(x, digits = 1, ...) {
  units <- nrow(x$pointwise)
  of_groups <- "elpd_logo" %in% rownames(x$estimates)
  cat(
    if (of_groups) "Exact leave-one-group-out" else "Exact leave-one-out", " cross-validation, ",
    format(units, big.mark = ","), " ", attr(x, "unit") %||% if (of_groups) "group" else "observation", if (units != 1) "s",
    if (!is.null(attr(x, "factor"))) paste0(" (", attr(x, "factor"), ")"),
    if (!is.null(attr(x, "sample_of"))) paste0(" of ", format(attr(x, "sample_of"), big.mark = ",")), "\n\n",
    sep = ""
  )
  print(formatC(x$estimates, digits = digits, format = "f"), quote = FALSE, right = TRUE)
  cat("\nComputed by quadrature: there is no Monte Carlo error and no Pareto k to check.\n")
  if (of_groups) {
    cat(
      "The SE is large where groups are few: it is that of a sum of ", format(units, big.mark = ","), " terms, one a group, and the term",
      "\nof a large group is far from that of a small one. In differences, by loo_compare(), much of that cancels.\n", sep = ""
    )
  }
  invisible(x)
}

# Other packages' loo() takes several. `fits`: expressions of the first argument and those in `...`.
check_one_fit <- function(fits, call) {
  fits <- fits[rlang::names2(fits) == ""]
  if (length(fits) > 1) {
    compare <- paste0("loo_compare(", paste(model_labels(fits), collapse = ", "), ")")
    abort_bayespool(
      c("{.fn loo} takes one fit.", i = "{.code {compare}} does it for each of them and compares."), "argument", call
    )
  }
}

# The name of a fit in comparisons, where it is a variable.
fit_name <- function(expr) if (is.name(expr)) as.character(expr)

# loo_compare() warns where these differ: the hash of the response as rstanarm computes it, or of the groups' responses.
# `term`: whose groups, where `unit` is "group".
hash_response <- function(fit, unit, term = NULL, call) {
  if (has_counts(fit$model)) {
    counts <- fit$reduced
    of_groups <- list(counts$group, unname(counts$events), unname(counts$size), if (unit == "group") counts$log_constant)
    return(digest::sha1(if (unit == "observation") observed_rows(fit, "Leave-one-out", call)$y else of_groups))
  }
  if (unit == "group") {
    moments <- moments_by_columns(moments_by_group(fit, call), term$columns, call)
    d <- ncol(moments$mean)
    numbers <- cbind(moments$n, moments$mean[, d], moments$within[, ncol(moments$within)])
    return(digest::sha1(list(moments$group, unname(signif(numbers, 10)))))
  }
  y <- eval_response(fit$parsed, fit$data, call)[observed_rows(fit, "Leave-one-out", call)$row]
  attributes(y) <- NULL
  digest::sha1(y)
}

# `pointwise` with a column elpd_*; columns of sums get a row of estimates.
new_loo <- function(pointwise, class) {
  summed <- pointwise[, !startsWith(colnames(pointwise), "mcse_"), drop = FALSE]
  units <- nrow(pointwise)
  estimates <- cbind(Estimate = colSums(summed), SE = sqrt(units * apply(summed, 2, stats::var)))
  structure(list(estimates = estimates, pointwise = pointwise), dims = c(NA_integer_, units), class = c("bayespool_loo", class))
}

# Some of the rows behind a fit that does not hold them.
sampled_rows <- function(fit, newdata, method, unit, call) {
  if (has_rows(fit) || method == "psis" || unit != "observation") {
    abort_bayespool(
      c(
        "{.arg newdata} is for leaving out observations exactly, where the fit does not hold them.",
        i = if (has_rows(fit)) "This fit does: leave {.arg newdata} out." else "Found {.code method = \"{method}\", unit = \"{unit}\"}."
      ),
      "argument", call
    )
  }
  if (has_weights(fit$reduced) && !computed_from(fit$weights, newdata)) {
    abort_bayespool(
      c(
        "{.arg newdata} must have the weights of its rows.",
        i = if (is.null(fit$weights)) {
          "The fit was made from moments, which do not say whose weights they are: give it rows and {.arg weights}."
        },
        i = if (!is.null(fit$weights)) "They were {.code {format_expr(fit$weights)}}."
      ),
      "data", call
    )
  }
  options <- list(population = FALSE, allow_new_levels = FALSE)
  rows <- prediction_rows(fit, newdata, options, "Leave-one-out of observations", call, response = TRUE)
  unknown <- unique(rows$labels[rows$group[which(rows$group > length(fit$reduced$group))]])
  if (length(unknown) > 0) { # of known levels of two factors
    abort_bayespool(
      c(
        "{.arg newdata} has rows that cannot have been among those of the fit.",
        i = "There are none of {.field {fit$parsed$group}} {.val {unknown}} among these."
      ),
      "data", call
    )
  }
  noise_of_rows(fit, rows, call) # has words for missing weights
  rows$row <- seq_along(rows$y)
  rows
}

# `rows`: NULL for all that the fit holds.
exact_loo <- function(fit, rows, cores, call) {
  rows <- rows %||% observed_rows(fit, "Leave-one-out of observations", call)
  loo_of_densities(if (has_counts(fit$model)) {
    leave_counts_out(fit, c(rows, label = function(i) paste("row", rows$row[i])), cores, call)
  } else {
    leave_rows_out(fit, rows, cores, call)
  })
}

# `log_density`: of each observation given all others, and of another one like it given all.
loo_of_densities <- function(log_density) {
  elpd <- log_density[, 1]
  # The class psis_loo, though no importance sampling is done, is what loo_model_weights() asks for.
  new_loo(
    cbind(elpd_loo = elpd, mcse_elpd_loo = 0, p_loo = log_density[, 2] - elpd, looic = -2 * elpd), c("psis_loo", "loo")
  )
}

exact_logo <- function(fit, term, cores, call) {
  elpd <- if (has_counts(fit$model)) leave_count_groups_out(fit, cores, call) else leave_groups_out(fit, term, call)
  result <- new_loo(cbind(elpd_logo = elpd, mcse_elpd_logo = 0, logoic = -2 * elpd), "loo")
  structure(result, factor = if (has_two_terms(fit$model)) term$factor)
}

psis_loo <- function(fit, cores, ...) {
  log_lik <- rstantools::log_lik(fit)
  relative_eff <- if (has_chains(fit)) {
    chain_id <- rep(seq_len(posterior::nchains(fit)), each = posterior::niterations(fit))
    loo::relative_eff(exp(log_lik), chain_id = chain_id, cores = cores)
  } else {
    rep(1, ncol(log_lik))
  }
  loo::loo(log_lik, r_eff = relative_eff, cores = cores, ...)
}
