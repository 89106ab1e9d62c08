# Rows in parts: at random, and their moments merged, in turn and of a table beside those of all rows.

# Rows, which of some parts they belong to, and a formula. Half of the time the parts have levels of their own.
fuzz_parts <- function(formula) {
  data <- fuzz_data(sane = TRUE)
  n <- nrow(data)
  data$f <- factor(sample(c("p", "q", "r", "s"), n, TRUE), levels = sample(c("p", "q", "unused", "r", "s")))
  data$t <- sample(c("k", "l", "m"), n, TRUE)
  data$w <- sample(c(0.3, 1, 2, 7), n, TRUE) # with weights near 0 one pass has fewer digits itself
  data$l <- data$t == "k" | chance(0.5)
  part <- sample(1:4, n, TRUE)
  if (chance(0.5)) part <- paste(part %% 2, data$f %in% sample(levels(data$f), 2))
  list(formula = formula, data = data, part = part, contrasts = pick("contr.treatment", "contr.sum", "contr.helmert", "contr.poly"),
       weighted = chance(0.2))
}

fuzz_parts_formula <- function() {
  pick(
    y ~ f + (1 | g), y ~ f * x + (1 | g), y ~ 0 + f + x + (1 | g), y ~ f:x + (1 | g), y ~ f * t + (1 | g), y ~ x + (1 + f | g),
    y ~ f + (1 + f:x || h), y ~ factor(h) * f + (1 | g), y ~ t + l:f + (1 | g)
  )
}

# Moments of the parts, merged, are those of all rows.
check_parts <- function(formula, data, part, contrasts, weighted) {
  withr::local_options(contrasts = c(contrasts, "contr.poly"))
  moments <- function(rows) if (weighted) group_moments(formula, rows, weights = w) else group_moments(formula, rows)
  whole <- moments(data)
  parts <- lapply(unname(split(data, part)), function(rows) tryCatch(moments(rows), bayespool_error = identity))
  # A part may have no rows left, or text with a single value.
  if (any(vapply(parts, inherits, NA, "condition"))) {
    return(whole)
  }
  # Columns made from all of a part's rows are accepted where their levels have the same names.
  if ("cut" %in% all.names(formula)) {
    return(do.call(c, parts))
  }
  merged <- tryCatch(do.call(c, parts), bayespool_error_moments = identity)
  if (inherits(merged, "condition")) {
    expected <- "depend on all rows|too large for double precision"
    if (!grepl(expected, conditionMessage(merged))) violated("parts do not merge: ", conditionMessage(merged))
    return(whole)
  }
  check_same(merged, whole, "merged parts")
  rows <- unname(split(data, part))
  in_turn <- tryCatch(moments(function() {
    next_rows <- if (length(rows) > 0) rows[[1]]
    rows <<- rows[-1]
    next_rows
  }), bayespool_error_data = identity)
  if (!inherits(in_turn, "condition")) {
    check_same(in_turn, whole, "rows in turn")
  } else if (!grepl("all rows|too large for double precision|or a category", conditionMessage(in_turn))) {
    violated("rows in turn: ", conditionMessage(in_turn))
  }
  if (chance(0.3) && rlang::is_installed(c("dbplyr", "RSQLite"))) check_table(moments, data)
  merged
}

# The same of the rows as a table of SQLite, which knows neither factors nor logical values.
check_table <- function(moments, data) {
  plain <- data[vapply(data, function(x) is.numeric(x) && is.null(dim(x)) || is.character(x) || is.factor(x) || is.logical(x), NA)]
  plain[] <- lapply(plain, function(x) if (is.factor(x)) as.character(x) else if (is.logical(x)) as.integer(x) else x)
  connection <- DBI::dbConnect(RSQLite::SQLite(), ":memory:")
  on.exit(DBI::dbDisconnect(connection))
  DBI::dbWriteTable(connection, "rows", plain)
  wanted <- tryCatch(moments(plain), bayespool_error = identity)
  found <- tryCatch(moments(dplyr::tbl(connection, "rows")), bayespool_error = identity)
  if (!inherits(wanted, "condition") && !inherits(found, "condition")) {
    check_same(found, wanted, "a table")
  } else if (inherits(wanted, "condition") && !inherits(found, "condition")) {
    violated("a table instead of ", conditionMessage(wanted))
  } else if (!inherits(wanted, "condition") && !inherits(found, "bayespool_error_formula")) {
    violated("a table: ", conditionMessage(found))
  }
}

check_same <- function(found, whole, what) {
  same <- setdiff(names(whole), c("mean", "mean_low", "within", "weight", "log_weight", "residual"))
  for (field in same) if (!identical(found[[field]], whole[[field]])) violated(field, " of ", what)
  for (field in c("weight", "log_weight")) {
    if (!isTRUE(all.equal(found[[field]], whole[[field]]))) violated(field, " of ", what)
  }
  if (!identical(colnames(found$mean), colnames(whole$mean))) violated("columns of ", what)
  check_close(found, whole)
}

# Means are right to a few units of their rounding, deviations from them to 1e-10.
check_close <- function(merged, whole) {
  d <- ncol(whole$mean)
  # Contrasts are made of each other, interactions also of numbers.
  columns <- colnames(whole$mean)
  coded <- columns %in% unlist(lapply(list(whole, whole$varying), function(part) part$terms[names(part$coding$patterns)]))
  spread <- sqrt(moments_squares(whole))
  largest <- abs(whole$mean) + spread
  for (of_several in list(coded & !grepl(":", columns, fixed = TRUE), coded & grepl(":", columns, fixed = TRUE))) {
    from <- if (any(grepl(":", columns[of_several], fixed = TRUE))) rep(TRUE, length(columns)) else of_several
    if (any(of_several)) {
      spread[, of_several] <- apply(spread[, from, drop = FALSE], 1, max)
      largest[, of_several] <- apply(largest[, from, drop = FALSE], 1, max)
    }
  }
  largest <- apply(largest, 2, max)
  rounding <- 1e-14 * rep(largest, each = nrow(spread)) + .Machine$double.xmin
  difference <- (merged$mean - whole$mean) + (merged$mean_low - whole$mean_low)
  if (any(abs(difference) > rounding)) violated("means of merged parts")
  error <- 1e-10 * spread + sqrt(if (is.null(whole$weight)) whole$n else whole$weight) * rounding
  first <- sequence(seq_len(d))
  second <- rep(seq_len(d), seq_len(d))
  bound <- error[, first] * (spread + error)[, second] + (spread + error)[, first] * error[, second]
  if (any(abs(merged$within - whole$within) > bound)) violated("products of merged parts")
}

moments_squares <- function(moments) moments$within[, cumsum(seq_len(ncol(moments$mean))), drop = FALSE]
