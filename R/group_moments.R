# group_moments(): from rows to one line a group.

#' Group moments
#'
#' Reduces the rows of a data frame to one line a group: its size, and the means and cross-products of its columns.
#' The models of the package need nothing else from the data, so each fitting function accepts the result in place of
#' `data`.
#'
#' With \eqn{z_i = (x_i, y_i)} the predictors and the response of row \eqn{i}, and \eqn{g_i} its
#' group, the moments of group \eqn{j} are its size \eqn{n_j}, its mean and its cross-products about
#' that mean,
#' \deqn{\bar z_j = \frac{1}{n_j} \sum_{i: g_i = j} z_i, \qquad
#'   W_j = \sum_{i: g_i = j} (z_i - \bar z_j)(z_i - \bar z_j)^\top,
#'   }{m_j = sum of z_i in group j / n_j,   W_j = sum of (z_i - m_j) (z_i - m_j)' in group j,}
#' on the scale of the data (squared, for \eqn{W_j}); the standard deviation of column \eqn{k} is
#' \eqn{\sqrt{W_{j,kk} / (n_j - 1)}}. They are computed in one pass over the rows, with sums taken
#' about a value near the data of the group, so that a large offset does no harm.
#'
#' Where predictors explain nearly all of the response or of one another, squares lose the digits that are left. The rows
#' are then read again, and the moments also hold those of residuals, from which a fit of the same formula takes what
#' it needs. Merged moments, and fits of other formulas, do without; they warn where that is not enough (class
#' `bayespool_warning_precision`).
#'
#' With `weights` \eqn{w_i}, for models in which \eqn{\mathrm{Var}(y_i) = \sigma^2 / w_i}{Var(y_i) = sigma^2 / w_i}, means and
#' cross-products are weighted, and the moments hold the sums of the weights and of their logarithms besides the numbers of rows.
#' Moments with and without weights may be merged: rows without count 1.
#'
#' A factor, character or logical predictor, an interaction and a term such as `poly(x, 2)` are
#' turned into columns by [stats::model.matrix()]. A response `scale(y)` keeps the centre and scale of these rows, also for
#' new rows. A matrix of one column counts as a vector. Rows with a missing value in a used column are
#' dropped and counted in a message; with `options(na.action = "na.fail")` they are an error. Groups
#' come in the order that [factor()] gives; unused levels are dropped.
#'
#' With two grouping factors, as in `(1 | subject) + (1 | item)` or `(1 | school/class)`, or with one that combines columns, as in
#' `(1 | school:class)`, a group is a *cell*: a combination of the columns that occurs. Its label is the columns' labels with `:` between
#' them, such as `"S1:i3"`. Two cells must not have the same label, as those of `"a:b"` and `"c"`, and of `"a"` and `"b:c"`, would: that is
#' an error. Cells come in the order of the first column, then the second. Moments of cells serve fits with any of the columns as
#' the grouping factor, too.
#'
#' `print()` shows sizes, means and standard deviations. `x[i]` (labels, positions or a logical
#' vector) and `subset()` choose groups, as in `subset(moments, item != "i3")`. `as.data.frame()` shows everything. Where groups are cells,
#' tables have each of their columns.
#'
#' @section Merging: `c()` merges the moments of parts of the rows, as if these had been together: groups that occur in several parts
#'   are pooled. It takes any number of moments, or lists of them; so do [group_moments()] and the fitting functions, whose `data` may
#'   be a list of group moments. The order of the parts and the steps of merging do not matter: the result has the digits of one pass
#'   over all rows, also where the mean is large beside the standard deviation.
#'
#'   Groups come in the order that [factor()] would give all rows: numbers by size, text sorted, levels of a factor in their order,
#'   whichever part they came from. Factors that declare different levels are combined as [c()] combines factors. Where one part has
#'   levels and another one has text or numbers, or is a table ([as_group_moments()]), whose order is the user's, labels come as they
#'   appear in one part after the other; numbers beside text are sorted as text.
#'
#'   The formula and the types of the predictors must be the same in all parts, but categories may have other levels in each: columns
#'   become those that all rows would have had, for contrasts by name, such as `"contr.treatment"` or `"contr.sum"`. A factor may even
#'   have a single level in a part, if it declares the others (`factor(x, levels = )`); text with a single value is an error, as it
#'   does not tell of others. Columns that depend on all rows cannot be merged, as those of `poly(x, 2)`, `scale(x)` and `cut(x, 3)`:
#'   compute them before the rows are split. Nor can other levels be found for contrasts that are given as a matrix.
#' @param formula A formula with one or two grouping factors, such as `y ~ x + (1 | g)`, `y ~ x + (1 | subject) + (1 | item)` or
#'   `y ~ x + (1 | school/class)`.
#' @param data A data frame that holds all variables of `formula`. A table in a database, or rows that come in parts: see
#'   [bayespool-rows]. Or group moments, or a list of group moments, which are merged.
#' @param weights A column of `data`, an expression of columns, or a vector: the weight of each row. See [bayespool-weights].
#' @return An object of class `group_moments`: a list with `group_name`, `group` (the J labels), `n`
#'   (the J sizes), `mean` (J x d; predictors first, the response last), `within` (J x d(d+1)/2: the
#'   upper triangle of \eqn{W_j} by columns), `pooled` (whether `within` is summed over the groups:
#'   never so here), `terms` (the columns of each term of the formula), `response`, `intercept`
#'   (whether the formula had one), `coding` (how factors and the like became columns) and `dropped`
#'   (the number of rows that were dropped), `mean_low` (J x d: what `mean` has lost by rounding, so that `mean + mean_low` has twice
#'   the digits) and `group_levels` (all levels of a grouping factor that is one; otherwise an empty vector of the type by which groups
#'   are ordered); where residuals were needed, also `residual`; with weights, also `weight` and `log_weight`
#'   (J sums); where groups are cells, in place of `group_levels` also `cells`, whose `columns` have the labels of each grouping column and
#'   their position in each cell (`code`). Moments of a table have neither `mean_low` nor `group_levels`.
#' @section Errors: All have class `bayespool_error`. Of class `bayespool_error_formula`: a formula
#'   without `(1 | g)`, or one that the models cannot express, such as one with three grouping factors. Of class `bayespool_error_data`: a
#'   missing variable, no rows, an infinite value, a response that is not numeric. Of class `bayespool_error_argument`: weights that
#'   are negative, infinite or all 0. Of class
#'   `bayespool_error_moments`: a group or column that the moments do not hold, moments that cannot
#'   be merged.
#' @references Chan, T. F., Golub, G. H. and LeVeque, R. J. (1983). Algorithms for computing the
#'   sample variance: analysis and recommendations. *The American Statistician*, 37(3), 242-247.
#'   \doi{10.1080/00031305.1983.10483115}
#' @seealso [as_group_moments()] for a published table; [group_counts()] for counts and proportions; [hpp_sites] for an example.
#' @examples
#' moments <- group_moments(yield ~ N + (1 | block), npk)
#' moments
#' moments[c("1", "3")]
#' as.data.frame(moments)
#'
#' # Sites that may not share their rows can share their moments.
#' half <- npk$block %in% 1:3
#' c(
#'   group_moments(yield ~ N + (1 | block), npk[half, ]),
#'   group_moments(yield ~ N + (1 | block), npk[!half, ])
#' )
#'
#' # Two grouping factors: a line for each combination of block and N.
#' cells <- group_moments(yield ~ P + (1 | block) + (1 | N), npk)
#' subset(cells, N == "1")
#'
#' # A part at a time, where not all rows fit in memory.
#' parts <- lapply(split(npk, npk$P), function(rows) group_moments(yield ~ N + (1 | block), rows))
#' varying_intercept(yield ~ N + (1 | block), parts, iter_sampling = 0)
#' @export
group_moments <- function(formula, data, weights = NULL) {
  call <- rlang::current_env()
  parsed <- parse_formula(formula, call = call)
  if (is.null(parsed$group)) {
    abort_formula("Group moments need a grouping factor.", "Add {.code (1 | g)} with {.code g} the name of a column.",
                  formula, call)
  }
  reduce_data(parsed, attach_weights(data, rlang::enquo(weights), call), pooled = FALSE, call = call)
}
