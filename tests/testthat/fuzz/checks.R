# Whether what a call returned is plausible.

violated <- function(...) {
  stop(structure(class = c("fuzz_violation", "error", "condition"), list(message = paste0(...), call = NULL)))
}

check_summary <- function(table) {
  known <- !is.nan(table$mean)
  if (any(is.na(table$mean) & known) || any(is.infinite(table$mean) & !is.infinite(table$sd))) violated("a mean is not finite")
  if (anyNA(table$sd) || any(table$sd < 0)) violated("an sd is missing or negative")
  if (any(is.nan(table$mean) & is.finite(table$sd))) violated("a mean does not exist beside an sd that does")
  quantiles <- unlist(unclass(table)[-(1:3)])
  if (!all(is.finite(quantiles))) violated("a quantile is not finite")
  table
}

check_matrix <- function(x) {
  if (!is.matrix(x) || anyNA(x)) violated("missing values in draws")
  x
}

check_fit <- function(fit) {
  draws <- fit$draws
  if (!is.null(draws)) {
    if (!all(is.finite(draws))) violated("draws are not finite")
    size <- c(posterior::niterations(fit), posterior::nchains(fit), posterior::nvariables(fit))
    if (!identical(dim(draws), size)) violated("dimensions of draws")
  }
  if (!is.null(fit$log_evidence) && !is.finite(fit$log_evidence)) violated("evidence is not finite")
}

# The arguments of the same fit by quadrature, without draws.
again_exact <- function(first) {
  again <- first$arguments
  again$iter_sampling <- 0
  again$algorithm <- again$control <- again$iter_warmup <- NULL
  again
}

# Digits that the data themselves have lost do not count.
has_lost_digits <- function(fit) {
  y <- fit$reduced$mean[, ncol(fit$reduced$mean)]
  max(abs(y)) > 1e6 || any(fit$reduced$within > 1e100)
}

# The rows in another order, or their moments, give the same posterior.
check_invariance <- function(first, fit) {
  data <- first$arguments[[2]]
  weights <- first$arguments$weights
  if (!is.data.frame(data) || nrow(data) < 2 || fit$settings$prior_only || !(is.null(weights) || is.name(weights))) {
    return()
  }
  again <- again_exact(first)
  again[[2]] <- data[sample(nrow(data)), , drop = FALSE]
  # In another unit of the weights sigma, with its default prior, is larger.
  unit <- if (is.name(weights) && !any(c("sigma", "sigma_y") %in% names(first$arguments[[3]]))) 2 else 1
  if (unit > 1) again$weights <- call("*", unit^2, weights)
  other <- do.call(first$label, again)
  a <- exact_summary(fit)
  b <- exact_summary(other)
  if (!setequal(a$variable, b$variable)) violated("permuted rows: other parameters")
  b <- b[match(a$variable, b$variable), ]
  within <- grepl("^sigma(_y)?(\\[|$)", b$variable)
  b[within, -1] <- b[within, -1] / unit
  if (unit > 1) a$q50[a$variable == "icc"] <- b$q50[b$variable == "icc"] <- 0
  scale <- a$q97 - a$q3 + 1e-9 * (abs(a$q50) + max(abs(fit$reduced$mean)))
  if (has_lost_digits(fit)) {
    return()
  }
  if (any(abs(a$q50 - b$q50) > 1e-4 * scale + 1e-300)) violated("permuted rows: other medians")
}
