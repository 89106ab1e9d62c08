# Known standard errors of the observations: y_i ~ N(mu_i, s_i^2). They are weights: y_i ~ N(mu_i, sigma^2 / w_i) with a known sigma and
# w_i = sigma^2 / s_i^2. That sigma is the standard error of a typical estimate, so that the share of variance between groups is I2.

# `data` with weights 1 / s_i^2; `errors`: list of the quosures `se` and `vi`, as the user gave them. Each kind of data that has rows, and
# can be read twice, has a method.
attach_errors <- function(data, errors, call) UseMethod("attach_errors")

#' @export
#' @noRd
attach_errors.default <- function(data, errors, call) {
  abort_bayespool(
    c(
      "{.arg data} must be a data frame with one row an estimate.",
      i = "Found {.obj_type_friendly {data}}.",
      i = "Models of group moments estimate the standard deviation within groups: see {.fn partial_pooling}."
    ),
    "data", call
  )
}

#' @export
#' @noRd
attach_errors.data.frame <- function(data, errors, call) {
  name <- names(errors)
  values <- numbers_of_rows(errors[[1]], name, data, call)
  bad <- which(values <= 0 | is.infinite(values))
  if (length(bad) > 0) {
    abort_errors(name, values[bad[1]], paste("in row", bad[1]), call)
  }
  data[[weights_column]] <- structure(switch(name, se = 1 / values^2, vi = 1 / values), argument = name)
  data
}

abort_errors <- function(name, found, where, call) {
  abort_bayespool(
    c(
      "{.arg {name}} must be above 0 and finite.",
      i = "Found {.val {found}} {where}.",
      i = "An estimate without error leaves nothing for others to say; leave out rows whose error is not known."
    ),
    "argument", call
  )
}

# The one of `se` and `vi` (quosures) that was given, as a list of one; of an object of metafor::escalc() its own variances.
choose_errors <- function(se, vi, data, call) {
  given <- Filter(Negate(rlang::quo_is_null), list(se = se, vi = vi))
  if (length(given) == 2) {
    abort_bayespool(
      c("Give {.arg se} or {.arg vi}, not both.", i = "{.arg vi} are the squares of {.arg se}."), "argument", call
    )
  }
  if (length(given) == 1) {
    return(given)
  }
  name <- utils::tail(attr(data, "vi.names"), 1)
  if (is.null(name) || !name %in% names(data)) {
    pattern <- "^(se|sei|std[._]?err(or)?|se[._].*|.*[._]se|vi|var|variance)$"
    likely <- grep(pattern, colnames(data), ignore.case = TRUE, value = TRUE)
    argument <- if (length(likely) > 0 && grepl("^v", likely[1], ignore.case = TRUE)) "vi" else "se"
    suggestion <- if (length(likely) > 0) paste0(argument, " = ", likely[1])
    abort_bayespool(
      c(
        "{.fn meta_analysis} needs the standard errors of the estimates, {.arg se}, or their squares, {.arg vi}.",
        i = if (!is.null(suggestion)) "Is it {.code {suggestion}}?",
        i = "{.fn metafor::escalc} computes estimates and variances from what studies report; its result needs no {.arg vi}."
      ),
      "argument", call
    )
  }
  list(vi = rlang::new_quosure(as.name(name), baseenv()))
}

# The weights that an expression of errors stands for, where sigma^2 is `typical`.
errors_as_weights <- function(errors, typical) {
  expr <- rlang::quo_squash(errors[[1]])
  switch(names(errors), se = bquote(.(typical) / (.(expr))^2), vi = bquote(.(typical) / (.(expr))))
}

# The variance of a typical estimate: (k - p) / trace(W - W X (X'W X)^-1 X'W) for k estimates with weights W and p coefficients. Without
# moderators Higgins & Thompson's; in general that of metafor. `moments`: with the weights 1 / s_i^2 of `data`.
typical_variance <- function(parsed, data, moments, call) {
  # In units of the average weight, whose squares are numbers.
  unit_weight <- sum(moments$weight) / sum(moments$n)
  weight <- as.name(weights_column)
  data <- change_weights(data, bquote(.(weight) / .(unit_weight) * (.(weight) / .(unit_weight)) + .(.Machine$double.xmin)))
  squared <- merge_into_one(suppressMessages(reduce_data(parsed, data, TRUE, call), classes = "bayespool_message_dropped"))
  moments <- merge_into_one(scale_weights(moments, 1 / unit_weight))
  columns <- seq_along(unlist(moments$terms))
  # About the weighted means X'WX is diagonal in the intercept.
  centre <- if (parsed$intercept) moments$mean else 0 * moments$mean
  products <- function(moments) {
    mean <- (moments$mean - centre)[columns]
    within <- unpack_within(moments$within[1, ])[columns, columns, drop = FALSE] + moments$weight * outer(mean, mean)
    if (parsed$intercept) rbind(c(moments$weight, moments$weight * mean), cbind(moments$weight * mean, within)) else within
  }
  information <- products(moments)
  if (length(information) == 0) {
    return(moments$n / moments$weight / unit_weight)
  }
  unit <- 1 / sqrt(pmax(diag(information), .Machine$double.xmin))
  scaled <- eigen(information * outer(unit, unit), symmetric = TRUE)
  kept <- scaled$values > 1e-10
  root <- scaled$vectors[, kept, drop = FALSE] * unit
  trace <- moments$weight - sum(diag(crossprod(root, products(squared) %*% root)) / scaled$values[kept])
  freedom <- moments$n - sum(kept)
  # As many coefficients as estimates: their harmonic mean.
  typical <- if (freedom < 1 || !(trace > 1e-10 * moments$weight)) moments$n / moments$weight else freedom / trace
  typical / unit_weight
}

# All weights times `factor`.
scale_weights <- function(moments, factor) {
  moments$weight <- moments$weight * factor
  moments$log_weight <- moments$log_weight + moments$n * log(factor)
  moments$within <- moments$within * factor
  if (!is.null(moments$residual)) moments$residual$within <- moments$residual$within * factor
  moments
}
