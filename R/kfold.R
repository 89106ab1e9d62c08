# K-fold cross-validation, and leaving out the rows of each group in turn.

#' K-fold cross-validation
#'
#' Splits the observations into `K` parts, the folds, leaves out each in turn, and asks how well its observations are predicted from the
#' others.
#'
#' With \eqn{-k(i)} all observations but those in the fold of \eqn{i}, the sum is
#' \deqn{\mathrm{elpd} = \sum_i \log p(y_i \mid y_{-k(i)}),}{elpd = sum_i log p(y[i] | y[-k(i)]),}
#' where each observation of a fold is predicted by itself, as in rstanarm and brms. For each fold the model is fitted to the others and
#' the densities are computed, all by quadrature, also for fits by NUTS: they carry no Monte Carlo error. The priors stay those of the
#' fit, also the default ones that were scaled by all data.
#'
#' [loo()][loo.bayespool_fit] is the same with as many folds as observations, without chance and faster. Folds are for what it cannot
#' answer: with `group` the observations of a group are left out together, and each is predicted as one of a group that the model has
#' not seen. In `loo(fit, unit = "group")` they are predicted jointly, by one density a group.
#'
#' @param x A fit, made from rows.
#' @param K Number of folds, from 2 to the number of observations. Rows are assigned to folds at random, and folds are as large as one
#'   another, up to one row.
#' @param folds The fold of each observation that the fit used, as a whole number: for example of
#'   [loo::kfold_split_stratified()]. It takes the place of `K`.
#' @param group The name of a grouping factor of the formula, such as `"block"`: each of its groups is a fold. It takes the place of `K`.
#' @param seed A whole number: the same seed gives the same folds. `NULL` takes one from R's random number generator, which [set.seed()]
#'   controls.
#' @param cores Number of threads.
#' @param ... Ignored: what other packages pass to all models. What looks like a misspelt argument gets a warning.
#' @return An object of class `c("kfold", "loo")`, for [loo_compare()]. A list with
#'
#'   * `estimates`: a matrix with columns `Estimate` and `SE` and rows `elpd_kfold`; `p_kfold`, the log density of the observations given
#'     all data, minus `elpd_kfold`; and `kfoldic`, `-2 elpd_kfold`.
#'   * `pointwise`: the same for each observation, in the order of the rows that the fit used.
#'   * `folds`: the fold of each.
#' @section Progress: Folds that take more than two seconds show a progress bar in interactive sessions.
#'   `options(bayespool.progress = FALSE)` silences it, `TRUE` shows it in scripts too.
#' @section Errors: Of class `bayespool_error_argument`: a `K` that is not a whole number from 2 to the number of observations; `folds` that
#'   are not one whole number for each of these, or all the same; both `folds` and `group`; a `group` that is not in the formula; a fit
#'   with `prior_only = TRUE`. Of class `bayespool_error_data`: a fit that was made from group moments or counts. Of class
#'   `bayespool_error_improper`: a posterior that does not exist without one of the folds, as that of [no_pooling()] with flat priors
#'   without all observations of a group.
#' @seealso [loo()][loo.bayespool_fit], [loo_compare()].
#' @examples
#' a <- complete_pooling(yield ~ N + (1 | block), npk, iter_sampling = 0)
#' b <- varying_intercept(yield ~ N + (1 | block), npk, iter_sampling = 0)
#' kfold(b, K = 6, seed = 1)
#' # How well are single plots in a new block predicted?
#' loo_compare(list(a = kfold(a, group = "block"), b = kfold(b, group = "block")))
#' @importFrom loo kfold
#' @export kfold
#' @aliases kfold
#' @export
kfold.bayespool_fit <- function(x, K = 10, ..., folds = NULL, group = NULL, seed = NULL, cores = getOption("mc.cores", 1L)) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  check_seed(seed, call)
  check_positive_count(cores, call)
  check_uses_data(x, call)
  cores <- as.integer(cores)
  rows <- observed_rows(x, "Cross-validation", call)
  folds <- if (!is.null(folds) || !is.null(group)) given_folds(x, rows, folds, group, call) else random_folds(length(rows$y), K, seed, call)
  elpd <- leave_folds_out(x, rows, folds, cores, call)
  all <- if (has_counts(x$model)) {
    leave_counts_out(x, c(rows, label = function(i) paste("row", rows$row[i])), cores, call)
  } else {
    leave_rows_out(x, rows, cores, call)
  }
  pointwise <- cbind(elpd_kfold = elpd, p_kfold = all[, 2] - elpd, kfoldic = -2 * elpd)
  result <- new_loo(pointwise, "loo")
  structure(
    c(result, list(folds = folds)), dims = attr(result, "dims"), class = c("kfold", "loo"), K = max(folds),
    yhash = hash_response(x, "observation", call = call), model_name = fit_name(substitute(x))
  )
}

# From 1 to the number of folds, one for each row.
given_folds <- function(fit, rows, folds, group, call) {
  if (!is.null(folds) && !is.null(group)) {
    abort_bayespool("{.arg folds} and {.arg group} both say what the folds are; give one of them.", "argument", call)
  }
  if (!is.null(group)) {
    check_knows_groups(fit, call)
    factors <- names(fit$parsed$factors)
    if (!rlang::is_string(group) || !group %in% factors) {
      abort_bayespool(
        c("{.arg group} must be {.or {.val {factors}}}, a grouping factor.", i = "Found {.code {format_found(group)}}."), "argument", call
      )
    }
    folds <- rows$levels[, match(group, factors)]
  }
  n <- length(rows$y)
  if (!(is.numeric(folds) && length(folds) == n && checkmate::test_integerish(folds, any.missing = FALSE))) {
    abort_bayespool(
      c(
        "{.arg folds} must be whole numbers, one for each of the {n} observations that the fit used.",
        i = "Found {.obj_type_friendly {folds}}{if (length(folds) != n) paste(' of length', length(folds))}."
      ),
      "argument", call
    )
  }
  if (length(unique(folds)) == 1) {
    abort_bayespool("There must be at least two folds: one is predicted from the others.", "argument", call)
  }
  match(folds, sort(unique(folds)))
}

random_folds <- function(n, K, seed, call) {
  valid <- is_count(K) && K >= 2 && K <= n
  check_argument(K, valid, paste0("a whole number from 2 to ", n, ", the number of observations"), call)
  seed <- seed %||% sample.int(.Machine$integer.max, 1)
  folds <- integer(n)
  folds[order(core_random_keys(n, seed))] <- rep_len(seq_len(K), n)
  folds
}

# log p(y_i | the rows that are not in the fold of row i).
leave_folds_out <- function(fit, rows, folds, cores, call) {
  elpd <- numeric(length(folds))
  of_fold <- if (has_counts(fit$model)) leave_counts_fold_out else leave_fold_out
  shows_progress <- isTRUE(getOption("bayespool.progress", interactive()))
  if (shows_progress) cli::cli_progress_bar("Folds", total = max(folds))
  for (k in seq_len(max(folds))) {
    elpd[folds == k] <- of_fold(fit, rows, which(folds == k), which(folds != k), paste("fold", k), cores, call)
    if (shows_progress) cli::cli_progress_update()
  }
  elpd
}

# `out`, `kept`: positions of rows. What the nodes do not resolve, and groups that are problems of their own and have no other rows, take a
# quadrature with the observation and one without.
leave_fold_out <- function(fit, rows, out, kept, label, cores, call) {
  moments <- moments_of_rows(fit, rows, kept)
  others <- without(label, refit(fit, moments, FALSE, call), call)
  known <- levels_in(others$model, fit$model, rows$levels)[out, , drop = FALSE]
  separate <- !shares_sigma(fit$model)
  at_nodes <- if (separate) known[, 1] <= length(moments$n) else rep(TRUE, length(out))
  elpd <- rep(NaN, length(out))
  columns <- columns_of_rows(rows, moments)[out, , drop = FALSE]
  elpd[at_nodes] <- exact_leave_rows_out(
    fit_posterior(others), columns[at_nodes, , drop = FALSE], rows$weight[out][at_nodes], known[at_nodes, , drop = FALSE],
    "densities", 0, cores, call
  )[, 2]
  evidence <- function(rows_used) log_evidence_of(fit, moments_of_rows(fit, rows, rows_used), call)
  for (m in which(is.nan(elpd))) {
    i <- out[m]
    scope <- if (separate) kept[rows$group[kept] == rows$group[i]] else kept
    elpd[m] <- without(label, evidence(c(scope, i)) - evidence(scope), call)
  }
  elpd
}

# A count may say more of its group than all others do, so that nodes of these would be too few: each distinct count has quadratures
# of its own.
leave_counts_fold_out <- function(fit, rows, out, kept, label, cores, call) {
  whole <- whole_counts(fit, rows$group, rows$x, call)
  id <- distinct_rows(cbind(rows$y, rows$size, deparse.level = 0)[out, , drop = FALSE], whole$group[out])
  first <- !duplicated(id)
  elpd <- vapply(out[first], function(i) {
    counts <- whole$counts
    used <- c(kept, i)
    of_group <- function(values) vapply(seq_along(counts$n), function(j) sum(values[used][whole$group[used] == j]), 0)
    counts$events <- of_group(rows$y)
    counts$size <- of_group(rows$size)
    present <- which(counts$size > 0)
    counts <- subset_counts(counts, present)
    part <- list(group = match(whole$group[i], present), y = rows$y[i], size = rows$size[i])
    with_row <- list(fit = fit, counts = counts, posterior = without(label, other_posterior(fit, counts, call), call))
    by_evidence(with_row, part, 1, label, call)
  }, 0)
  elpd[match(id, id[first])]
}
