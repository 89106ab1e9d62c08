# The columns of group moments that a formula asks for.

# The columns of `moments` that the formula asks for, under the formula's names. Those of a published table may carry no
# names: where `group_name` is NULL they stand for any grouping factor, with `any_response` for any response.
select_moments <- function(parsed, moments, call) {
  check_grouping(parsed, moments, call)
  # Every column that is a variable of its own may be the response or a predictor, whatever it was at first.
  response <- if (isTRUE(moments$any_response)) parsed$response else moments$response
  own <- moments$varying$terms
  terms <- c(moments$terms, own[!names(own) %in% names(moments$terms)], stats::setNames(list(moments$response), response))
  coded <- c(names(moments$coding$patterns), names(moments$varying$coding$patterns))
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
  missing <- setdiff(c(parsed$terms, parsed$varying$terms), names(terms))
  if (length(missing) > 0) {
    abort_bayespool(
      c("The moments do not hold {.code {missing}}.", i = "They hold {.code {names(terms)}}."),
      "moments", call
    )
  }
  check_coding(parsed$fixed, moments, call)
  moments$varying <- select_varying(parsed, moments, terms, call)

  wanted <- unlist(c(terms[parsed$terms], moments$varying$terms, terms[parsed$response]), use.names = FALSE)
  columns <- match(unique(wanted), colnames(moments$mean))
  if (!identical(columns, seq_len(ncol(moments$mean))) || parsed$intercept != moments$intercept || !is.null(moments$varying)) {
    moments$residual <- NULL # they are of the columns as they were together
  }
  terms <- terms[parsed$terms]
  moments$mean <- moments$mean[, columns, drop = FALSE]
  colnames(moments$mean)[length(columns)] <- parsed$response
  moments$mean_low <- moments$mean_low[, columns, drop = FALSE]
  moments$within <- moments$within[, packed_index(columns), drop = FALSE]
  moments$terms <- terms
  moments$response <- parsed$response
  moments$any_response <- NULL
  moments$intercept <- parsed$intercept
  if (!is.null(moments$coding)) {
    moments$coding$patterns <- moments$coding$patterns[names(moments$coding$patterns) %in% parsed$terms]
  }
  if (is.null(parsed$group)) {
    return(merge_into_one(moments))
  }
  moments <- moments_by_columns(moments, group_columns(parsed), call)
  if (has_two_factors(parsed)) moments$residual <- NULL # they are for one
  moments$group_name <- parsed$group
  moments
}

# Whether the moments tell the groups of the formula apart.
check_grouping <- function(parsed, moments, call) {
  held <- names(moments$cells$columns) %||% moments$group_name
  wanted <- group_columns(parsed)
  if (if (is.null(held)) length(wanted) > 1 else !all(wanted %in% held)) {
    abort_bayespool(
      c(
        "The moments are not grouped by {.code {parsed$group}}.",
        i = "They are grouped by {.code {moments$group_name %||% \"one column\"}}.",
        i = if (length(wanted) > 1) "{.fn group_moments} of the rows, by this formula, has what it needs."
      ),
      "moments", call
    )
  }
}

# Moments of cells by some of their columns, as from the rows.
moments_by_columns <- function(moments, columns, call) {
  if (is.null(moments$cells) || identical(names(moments$cells$columns), columns)) {
    return(moments)
  }
  groups <- regroup(moments$cells, columns, call)
  names <- colnames(moments$mean)
  fields <- intersect(c("n", "mean", "mean_low", "within", "weight", "log_weight"), names(moments))
  moments[fields] <- merge_lines(unclass(moments)[fields], groups$code, length(groups$group))[fields]
  colnames(moments$mean) <- names
  moments <- set_grouping(moments, groups)
  moments$residual <- NULL # they are of cells
  moments
}

# What moments hold of the directions that vary: as they were coded for these, or as predictors.
select_varying <- function(parsed, moments, terms, call) {
  if (!has_varying_terms(parsed)) {
    return(NULL)
  }
  wanted <- parsed$varying$terms
  own <- moments$varying
  if (all(wanted %in% names(own$terms))) {
    check_coding(parsed$varying$fixed, moments, call, own$coding$patterns)
    return(list(terms = own$terms[wanted], coding = own$coding))
  }
  check_coding(parsed$varying$fixed, moments, call)
  list(terms = terms[wanted], coding = moments$coding)
}

# A factor's columns are contrasts or indicators, depending on the intercept and the other terms of
# the formula.
check_coding <- function(formula, moments, call, held = moments$coding$patterns) {
  if (length(held) == 0) {
    return(invisible())
  }
  asked <- coding_patterns(formula, unique(unlist(lapply(held, names))))
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
  pairs <- pairs_of(columns)
  low <- pmin(pairs$first, pairs$second)
  high <- pmax(pairs$first, pairs$second)
  high * (high - 1) / 2 + low
}
