# Predictive distributions of single observations as a table.

#' Predictive table
#'
#' For each observation what the model predicts for another one like it (same group, same predictors): mean, standard
#' deviation and interval; and whether the observed value is inside the interval. If the model describes the data well,
#' about the share `prob` of the observations is inside.
#'
#' The prediction has two sources of uncertainty. With \eqn{m_i} the expected value of row \eqn{i} (see [predictions]) and
#' \eqn{\sigma} the standard deviation within groups,
#' \deqn{\tilde y_i \mid m_i, \sigma \sim N(m_i, \sigma^2),}{ytilde[i] | m[i], sigma ~ N(m[i], sigma^2),}
#' and \eqn{m_i} and \eqn{\sigma} are themselves uncertain. Given the standard deviations all is normal, so after
#' `algorithm = "exact"` the distribution is a mixture of normal ones over the nodes of the quadrature: the numbers carry
#' no Monte Carlo error and need no draws. After `algorithm = "nuts"` it is the mixture of
#' \eqn{N(m_{di}, \sigma_d^2)}{N(m[d, i], sigma[d]^2)} over the draws \eqn{d}, with their Monte Carlo error.
#'
#' **Counts.** Given the probability or rate of its group a count is binomial or Poisson, with the trials or exposure of its row; its
#' distribution is the mixture of these over the posterior. After `algorithm = "exact"` mean and sd are by quadrature, and so is the
#' distribution function, whose inverse gives the ends of `"central"` intervals: the least counts that are reached with the
#' probabilities \eqn{(1 - prob)/2} and \eqn{(1 + prob)/2}. The `"hdi"` is the shortest set of consecutive whole numbers that holds at least
#' `prob`; of several that are equally short the most probable. As counts are whole, intervals of small ones hold clearly more than `prob`.
#' The rate of a new group may have no mean, as with an exponential prior on the standard deviation between groups.
#'
#' A group that was not fitted comes from the population, so that the variance between groups is added: see
#' [predictions]. With `prior_only = TRUE` the table is of the prior predictive distribution, and `inside` compares the
#' data with what the priors alone expect.
#'
#' The observed values were used to fit the model, which makes them look a little better predicted than new ones would
#' be: [loo()][loo.bayespool_fit] leaves each out.
#'
#' @param fit A fit.
#' @param newdata A data frame with the predictors and the grouping factor, of counts the trials or exposure (see [predictions]), and
#'   the response if it is to be compared;
#'   `NULL` stands for the rows that were fitted, without those dropped for missing values.
#' @param prob Probability in the interval, between 0 and 1.
#' @param interval `"hdi"`: the shortest interval (highest density interval); `"central"`: equal probability on either side.
#' @param x What `predictive_table()` returned.
#' @param digits Number of decimals to print.
#' @param n_rows Number of rows to print; the rest is counted in a last line.
#' @param ... Not used.
#' @return A data frame of class `bayespool_predictive_table` with one row an observation and columns `row` (its position
#'   in the data), `group` (its label, where the formula names groups; with two grouping factors those of both, as in `"S1:a"`),
#'   `observed`, `mean`, `sd`, `lower`, `upper` and `inside`; all numbers are on the scale of the response.
#'   `observed` and `inside` are `NA` where `newdata` has no response. With
#'   heavy-tailed or flat priors and few data a moment may not exist: then `sd` is `Inf`, or `mean` `NaN`.
#' @section Errors: Of class `bayespool_error_data`: no `newdata` for a fit from group moments, which keep no rows; a
#'   `newdata` without a column that is needed, or with missing values. Of class `bayespool_error_model`: a new group
#'   after [no_pooling()]. Of class `bayespool_error_argument`: a `prob` outside (0, 1), another `interval`. Of class
#'   `bayespool_error_draws`: a fit by NUTS without draws.
#' @references Gelman, A., Carlin, J. B., Stern, H. S., Dunson, D. B., Vehtari, A. and Rubin, D. B. (2013). *Bayesian
#'   Data Analysis*, 3rd edition, sections 3.3 and 6.3. Chapman and Hall/CRC.
#' @seealso [posterior_predict()][posterior_predict.bayespool_fit] for draws;
#'   [pp_check(fit, type = "groups")][pp_check.bayespool_fit] for a picture.
#' @examples
#' fit <- partial_pooling(yield ~ 1 + (1 | block), npk, iter_sampling = 0)
#' predictive_table(fit)
#'
#' # Block 1 and a block that was not in the experiment:
#' predictive_table(fit, data.frame(block = c("1", "new")), prob = 0.5)
#'
#' # Counts: insects on a plant.
#' sprays <- partial_pooling(
#'   count ~ 1 + (1 | spray), InsectSprays, family = poisson(), iter_sampling = 0
#' )
#' predictive_table(sprays, data.frame(spray = c("A", "C")))
#' @export
predictive_table <- function(fit, newdata = NULL, prob = 0.94, interval = c("hdi", "central")) {
  call <- rlang::current_env()
  check_fit(fit, call)
  check_interval_prob(prob, call)
  interval <- choose_interval(interval, call)
  options <- list(population = FALSE, allow_new_levels = TRUE)
  rows <- prediction_rows(fit, newdata, options, "predictive_table() without `newdata`", call, response = FALSE)
  table <- row_table(fit, rows$x, rows$levels, noise_of_rows(fit, rows, call), prob, interval, call, rows$size %||% 1)
  observed <- rows$y %||% rep(NA_real_, nrow(table))
  columns <- c(
    list(row = rows$row %||% seq_len(nrow(table))),
    list(group = labels_of_rows(fit, newdata, rows, call)),
    list(observed = observed, mean = table[, "mean"], sd = table[, "sd"], lower = table[, "lower"], upper = table[, "upper"]),
    list(inside = observed >= table[, "lower"] & observed <= table[, "upper"])
  )
  table <- as_frame(lapply(Filter(Negate(is.null), columns), unname), nrow(table))
  structure(
    table,
    class = c("bayespool_predictive_table", "data.frame"), prob = prob, interval = interval,
    draws = if (has_chains(fit)) posterior::ndraws(fit),
    mcse = if (has_chains(fit)) c(mean = largest_row_error(fit, rows, call))
  )
}

# The label of each row's group, or NULL. Complete pooling may name groups, but new rows need not say theirs.
labels_of_rows <- function(fit, newdata, rows, call) {
  labels <- labels_of_groups(fit$reduced, fit$parsed, newdata %||% fit$data, call)
  if (is.null(newdata)) labels[rows$row] else labels
}

# The largest Monte Carlo error of the rows' means.
largest_row_error <- function(fit, rows, call) {
  model <- fit$model
  group <- groups_of_model(fit, rows$levels)
  first <- which(!duplicated(distinct_rows(cbind(rows$x, rows$size, deparse.level = 0), group)))
  errors <- in_blocks(fit, first, call, function(draws, block) {
    of_rows <- if (has_counts(model)) theta_of_draws else expected_given
    expected <- of_rows(model, draws, rows$x[block, , drop = FALSE], group[block, , drop = FALSE])
    if (has_counts(model)) expected <- expected_counts(model, expected, rows$size[block])
    cbind(mcse_of_means(expected, posterior::nchains(fit)))
  })
  max(errors, 0)
}

#' @rdname predictive_table
#' @export
print.bayespool_predictive_table <- function(x, digits = 2, n_rows = 20, ...) {
  if (!all(predictive_columns %in% names(x)) || is.null(attr(x, "prob"))) {
    return(NextMethod()) # a part of the table
  }
  shown <- as.data.frame(unclass(x), optional = TRUE)[seq_len(min(nrow(x), n_rows)), , drop = FALSE]
  if (!is.null(shown$group)) shown$group <- shorten(shown$group, 20)
  numbers <- c("observed", "mean", "sd", "lower", "upper")
  whole <- c("observed", "lower", "upper")
  of_counts <- all(vapply(shown[whole], function(x) all(is.na(x) | x == round(x)), NA))
  shown[numbers] <- Map(format_numbers, shown[numbers], ifelse(of_counts & numbers %in% whole, 0, digits))
  shown$inside <- ifelse(is.na(shown$inside), "", ifelse(shown$inside, "yes", "no"))
  print(shown, row.names = FALSE)
  compared <- sum(!is.na(x$inside))
  if (compared > 0) {
    inside <- sum(x$inside, na.rm = TRUE)
    cat("inside: ", inside, " of ", compared, " observations (", format(100 * inside / compared, digits = 3), "%)\n", sep = "")
  }
  note_more(nrow(x) - nrow(shown), "rows")
  note_errors(attr(x, "mcse"))
  note_interval(x, "prediction")
  invisible(x)
}

predictive_columns <- c("row", "observed", "mean", "sd", "lower", "upper", "inside")
