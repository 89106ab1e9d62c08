# texreg: its tables have a fit's numbers, in the rows that it makes of lme4's fits.

exported <- function(package, name) getExportedValue(package, name)
extract <- function(...) exported("texreg", "extract")(...)
fit <- varying_intercept(yield ~ N + (1 | block), npk, iter_sampling = 0)

test_that("a table of texreg has the fit's coefficients, deviations, variances and sizes", {
  skip_if_not_installed("texreg")
  table <- extract(fit)
  rows <- tidy(fit, "fixed")
  expect_identical(table@coef.names, c("(Intercept)", "N1"))
  expect_identical(table@coef, rows$estimate)
  expect_identical(table@se, rows$std.error)
  expect_length(table@ci.low, 0)
  gof <- stats::setNames(table@gof, table@gof.names)
  expect_identical(gof[["Num. obs."]], 24)
  expect_identical(gof[["Num. groups: block"]], 6)
  variances <- as.data.frame(VarCorr(fit))$vcov
  expect_identical(unname(gof[c("Var: block (Intercept)", "Var: Residual")]), variances)
  expect_identical(gof[["Log evidence"]], log_marginal_likelihood(fit))
  expect_identical(table@gof.decimal, c(FALSE, FALSE, TRUE, TRUE, TRUE))
  with_intervals <- extract(fit, conf.int = TRUE, conf.level = 0.8, interval = "central")
  expect_identical(with_intervals@ci.low, tidy(fit, "fixed", conf.int = TRUE, conf.level = 0.8, interval = "central")$conf.low)
  screen <- exported("texreg", "screenreg")(list(lm(yield ~ N, npk), fit))
  expect_match(screen, "N1 +5.62 \\* +5.5[78]")
})

test_that("rows of texreg are those of the same model in lme4", {
  skip_if_not_installed("texreg")
  skip_if_not_installed("lme4")
  for (formula in list(distance ~ age + (age | Subject), distance ~ age + (age || Subject), distance ~ 1 + (1 | Subject) + (1 | Sex))) {
    ours <- extract(mixed_model(formula, nlme::Orthodont, iter_sampling = 0))
    theirs <- extract(suppressMessages(lme4::lmer(formula, nlme::Orthodont)))
    expect_identical(ours@coef.names, theirs@coef.names)
    expect_setequal(setdiff(ours@gof.names, "Log evidence"), setdiff(theirs@gof.names, c("AIC", "BIC", "Log Likelihood")))
  }
})

test_that("all models have a table of texreg", {
  skip_if_not_installed("texreg")
  expect_identical(extract(complete_pooling(yield ~ N, npk, iter_sampling = 0))@gof.names, c("Num. obs.", "Log evidence"))
  groups <- no_pooling(yield ~ N + (1 | block), npk, iter_sampling = 0)
  expect_identical(extract(groups)@coef.names, c("N1", paste0("(Intercept) [", 1:6, "]")))
  expect_identical(extract(groups)@coef[-1], coef(groups)$block[["(Intercept)"]])
  counts <- data.frame(k = c(3, 5, 2, 8), n = c(10, 12, 9, 11), g = letters[1:4])
  counts <- partial_pooling(cbind(k, n - k) ~ 1 + (1 | g), counts, family = binomial(), iter_sampling = 0)
  expect_identical(extract(counts)@gof.names, c("Num. obs.", "Num. groups: g", "Var: g (Intercept)", "Log evidence"))
  expect_identical(extract(counts, exponentiate = TRUE)@coef, exp(extract(counts)@coef))
  flat <- update(fit, prior = list(beta_0 = dist_uniform(-Inf, Inf)))
  expect_identical(extract(flat)@gof.names, setdiff(extract(fit)@gof.names, "Log evidence"))
  moments <- varying_intercept(yield ~ N + (1 | block), group_moments(yield ~ N + (1 | block), npk), iter_sampling = 0)
  expect_equal(extract(moments)@coef, extract(fit)@coef, tolerance = 1e-10)
})
