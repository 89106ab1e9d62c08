# The query by which an engine reduces its rows to sums by cell, and the moments that follow from its answer.

# What a query returns.
ask_table <- function(query, call) {
  tryCatch(dplyr::collect(query), error = function(cnd) {
    abort_bayespool(
      c(
        "The engine that holds the rows cannot compute their moments.",
        i = "Where whole numbers become too large there, convert the column to floating-point numbers first."
      ),
      "data", call, parent = cnd
    )
  })
}

# One line a cell: the `keys` (columns) under their key_names(), `n`, sums of the `products` (lists of columns) and of their products in
# pairs. They are about averages that the same query computes first: these may be rounded, and nothing cancels. Lowest and highest values
# tell constants and infinite values.
sums_by_cell <- function(data, keys, products, weighted) {
  d <- length(products)
  by <- rlang::syms(c("bayespool_one", key_names(keys)))
  x <- rlang::syms(numbered_names("bayespool_x", d))
  average <- rlang::syms(numbered_names("average", d))
  deviation <- lapply(seq_len(d), function(k) call("(", call("-", x[[k]], average[[k]])))
  weight <- if (weighted) list(as.name("weight"))

  columns <- c(
    list(bayespool_one = 1L),
    stats::setNames(rlang::syms(keys), key_names(keys)),
    stats::setNames(lapply(products, function(columns) multiply(rlang::syms(columns))), vapply(x, as.character, "")),
    if (weighted) list(weight = as.name(weights_column))
  )
  rows <- dplyr::transmute(data, !!!columns)

  averages <- lapply(x, function(x) {
    if (weighted) call("/", aggregate_of("sum", multiply(c(weight, x))), aggregate_of("sum", weight[[1]])) else aggregate_of("mean", x)
  })
  averages <- dplyr::summarise(
    dplyr::group_by(rows, !!!by),
    !!!stats::setNames(averages, numbered_names("average", d)),
    !!!stats::setNames(lapply(x, aggregate_of, f = "min"), numbered_names("low", d)),
    !!!stats::setNames(lapply(x, aggregate_of, f = "max"), numbered_names("high", d)),
    size = !!count_rows,
    .groups = "drop"
  )

  same <- c(numbered_names("average", d), numbered_names("low", d), numbered_names("high", d), "size")
  pairs <- pairs_of(seq_len(d))
  products <- Map(function(a, b) aggregate_of("sum", multiply(c(weight, a, b))), deviation[pairs$first], deviation[pairs$second])
  of_weights <- if (weighted) {
    list(weight = aggregate_of("sum", weight[[1]]), log_weight = aggregate_of("sum", call("log", weight[[1]])))
  }
  dplyr::summarise(
    dplyr::group_by(dplyr::left_join(rows, averages, by = vapply(by, as.character, "")), !!!by),
    n = !!count_rows,
    !!!stats::setNames(lapply(rlang::syms(same), aggregate_of, f = "min"), same),
    !!!stats::setNames(lapply(deviation, function(x) aggregate_of("sum", multiply(c(weight, x)))), numbered_names("sum", d)),
    !!!stats::setNames(unname(products), numbered_names("product", length(products))),
    !!!of_weights,
    .groups = "drop"
  )
}

# n() of dplyr.
count_rows <- rlang::call2("n", .ns = "dplyr")

numbered_names <- function(name, count) sprintf("%s%d", rep(name, count), seq_len(count))

# Names that no column of the user has: the next one computed would see the new one.
key_names <- function(keys) numbered_names("bayespool_key", length(keys))

multiply <- function(factors) Reduce(function(a, b) call("*", a, b), factors)

aggregate_of <- function(f, x) rlang::call2(f, x, na.rm = TRUE)

# The columns name1, name2, ... of a query's answer as a matrix.
read_columns <- function(sums, name, count) {
  matrix(as.double(unlist(lapply(sums[numbered_names(name, count)], as.double))), nrow(sums), count)
}

# Moments of the products in each cell: mean = m + s / n and W = S - s s' / n for averages m.
lines_of_sums <- function(sums, products, weighted, call) {
  d <- length(products)
  columns <- function(name, count) read_columns(sums, name, count)
  n <- as.double(sums$n)
  average <- columns("average", d)
  low <- columns("low", d)
  high <- columns("high", d)
  check_stable(n, as.double(sums$size), call)
  check_finite_products(low, high, products, call)
  size <- if (weighted) as.double(sums$weight) else n
  if (any(is.infinite(size))) abort_weights(Inf, "in a row", call)
  offset <- columns("sum", d) / size
  pairs <- pairs_of(seq_len(d))
  within <- columns("product", length(pairs$first)) - size * offset[, pairs$first, drop = FALSE] * offset[, pairs$second, drop = FALSE]
  constant <- low == high
  offset[constant] <- 0
  average[constant] <- low[constant]
  within[constant[, pairs$first] | constant[, pairs$second]] <- 0
  diagonal <- diagonal_index(d)
  within[, diagonal] <- pmax(within[, diagonal], 0)
  mean <- average + offset
  lines <- list(n = n, mean = mean, mean_low = (average - mean) + offset, within = within)
  if (weighted) c(lines, list(weight = size, log_weight = as.double(sums$log_weight))) else lines
}

# Both parts of the query must have read the same rows.
check_stable <- function(n, size, call) {
  if (anyNA(size) || any(n != size)) {
    abort_bayespool(
      c(
        "The rows differ from one reading to the next.",
        i = "Moments need the averages of the groups first, so the query reads its rows twice.",
        i = "A query with random numbers, or with a limit and no order, is none that can be read twice: store its result with \\
            {.fn dplyr::compute}."
      ),
      "data", call
    )
  }
}

check_finite_products <- function(low, high, products, call) {
  bad <- which(colSums(!is.finite(low) | !is.finite(high)) > 0)
  if (length(bad) > 0) {
    names <- vapply(products[bad], paste, "", collapse = ":")
    abort_bayespool(
      c(
        "{.code {names}} {?has/have} infinite values, or values that are no numbers.",
        i = "Leave these rows out with {.fn dplyr::filter}, or make them {.code NA}."
      ),
      "data", call
    )
  }
}

# How many rows of the table were not `kept`, and why: as used_rows() has it. `used`: columns, by what people call them.
dropped_of_table <- function(data, used, kept, call) {
  rows <- as.double(ask_table(dplyr::summarise(data, n = !!count_rows), call)$n)
  if (rows == kept) {
    return(list(missing = 0, columns = character(), without_weight = 0))
  }
  is_missing <- lapply(rlang::syms(unname(used)), function(column) call("is.na", column))
  count <- function(condition) call("sum", rlang::call2("ifelse", condition, 1L, 0L), na.rm = TRUE)
  anywhere <- Reduce(function(a, b) call("|", a, b), is_missing)
  weight <- intersect(weights_column, used)
  counts <- ask_table(
    dplyr::summarise(
      data,
      any = !!count(anywhere), !!!stats::setNames(lapply(is_missing, count), numbered_names("missing", length(used))),
      !!!if (length(weight) > 0) list(lightest = aggregate_of("min", as.name(weight)))
    ),
    call
  )
  if (isTRUE(counts[["lightest"]] < 0)) abort_weights(counts[["lightest"]], "in a row", call)
  counts$lightest <- NULL
  counts <- vapply(counts, as.double, 0)
  list(missing = counts[["any"]], columns = names(used)[counts[-1] > 0], without_weight = rows - kept - counts[["any"]])
}
