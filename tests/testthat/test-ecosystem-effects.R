# effects: its pictures of predictors have the draws' means and deviations.

exported <- function(package, name) getExportedValue(package, name)

test_that("effects are those of the draws of the fixed effects at the average of the other predictors", {
  skip_if_not_installed("effects", "4.2")
  effect <- exported("effects", "Effect")
  fit <- varying_intercept(yield ~ N * K + P + (1 | block), npk, seed = 1)
  table <- as.data.frame(effect("N", fit))
  at <- function(n) {
    rows <- npk
    rows$N <- factor(n, 0:1)
    colMeans(model.matrix(delete.response(terms(fit)), rows)) # balanced, so that averages are over equal numbers of rows
  }
  draws <- as.matrix(as_draws_matrix(fit))[, c("beta_0", "beta[N1]", "beta[K1]", "beta[P1]", "beta[N1:K1]")]
  levels <- rbind(at(0), at(1))
  expect_identical(colnames(levels), c("(Intercept)", "N1", "K1", "P1", "N1:K1"))
  expect_equal(table$fit, as.vector(levels %*% colMeans(draws)), tolerance = 1e-8)
  expect_equal(table$se, apply(draws %*% t(levels), 2, sd), tolerance = 1e-8, ignore_attr = "names")
  expect_length(exported("effects", "predictorEffects")(fit), 3)
  # Log odds.
  rows <- data.frame(k = c(3, 5, 2, 8, 6), n = c(10, 12, 9, 11, 12), g = letters[1:5], x = 1:5)
  counts <- varying_intercept(cbind(k, n - k) ~ x + (1 | g), rows, family = binomial(), seed = 1)
  odds <- effect("x", counts, xlevels = list(x = c(1, 3)))
  draws <- as_draws_df(counts)
  expect_equal(as.vector(odds$fit), c(mean(draws$beta_0 + draws$`beta[x]`), mean(draws$beta_0 + 3 * draws$`beta[x]`)), tolerance = 1e-8)
  moments <- varying_intercept(yield ~ N + (1 | block), group_moments(yield ~ N + (1 | block), npk))
  expect_error(effect("N", moments), class = "bayespool_error_data")
})
