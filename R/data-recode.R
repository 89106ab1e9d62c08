# Parts of the rows in which factors have different levels, in the columns of all levels.
#
# A column of all levels is, within a part, an affine function of the part's own columns. Both are functions of the categories, times
# the numbers of their term; and the part's columns span all functions of its categories, as a term that has contrasts comes with
# the terms to which these are contrasts.

# The parts with the columns that they would have, had their rows been together. `recode`: a part's columns, given the part and its
# column_map().
code_alike <- function(parts, recode, call) {
  own <- lapply(parts, function(part) unclass(part)[intersect(c("terms", "coding", "varying"), names(part))])
  keys <- vapply(own, rlang::hash, "")
  different <- own[!duplicated(keys)]
  response <- parts[[1]]$response
  fixed <- merge_codings(different, call)
  varying <- if (!is.null(parts[[1]]$varying)) merge_codings(lapply(different, `[[`, "varying"), call)
  # Other processes may sort text in another way.
  alike <- length(different) == 1 &&
    identical(fixed$coding, different[[1]]$coding) && identical(varying$coding, different[[1]]$varying$coding)
  if (alike) {
    return(parts)
  }
  check_same_meaning(fixed, varying, call)
  columns <- unique(c(unlist(fixed$terms, use.names = FALSE), unlist(varying$terms, use.names = FALSE), response))
  maps <- lapply(different, column_map, fixed, varying, columns, response)
  Map(function(part, i) {
    map <- maps[[i]]
    same <- identical(rownames(map)[-1], colnames(map)) && all(map[-1, ] == diag(ncol(map))) && all(map[1, ] == 0)
    if (!same) part <- recode(part, map)
    part$terms <- fixed$terms
    part["coding"] <- list(fixed$coding)
    part$varying <- varying
    part
  }, parts, match(keys, unique(keys)))
}

recode_moments <- function(part, map) {
  recoded <- core_recode_columns(core_lines(part), map[1, ], map[-1, , drop = FALSE])
  part[c("mean", "mean_low", "within")] <- recoded[c("mean", "mean_low", "within")]
  colnames(part$mean) <- colnames(map)
  part
}

# `coded`: list of the terms and coding of each part. Those of all rows together.
merge_codings <- function(coded, call) {
  codings <- lapply(coded, `[[`, "coding")
  terms <- coded[[1]]$terms
  check_codings(codings, names(terms), call)
  merged <- codings[[1]]
  if (is.null(merged)) {
    return(coded[[1]])
  }
  merged$single <- NULL
  for (variable in names(merged$contrasts)) {
    declared <- lapply(codings, function(coding) coding$declared[[variable]])
    if (is_computed(variable) && !all(vapply(declared, identical, NA, declared[[1]]))) abort_meaning(of_all_rows, call)
    levels <- merge_levels(declared, lapply(codings, used_levels, variable))
    used <- levels$used
    merged$declared[[variable]] <- levels$known
    if (length(used) == 1) {
      merged$single[[variable]] <- used
      used <- merge_levels(declared, lapply(codings, coded_levels, variable))$used
    }
    if (variable %in% names(merged$levels)) merged$levels[[variable]] <- used
  }
  for (term in names(terms)) {
    if (!all(vapply(codings, has_levels_of, NA, merged, term))) {
      check_recodable(term, coded, call)
      terms[[term]] <- colnames(term_design(term, merged))
    }
  }
  list(terms = terms, coding = merged)
}

of_all_rows <- paste(
  "{.code poly()}, {.code scale()}, {.code cut()} and the like depend on all rows: compute such columns before the rows are split, or",
  "name the breaks."
)

# Whether the formula makes a category by a function other than factor(), whose levels may then depend on all rows.
is_computed <- function(variable) {
  expr <- tryCatch(str2lang(variable), error = function(cnd) NULL) # names may be anything
  is.call(expr) && !is_plain_factor(expr)
}

check_codings <- function(codings, terms, call) {
  differ <- function(read) length(unique(lapply(codings, read))) > 1
  if (differ(function(coding) names(coding$contrasts))) {
    abort_meaning("A predictor is a number in one and a category in the other.", call)
  }
  if (differ(function(coding) coding$bases)) {
    abort_meaning(of_all_rows, call)
  }
  if (differ(function(coding) coding$patterns[terms])) {
    abort_meaning("The formulas must be the same: all with an intercept, or none.", call)
  }
  if (differ(function(coding) Filter(rlang::is_string, coding$contrasts))) {
    abort_meaning("Factors must have the same contrasts in all parts.", call)
  }
}

# Columns of other levels can be made where contrasts are functions of the levels, and numbers that a factor interacts with are
# single columns, with the names that are expected here.
check_recodable <- function(term, coded, call) {
  for (part in coded) {
    variables <- coded_variables(term, part$coding)
    given <- Filter(function(variable) !rlang::is_string(part$coding$contrasts[[variable]]), variables)
    if (length(given) > 0) {
      abort_meaning(
        c(
          "{.code {given}} has contrasts that are numbers for certain levels, and other levels in the other part.",
          i = "Name the contrasts, as in {.code options(contrasts = c(\"contr.sum\", \"contr.poly\"))}, or give all parts the same levels."
        ),
        call
      )
    }
    can <- all(variables %in% names(part$coding$patterns[[term]])) &&
      identical(colnames(term_design(term, part$coding)), part$terms[[term]])
    if (!can) {
      abort_meaning("The categories in {.code {term}} must have the same levels in all parts.", call)
    }
  }
}

abort_meaning <- function(hint, call, envir = rlang::caller_env()) {
  abort_bayespool(
    c("The columns of these moments have the same names but not the same meaning.", i = hint), "moments", call, .envir = envir
  )
}

# As check_same_columns(), which sees the rows: contrasts may have the names of levels that other parts bring in.
check_same_meaning <- function(fixed, varying, call) {
  fixed <- column_meanings(fixed)
  varying <- column_meanings(varying)
  both <- intersect(names(fixed), names(varying))
  differs <- both[!vapply(both, function(column) identical(fixed[[column]], varying[[column]]), NA)]
  if (length(differs) > 0) abort_same_names(differs, call)
}

# What columns of categories are: their term, and their values by level.
column_meanings <- function(coded) {
  terms <- intersect(names(coded$terms), names(coded$coding$patterns))
  meanings <- lapply(terms, function(term) {
    design <- term_design(term, coded$coding)
    lapply(stats::setNames(nm = colnames(design)), function(column) list(term, unname(design[, column])))
  })
  unlist(meanings, recursive = FALSE)
}

# Variables of a term as a model frame names them; their names are as the term writes them.
term_variables <- function(term) {
  written <- rownames(attr(stats::terms(stats::as.formula(paste("~", term))), "factors"))
  stats::setNames(plain_names(written), written)
}

coded_variables <- function(term, coding) intersect(term_variables(term), names(coding$contrasts))

# Levels that have columns. A coding does not list those of logical variables.
coded_levels <- function(coding, variable) coding$levels[[variable]] %||% c("FALSE", "TRUE")

# Levels that occur.
used_levels <- function(coding, variable) coding$single[[variable]] %||% coded_levels(coding, variable)

has_levels_of <- function(coding, other, term) {
  all(vapply(coded_variables(term, other), function(variable) {
    identical(coded_levels(coding, variable), coded_levels(other, variable)) &&
      identical(used_levels(coding, variable), used_levels(other, variable))
  }, NA))
}

# A variable's columns, by level: contrasts, or where `pattern` is 2 indicators.
variable_design <- function(variable, coding, pattern) {
  levels <- coded_levels(coding, variable)
  values <- factor(levels, levels)
  if (pattern == 1) stats::contrasts(values) <- coding$contrasts[[variable]]
  design <- stats::contrasts(values, contrasts = pattern == 1)
  rownames(design) <- levels
  if (is.null(colnames(design))) colnames(design) <- seq_len(ncol(design))
  design
}

# A term's columns where its numbers are 1, a row for each of `cells`: combinations of levels, by default all, as a data frame.
# Columns have the names and the order that model.matrix() gives them: those of the first variable change fastest.
term_design <- function(term, coding, cells = level_cells(coded_variables(term, coding), coded_levels, coding)) {
  variables <- term_variables(term)
  design <- matrix(1, nrow(cells), 1)
  for (written in names(variables)) {
    variable <- variables[[written]]
    own <- matrix(1, nrow(cells), 1, dimnames = list(NULL, ""))
    if (variable %in% names(cells)) {
      by_level <- variable_design(variable, coding, coding$patterns[[term]][[variable]])
      own <- by_level[cells[[variable]], , drop = FALSE]
    }
    first <- rep(seq_len(ncol(design)), ncol(own))
    second <- rep(seq_len(ncol(own)), each = ncol(design))
    names <- paste0(c(if (!is.null(colnames(design))) paste0(colnames(design)[first], ":")), written, colnames(own)[second])
    design <- design[, first, drop = FALSE] * own[, second, drop = FALSE]
    dimnames(design) <- list(NULL, names)
  }
  design
}

level_cells <- function(variables, levels_of, coding) {
  levels <- lapply(stats::setNames(nm = variables), function(variable) levels_of(coding, variable))
  expand.grid(levels, stringsAsFactors = FALSE, KEEP.OUT.ATTRS = FALSE)
}

# Merged columns as affine functions of the part's: the constant and the part's columns by the merged columns.
column_map <- function(part, fixed, varying, columns, response) {
  own <- unique(c(unlist(part$terms, use.names = FALSE), unlist(part$varying$terms, use.names = FALSE), response))
  map <- matrix(0, length(own) + 1, length(columns), dimnames = list(c(intercept_direction, own), columns))
  map[response, response] <- 1
  for (coded in list(list(from = part$varying, to = varying), list(from = part, to = fixed))) {
    for (term in names(coded$to$terms)) {
      block <- term_map(term, coded$from, coded$to)
      map[, colnames(block)] <- 0
      map[rownames(block), colnames(block)] <- block
    }
  }
  map
}

# The part of it for a term, which has a row for the constant and for each column that it is made of.
term_map <- function(term, from, to) {
  if (has_levels_of(from$coding, to$coding, term)) {
    columns <- from$terms[[term]]
    return(structure(diag(1, length(columns)), dimnames = list(columns, columns)))
  }
  coded <- coded_variables(term, to$coding)
  numbers <- setdiff(term_variables(term), coded)
  cells <- level_cells(coded, used_levels, from$coding)
  within_term <- Filter(function(other) {
    of_other <- coded_variables(other, to$coding)
    all(of_other %in% coded) && setequal(setdiff(term_variables(other), of_other), numbers)
  }, names(from$terms))
  known <- do.call(cbind, c(
    if (length(numbers) == 0) list(matrix(1, nrow(cells), 1, dimnames = list(NULL, intercept_direction))),
    lapply(within_term, term_design, from$coding, cells)
  ))
  wanted <- term_design(term, to$coding, cells)
  map <- qr.coef(qr(known), wanted)
  map[is.na(map)] <- 0 # columns that others explain, as where a level is the only one
  whole <- abs(map - round(map)) < 1e-10
  map[whole] <- round(map[whole])
  stopifnot(max(abs(known %*% map - wanted)) < 1e-8)
  map
}
