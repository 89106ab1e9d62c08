# group_counts(): from rows to one line of counts a group.

#' Group counts
#'
#' Reduces rows of yes or no, or of counts, to one line a group: its events, and out of how many trials or during how much exposure they
#' occurred. Models of such outcomes need nothing else from the data, as those of a normal outcome need [group_moments()].
#'
#' **Binomial.** Row \eqn{i} has \eqn{k_i} successes in \eqn{n_i} trials, each with the probability \eqn{p_j} of its group
#' \eqn{j = g_i}:
#' \deqn{k_i \sim \mathrm{Binomial}(n_i, p_j), \qquad \mathrm{logit}(p_j) = \log\frac{p_j}{1 - p_j} = \theta_j,
#'   }{k[i] ~ Binomial(n[i], p[j]),   logit(p[j]) = log(p[j] / (1 - p[j])) = theta[j],}
#' so \eqn{\theta_j}{theta[j]} is on the scale of log odds: 0 is a probability of a half, 1 one of 0.73, and a difference of 1 multiplies
#' the odds by 2.7. The response is written as for [glm()]:
#'
#' * a column of 0 and 1, or of `FALSE` and `TRUE`: each row is one trial;
#' * a factor of two levels, of which the second is a success;
#' * `cbind(successes, failures)`. Data with one line a group already, of which `k` events in `n` trials are known, are
#'   `cbind(k, n - k) ~ 1 + (1 | g)`;
#' * a proportion, with `weights` the number of trials that it is of.
#'
#' **Poisson.** Row \eqn{i} has the count \eqn{k_i}, in the exposure \eqn{e_i} (a time, an area, a number of people, in any unit):
#' \deqn{k_i \sim \mathrm{Poisson}(e_i \lambda_j), \qquad \log \lambda_j = \theta_j,
#'   }{k[i] ~ Poisson(e[i] * lambda[j]),   log(lambda[j]) = theta[j],}
#' so \eqn{\theta_j}{theta[j]} is the logarithm of the rate, in events for each unit of exposure; a difference of 1 multiplies the rate
#' by 2.7. The formula says what the exposure is: `y ~ 1 + offset(log(days)) + (1 | g)`, or `offset(log(people * years))`. An offset
#' that is no logarithm is one: the exposure is its exponential. Without an offset every row has the exposure 1.
#'
#' **Sums are enough.** Given \eqn{\theta_j}{theta[j]}, the likelihood of the rows of a group is that of their sums \eqn{K_j} and
#' \eqn{N_j} (or \eqn{E_j}), times a number that does not depend on \eqn{\theta_j}{theta[j]}. `log_constant` has its logarithm,
#' \deqn{\sum_i \log \binom{n_i}{k_i} \quad\mathrm{or}\quad \sum_i (k_i \log e_i - \log k_i!),
#'   }{sum of log choose(n[i], k[i])   or   sum of (k[i] log e[i] - log k[i]!),}
#' so that the log likelihood of the rows is \eqn{K_j \log p_j + (N_j - K_j) \log(1 - p_j)} or
#' \eqn{K_j \theta_j - E_j \lambda_j}{K[j] theta[j] - E[j] lambda[j]} plus this. Rows that were summed before (20 trials of 0 or 1, or one
#' line with the number of successes) give the same posterior; their constants, and so their evidence, differ.
#'
#' **Predictors** must be constant within groups: they describe the group and not the row. One that varies is an error. `ave(x, g)`
#' averages a number by group; that is another model, in which only a group's average counts. Factors and functions of predictors become
#' columns as in [group_moments()].
#'
#' Rows with a missing value in a used column are dropped with a message, as [group_moments()] does, and so are rows of no trials. A
#' missing exposure is an error.
#'
#' Other kinds of `data` work as for [group_moments()]: tables of a database, whose rows become one line for each group and distinct
#' value of the response, and rows that come in parts ([bayespool-rows]); group counts, or a list of them. There the response of a table is
#' a column, or `cbind()` of two, and an offset is `offset(log(exposure))` with the name of a column.
#'
#' `print()` shows what `as.data.frame()` returns: for each group the number of rows `n`, `events`, `trials` or `exposure`, the observed
#' `proportion` or `rate` (events in a unit of exposure), and the columns of the predictors. `x[i]` (labels, positions or a logical
#' vector) and `subset()`, which can use these columns, choose groups. `nobs()` is the number of rows.
#'
#' @section Merging: `c()` merges the counts of parts of the rows, as if these had been together: counts of groups that occur in several
#'   parts are added. Family, response, offset, the level that is a success and the grouping factor must be the same, and a group's
#'   predictors must agree. Levels of categories may differ, and groups are ordered, as [group_moments()] says.
#' @param formula A formula with one grouping factor, such as `cbind(k, n - k) ~ x + (1 | g)`, or `(1 | a:b)` for the combinations of two
#'   columns. See Details for the response and offsets.
#' @param data A data frame that holds all variables of `formula`, or another kind of data, see Details.
#' @param family [`binomial()`][stats::family] or [`poisson()`][stats::family], as an object, a function or text, with the logit or the
#'   logarithm as the link.
#' @param weights For a proportion, the number of trials in each row: a column of `data`, an expression of columns, or a vector.
#' @return An object of class `group_counts`: a list with `group_name`, `group` (the J labels), `n` (the J numbers of rows), `events`,
#'   `size` (J each: the sums of events, and of trials or exposure), `log_constant` (J numbers, see Details), `x` (J x S: the columns of
#'   the predictors), `terms` (the columns of each term of the formula), `coding` (how factors and the like became columns), `family`
#'   (`"binomial"` or `"poisson"`), `response`, `intercept` (whether the formula had one), `dropped` (the number of rows that were dropped)
#'   and `group_levels` or `cells`, as in [group_moments()]; with a factor as the response `success`, the level that counts as one; with
#'   an offset `offset`, as text.
#' @section Errors: All have class `bayespool_error`. Of class `bayespool_error_argument`: another family or link, `weights` that are no
#'   whole numbers of trials, or beside `cbind()` or for counts. Of class `bayespool_error_formula`: a formula without `(1 | g)`, more than
#'   intercepts that vary, an offset for [binomial()]. Of class `bayespool_error_data`: counts that are negative or not whole (up to 0.001
#'   for [binomial()], as in [glm()], and 1e-7 for [poisson()]), proportions below 0 or above 1, a factor that has not two levels; an
#'   exposure that is missing, zero, negative or infinite; a predictor that varies within groups or is infinite; a missing variable; no
#'   rows. Of class `bayespool_error_moments`: a group or column that the counts do not hold, counts that cannot be merged.
#' @seealso [group_moments()] for a normal outcome; [bayespool-rows].
#' @examples
#' # One line a department: admissions to Berkeley in 1973.
#' admitted <- as.data.frame(apply(UCBAdmissions, c("Dept", "Admit"), sum))
#' admitted$dept <- rownames(admitted)
#' group_counts(cbind(Admitted, Rejected) ~ 1 + (1 | dept), admitted, binomial())
#'
#' # A row for each car: is the gearbox manual?
#' counts <- group_counts(am ~ 1 + (1 | cyl), mtcars, binomial())
#' counts
#' subset(counts, proportion > 0.5)
#'
#' # Accidents, by road: a row for each year. The exposure is in millions of cars, and lighting
#' # belongs to the road.
#' accidents <- data.frame(
#'   road = c("A1", "A1", "A1", "B7", "B7", "C2"), accidents = c(3, 5, 2, 0, 1, 4),
#'   cars = c(1.2, 1.4, 1.3, 0.4, 0.5, 0.9),
#'   lit = c(TRUE, TRUE, TRUE, FALSE, FALSE, TRUE)
#' )
#' group_counts(accidents ~ lit + offset(log(cars)) + (1 | road), accidents, poisson())
#' @export
group_counts <- function(formula, data, family, weights = NULL) {
  call <- rlang::current_env()
  if (missing(family)) {
    abort_bayespool("{.arg family} must be given: {.code binomial()} or {.code poisson()}.", "argument", call)
  }
  family <- read_family(family, call)
  if (family$name == "gaussian") {
    abort_bayespool(
      c("Group counts are of {.code binomial()} or {.code poisson()} outcomes.", i = "{.fn group_moments} is for a normal outcome."),
      "argument", call
    )
  }
  parsed <- parse_formula(formula, call = call, family = family)
  if (is.null(parsed$group)) {
    abort_formula("Group counts need a grouping factor.", "Add {.code (1 | g)} with {.code g} the name of a column.", formula, call)
  }
  if (has_varying_terms(parsed) || !parsed$varying$intercept) {
    abort_formula(
      "Predictors of counts belong to groups, and nothing but the intercept can vary between these.",
      "Write {.code (1 | g)}, and predictors of the groups outside of it.", formula, call
    )
  }
  reduce_counts(parsed, attach_trials(parsed, data, rlang::enquo(weights), call), call)
}
