# Moments where those of the columns as they are would cancel: of columns that have lost what others explain.

# `columns`, `rows`, `groups` (code, first, size), `weight`: as core_group_moments() takes them; `moments`: what it returns for them;
# `intercept`: whether the model has one. NULL where these serve; else a list with
#   mean, within   moments of A combination - constant, where A are the columns
#   combination    upper triangular with a diagonal of ones
#   constant       one number a column
#   rounding       the size of rounding errors of these columns' values
residual_moments <- function(columns, rows, groups, weight, moments, pooled, intercept) {
  step <- core_residual_columns(moments, intercept)
  if (!loses_digits(step)) {
    return(NULL)
  }
  columns <- do.call(cbind, columns)
  largest <- apply(abs(columns), 2, max)
  residual <- list(combination = diag(ncol(columns)), constant = numeric(ncol(columns)))
  # The first combination comes from rounded moments.
  for (pass in 1:3) {
    residual$constant <- drop((residual$constant + step$centre) %*% step$combination)
    residual$combination <- residual$combination %*% step$combination
    residual$rounding <- .Machine$double.eps * drop(largest %*% abs(residual$combination))
    values <- residual_columns(columns, residual)
    values[, colMeans(values^2) <= (4 * residual$rounding)^2] <- 0
    result <- core_group_moments(list(values), rows, groups$code, groups$first, groups$size, weight, pooled)
    step <- core_residual_columns(result, intercept)
    if (!loses_digits(step)) break
  }
  c(result[c("mean", "within")], residual)
}

# Rows of the columns A as rows of the columns that `residual` is about, rounded once.
residual_columns <- function(columns, residual) core_residual_rows(columns, residual$combination, residual$constant)

# Cross-products within groups lose twice the digits that columns have in common; means, which are centred before they are
# squared, lose them once.
loses_digits <- function(step) {
  min(step$predictors_keep, step$response_keeps) < 1e-5 || step$spread < 1e-8
}

# Warns where moments are all there is and double precision cannot tell what the predictors leave of the response, or of a
# predictor. One that the others explain entirely is no such case: it has no information of its own.
warn_lost_digits <- function(moments, call) {
  if (!is.null(moments$residual)) {
    return(invisible())
  }
  step <- core_residual_columns(moments, moments$intercept)
  d <- ncol(moments$mean)
  lost <- c(
    if (step$response_keeps < 1e-10) "of the response {.field {response}}",
    if (step$predictors_keep < 1e-10 && step$predictors_keep > 1e-14 * d) "of a predictor"
  )
  response <- moments$response
  if (length(lost) > 0) {
    what <- paste(lost, collapse = " and ")
    warn_bayespool(
      c(
        paste0("Moments in double precision cannot tell what predictors leave ", what, "."),
        i = "They explain all but a part of less than 1e-10, and moments are squares, which are only right to 1e-16.",
        i = "Fit the model to the rows, or compute the moments for the formula of this fit; subtracting most of what is explained \\
            from the columns helps as well."
      ),
      "precision", call
    )
  }
}
