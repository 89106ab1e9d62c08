# The model of a fit: its variables, what each is, and what the model has.

rows <- data.frame(y = c(3, 5, 4, 8, 9, 7, 1, 2), x = c(1, 4, 2, 2, 3, 5, 1, 6), g = rep(c("b", "a"), each = 4))

model_of <- function(fit_function, formula, ...) fit_function(formula, rows, ..., iter_sampling = 0)$model

roles <- function(model) stats::setNames(model$layout$role, model$layout$variable)

test_that("the layout says what each variable is, in the order of the draws", {
  expect_identical(
    roles(model_of(complete_pooling, y ~ x + (1 | g))), c(beta_0 = "population", "beta[x]" = "slope", sigma = "scale_within")
  )
  expect_identical(
    roles(model_of(no_pooling, y ~ 1 + (1 | g))),
    c("mu[a]" = "group", "mu[b]" = "group", "sigma[a]" = "scale_within", "sigma[b]" = "scale_within")
  )
  expect_identical(
    roles(model_of(no_pooling, y ~ x + (1 | g))),
    c("beta_0j[a]" = "group", "beta_0j[b]" = "group", "beta[x]" = "slope", sigma = "scale_within")
  )
  expect_identical(
    roles(model_of(partial_pooling, y ~ 0 + (1 | g))),
    c("mu[a]" = "group", "mu[b]" = "group", sigma_y = "scale_within", sigma_mu = "scale_between")
  )
  varying <- model_of(varying_intercept, y ~ x + (1 | g))
  expect_identical(
    roles(varying),
    c(
      beta_0 = "population", "beta[x]" = "slope", "beta_0j[a]" = "group", "beta_0j[b]" = "group", sigma_y = "scale_within",
      sigma_0 = "scale_between"
    )
  )
  layout <- varying$layout
  expect_identical(layout$label, c(NA, NA, "a", "b", NA, NA))
  expect_identical(layout$term, c(NA, NA, "g", "g", NA, "g"))
  expect_identical(layout$direction, c(NA, NA, "(Intercept)", "(Intercept)", NA, "(Intercept)"))
  expect_identical(layout$position, 1:6)
})

test_that("the layout of several effects has a block of groups and a standard deviation for each direction", {
  both <- model_of(varying_intercept_slope, y ~ x + (1 + x | g))
  expect_identical(
    roles(both),
    c(
      beta_0 = "population", "beta[x]" = "slope", "beta_0j[a]" = "group", "beta_0j[b]" = "group", "beta_j[x,a]" = "group",
      "beta_j[x,b]" = "group", sigma_y = "scale_within", sigma_0 = "scale_between", "sigma_beta[x]" = "scale_between",
      "rho[x]" = "correlation"
    )
  )
  expect_identical(both$layout$direction[3:6], rep(c("(Intercept)", "x"), each = 2))
  expect_identical(both$layout$label[3:6], c("a", "b", "a", "b"))
  apart <- model_of(varying_intercept_slope, y ~ x + (1 + x || g))
  expect_identical(roles(apart), roles(both)[-10])
  slope <- model_of(varying_slope, y ~ x + (0 + x | g))
  expect_identical(roles(slope), roles(both)[c(1, 2, 5, 6, 7, 9)])
})

test_that("standard deviations by group belong to the groups, but to none of their directions", {
  layout <- model_of(no_pooling, y ~ 1 + (1 | g))$layout
  expect_identical(layout$label, c("a", "b", "a", "b"))
  expect_identical(layout$term, rep("g", 4))
  expect_identical(layout$direction, c("(Intercept)", "(Intercept)", NA, NA))
})

test_that("a grouping factor that only names the rows gives no variables", {
  model <- model_of(complete_pooling, y ~ 1 + (1 | g))
  expect_identical(model$terms[[1]][c("factor", "labels", "kind")], list(factor = "g", labels = c("a", "b"), kind = "named"))
  expect_false(bayespool:::has_groups(model))
  expect_identical(model$layout, model_of(complete_pooling, y ~ 1)$layout)
})

test_that("each model has what it should have", {
  models <- list(
    model_of(complete_pooling, y ~ 1), model_of(no_pooling, y ~ 1 + (1 | g)),
    model_of(no_pooling, y ~ 0 + (1 | g), sigma = "common"), model_of(partial_pooling, y ~ 1 + (1 | g)),
    model_of(varying_intercept, y ~ 0 + x + (1 | g))
  )
  has <- function(capability) vapply(models, capability, NA)
  expect_identical(has(bayespool:::has_intercept), c(TRUE, FALSE, FALSE, TRUE, FALSE))
  expect_identical(has(bayespool:::has_predictors), c(FALSE, FALSE, FALSE, FALSE, TRUE))
  expect_identical(has(bayespool:::has_groups), c(FALSE, TRUE, TRUE, TRUE, TRUE))
  expect_identical(has(bayespool:::has_independent_groups), c(FALSE, TRUE, TRUE, FALSE, FALSE))
  expect_identical(has(bayespool:::has_population), c(FALSE, FALSE, FALSE, TRUE, TRUE))
  expect_identical(has(bayespool:::shares_sigma), c(TRUE, FALSE, TRUE, TRUE, TRUE))
})

test_that("a missing choice of standard deviations is refused", {
  expect_error(no_pooling(y ~ 1 + (1 | g), rows, sigma = NULL, iter_sampling = 0), class = "bayespool_error_argument")
})

test_that("a model of other groups is the model of a fit to them", {
  model <- model_of(no_pooling, y ~ 1 + (1 | g))
  fewer <- no_pooling(y ~ 1 + (1 | g), rows[rows$g == "b", ], iter_sampling = 0)$model
  expect_identical(bayespool:::with_groups(model, list(group = "b")), fewer)
})

test_that("a prior is that of one variable or of one of each group", {
  variables <- function(model, name) bayespool:::prior_variables(model, name)
  separate <- model_of(no_pooling, y ~ 1 + (1 | g))
  expect_identical(variables(separate, "mu"), c("mu[a]", "mu[b]"))
  expect_identical(variables(separate, "sigma"), c("sigma[a]", "sigma[b]"))
  varying <- model_of(varying_intercept, y ~ x + (1 | g))
  for (name in names(bayespool:::prior_kinds(varying))) expect_identical(variables(varying, name), name)
})

test_that("a fit keeps its formula as the model reads it, without the environment that it was written in", {
  local({
    large <- numeric(1e5)
    fit <- no_pooling(y ~ 0 + x + (1 | g), rows, iter_sampling = 0)
    expect_true(fit$parsed$intercept)
    for (formula in list(fit$formula, fit$parsed$formula, fit$parsed$fixed)) {
      expect_identical(environment(formula), globalenv())
    }
    expect_lt(length(serialize(fit, NULL)), 1e5)
  })
})
