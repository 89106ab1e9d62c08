# Group moments: size, means and cross-products of each group, from rows, from a table, or merged.

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
#' A factor, character or logical predictor, an interaction and a term such as `poly(x, 2)` are
#' turned into columns by [stats::model.matrix()]. Rows with a missing value in a used column are
#' dropped and counted in a message; with `options(na.action = "na.fail")` they are an error. Groups
#' come in the order that [factor()] gives; unused levels are dropped.
#'
#' `print()` shows sizes, means and standard deviations. `x[i]` (labels, positions or a logical
#' vector) and `subset()` choose groups. `c()` merges: groups that occur in both are pooled as if
#' their rows had been together, which needs the same columns, coded alike. `as.data.frame()` shows
#' everything.
#'
#' @param formula A formula with one grouping factor, such as `y ~ x + (1 | g)`.
#' @param data A data frame that holds all variables of `formula`.
#' @return An object of class `group_moments`: a list with `group_name`, `group` (the J labels), `n`
#'   (the J sizes), `mean` (J x d; predictors first, the response last), `within` (J x d(d+1)/2: the
#'   upper triangle of \eqn{W_j} by columns), `pooled` (whether `within` is summed over the groups:
#'   never so here), `terms` (the columns of each term of the formula), `response`, `intercept`
#'   (whether the formula had one), `coding` (how factors and the like became columns) and `dropped`
#'   (the number of rows that were dropped).
#' @section Errors: All have class `bayespool_error`. Of class `bayespool_error_formula`: a formula
#'   without `(1 | g)`, or one that the models cannot express. Of class `bayespool_error_data`: a
#'   missing variable, no rows, an infinite value, a response that is not numeric. Of class
#'   `bayespool_error_moments`: a group or column that the moments do not hold, moments that cannot
#'   be merged.
#' @references Chan, T. F., Golub, G. H. and LeVeque, R. J. (1983). Algorithms for computing the
#'   sample variance: analysis and recommendations. *The American Statistician*, 37(3), 242-247.
#'   \doi{10.1080/00031305.1983.10483115}
#' @seealso [as_group_moments()] for a published table; [hpp_sites] for an example.
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
#' @export
group_moments <- function(formula, data) {
  call <- rlang::current_env()
  parsed <- parse_formula(formula, call = call)
  if (is.null(parsed$group)) {
    abort_formula("Group moments need a grouping factor.", "Add {.code (1 | g)} with {.code g} the name of a column.",
                  formula, call)
  }
  reduce_data(parsed, data, pooled = FALSE, call = call)
}

#' Group moments from a published table
#'
#' Builds the moments of a single response from what a paper reports of each group: its size, mean
#' and standard deviation. Nothing else is needed to fit the models without predictors.
#'
#' Means and standard deviations are on the scale of the data. A group of size \eqn{n_j} with standard deviation
#' \eqn{s_j} has the sum of squares \eqn{W_j = (n_j - 1) s_j^2} about its mean. A table with standard errors of the means
#' in place of standard deviations has \eqn{s_j = \sqrt{n_j}\,\mathrm{se}_j}{s_j = sqrt(n_j) se_j}.
#'
#' The response of such a table has no name that a formula could ask for, so every response and
#' grouping factor in a formula matches it: `partial_pooling(y ~ 1 + (1 | study), table)` and
#' `partial_pooling(score ~ 1 + (1 | site), table)` are the same fit.
#'
#' @param group Labels of the groups, each once.
#' @param n Sizes of the groups: whole numbers, at least 1.
#' @param mean Means of the response in each group.
#' @param sd Standard deviations (not variances) of the response in each group, with divisor n - 1;
#'   `NA` is accepted where `n` is 1.
#' @return An object of class `group_moments`, see [group_moments()].
#' @section Errors: Of class `bayespool_error_moments`: lengths that differ, missing or infinite
#'   values, a size that is not a whole number of at least 1, a negative standard deviation, a
#'   repeated group.
#' @seealso [group_moments()] for rows.
#' @examples
#' # Self-control at three sites; see hpp_sites.
#' table <- as_group_moments(
#'   group = c("Kassel", "METU", "Oslo"), n = c(106, 181, 85),
#'   mean = c(41.34, 39.86, 42.71), sd = c(7.931, 8.486, 7.171)
#' )
#' table
#' partial_pooling(scontrol ~ 1 + (1 | site), table, iter_sampling = 0)
#' @export
as_group_moments <- function(group, n, mean, sd) {
  call <- rlang::current_env()
  group <- without_class(group)
  n <- without_class(n)
  mean <- without_class(mean)
  sd <- without_class(sd)
  check_table(group, n, mean, sd, call)
  within <- ifelse(n == 1, 0, (n - 1) * sd^2)
  if (!all(is.finite(within))) {
    abort_bayespool(
      c("{.arg sd} is too large for double precision.", i = "Divide {.arg mean} and {.arg sd} by a constant first."),
      "moments", call
    )
  }
  new_group_moments(
    group_name = NULL,
    group = as.character(group),
    n = as.double(n),
    mean = matrix(as.double(mean), ncol = 1, dimnames = list(NULL, "y")),
    within = matrix(as.double(within), ncol = 1),
    response = "y"
  )
}

check_table <- function(group, n, mean, sd, call) {
  refuse <- function(wrong, found = NULL, envir = rlang::caller_env()) {
    abort_bayespool(c(wrong, i = found), "moments", call, .envir = envir)
  }
  sizes <- c(group = length(group), n = length(n), mean = length(mean), sd = length(sd))
  if (length(unique(sizes)) != 1) {
    refuse(
      "{.arg group}, {.arg n}, {.arg mean} and {.arg sd} must have the same length.",
      "Their lengths are {sizes}."
    )
  }
  if (length(group) == 0) {
    refuse("The table has no groups.")
  }
  check_numbers(list(n = n, mean = mean, sd = sd), group, refuse)
  if (anyNA(group)) {
    refuse("{.arg group} has missing labels.")
  }
  repeated <- unique(as.character(group)[duplicated(as.character(group))])
  if (length(repeated) > 0) {
    refuse("{.arg group} has repeated labels.", "{.val {repeated}} occur{?s/} more than once; merge with {.fn c}.")
  }
  bad <- which(n < 1 | n != round(n))
  if (length(bad) > 0) {
    refuse("{.arg n} must hold whole numbers of at least 1.", "Found {.val {n[bad]}}.")
  }
  bad <- which(sd < 0)
  if (length(bad) > 0) {
    refuse("{.arg sd} must not be negative.", "Found {.val {sd[bad]}}.")
  }
}

# Numeric, finite and, but for the sd of a single observation, not missing.
check_numbers <- function(numbers, group, refuse) {
  for (name in names(numbers)) {
    value <- numbers[[name]]
    optional <- name == "sd" & numbers$n %in% 1
    if (!is.numeric(value) && !all(is.na(value) & optional)) {
      refuse("{.arg {name}} must be numeric.", "Found {.obj_type_friendly {value}}.")
    }
    bad <- which(is.na(value) & !optional)
    if (length(bad) > 0) {
      refuse("{.arg {name}} is missing for {.val {as.character(group[bad])}}.",
             if (name == "sd") "Only a group of one observation needs no standard deviation.")
    }
    bad <- which(is.infinite(value))
    if (length(bad) > 0) {
      refuse("{.arg {name}} is infinite for {.val {as.character(group[bad])}}.")
    }
  }
}

new_group_moments <- function(group_name, group, n, mean, within, response, pooled = FALSE, terms = named_list(),
                              intercept = TRUE, coding = NULL, dropped = 0) {
  structure(
    list(
      group_name = group_name, group = group, n = n, mean = mean, within = within, pooled = pooled, terms = terms,
      response = response, intercept = intercept, coding = coding, dropped = dropped
    ),
    class = "group_moments"
  )
}

named_list <- function() {
  stats::setNames(list(), character())
}

# What a fit needs from `data`, rows or moments alike: moments whose columns are the formula's
# predictors in its order and then the response. Without a grouping factor there is one group, "".
# With `pooled`, `within` (1 x d(d+1)/2) is summed over the groups.
reduce_data <- function(parsed, data, pooled, call = rlang::caller_env()) {
  if (inherits(data, "group_moments")) {
    moments <- select_moments(parsed, data, call)
    return(if (pooled) sum_within(moments) else moments)
  }
  if (!is.data.frame(data)) {
    abort_bayespool(
      c(
        "{.arg data} must be a data frame or group moments.",
        i = "Found {.obj_type_friendly {data}}.",
        i = "{.fn group_moments} and {.fn as_group_moments} make group moments."
      ),
      "data", call
    )
  }
  reduce_rows(parsed, data, pooled, call)
}

# Moments ------------------------------------------------------------------------------------------

# The columns of `moments` that the formula asks for, under the formula's names. Moments of a
# published table carry no names (`group_name` is NULL) and stand for any response.
select_moments <- function(parsed, moments, call) {
  named <- !is.null(moments$group_name)
  held <- names(moments$terms)
  if (named && !is.null(parsed$group) && parsed$group != moments$group_name) {
    abort_bayespool(
      c(
        "The moments are not grouped by {.code {parsed$group}}.",
        i = "They are grouped by {.code {moments$group_name}}."
      ),
      "moments", call
    )
  }
  # Every column that is a variable of its own may be the response or a predictor, whatever it was at first.
  terms <- c(moments$terms, stats::setNames(list(moments$response), if (named) moments$response else parsed$response))
  coded <- names(moments$coding$patterns)
  numeric <- names(terms)[lengths(terms) == 1 & !names(terms) %in% coded]
  if (!parsed$response %in% numeric) {
    abort_bayespool(
      c(
        "The moments do not hold the response {.code {parsed$response}}.",
        i = "A response can be {.code {numeric}}."
      ),
      "moments", call
    )
  }
  missing <- setdiff(parsed$terms, names(terms))
  if (length(missing) > 0) {
    abort_bayespool(
      c("The moments do not hold {.code {missing}}.", i = "They hold {.code {names(terms)}}."),
      "moments", call
    )
  }
  check_coding(parsed, moments, call)

  columns <- match(unlist(terms[c(parsed$terms, parsed$response)], use.names = FALSE), colnames(moments$mean))
  terms <- terms[parsed$terms]
  moments$mean <- moments$mean[, columns, drop = FALSE]
  colnames(moments$mean)[length(columns)] <- parsed$response
  moments$within <- moments$within[, packed_index(columns), drop = FALSE]
  moments$terms <- terms
  moments$response <- parsed$response
  moments$intercept <- parsed$intercept
  if (!is.null(moments$coding)) {
    moments$coding$patterns <- moments$coding$patterns[names(moments$coding$patterns) %in% parsed$terms]
  }
  if (is.null(parsed$group)) {
    return(merge_into_one(moments))
  }
  moments$group_name <- parsed$group
  moments
}

# A factor's columns are contrasts or indicators, depending on the intercept and the other terms of
# the formula.
check_coding <- function(parsed, moments, call) {
  held <- moments$coding$patterns
  if (length(held) == 0) {
    return(invisible())
  }
  asked <- coding_patterns(parsed$fixed, unique(unlist(lapply(held, names))))
  for (term in intersect(names(asked), names(held))) {
    if (!identical(sort_names(asked[[term]]), sort_names(held[[term]]))) {
      had <- if (moments$intercept) "with" else "without"
      abort_bayespool(
        c(
          "The moments code {.code {term}} in a way that does not fit the formula.",
          i = "They were computed for a formula {had} intercept.",
          i = "Compute them with the same intercept and the same factors as the formula's."
        ),
        "moments", call
      )
    }
  }
}

sort_names <- function(x) x[order(names(x))]

# Positions in a packed triangle of the pairs of `columns`, in the order of the packed triangle of
# those columns.
packed_index <- function(columns) {
  d <- length(columns)
  first <- columns[sequence(seq_len(d))]
  second <- columns[rep(seq_len(d), seq_len(d))]
  low <- pmin(first, second)
  high <- pmax(first, second)
  high * (high - 1) / 2 + low
}

# `within` summed over the groups.
sum_within <- function(moments) {
  if (!moments$pooled) {
    moments$within <- matrix(colSums(moments$within), nrow = 1)
    moments$pooled <- TRUE
  }
  moments
}

# All groups as one, "": what complete pooling sees.
merge_into_one <- function(moments) {
  columns <- colnames(moments$mean)
  moments[c("n", "mean", "within")] <- cpp_merge_groups(unclass(moments)[c("n", "mean", "within")])
  colnames(moments$mean) <- columns
  moments["group_name"] <- list(NULL)
  moments$group <- ""
  moments
}

# Standard deviations, J x d, with divisor n - 1; NA in a group of one.
moments_sd <- function(moments) {
  squares <- moments$within[, diagonal_index(ncol(moments$mean)), drop = FALSE]
  sd <- sqrt(squares / (moments$n - 1))
  sd[moments$n == 1, ] <- NA
  colnames(sd) <- colnames(moments$mean)
  sd
}

diagonal_index <- function(d) cumsum(seq_len(d))
