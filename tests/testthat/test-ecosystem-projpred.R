# projpred, tried for real: a fit as the reference model of a projection.

skip_on_cran() # all of it takes long

# Messages and warnings are of few draws and of names that projpred has given up.
projected <- function(name, ...) suppressMessages(suppressWarnings(getExportedValue("projpred", name)(...)))

rows <- withr::with_seed(5, {
  data <- data.frame(g = rep(letters[1:6], each = 10), x1 = rnorm(60), x2 = rnorm(60), x3 = rnorm(60))
  data <- transform(data, n = rep(3:8, 10), e = runif(60, 1, 2))
  effect <- rnorm(6)[match(data$g, letters)]
  transform(
    data, y = 2 * x1 + effect + rnorm(60), k = rbinom(60, n, plogis(effect)), c = rpois(60, e * exp(effect / 2)), w = runif(60, 1, 2),
    of_g = match(g, letters)
  )
})
fit <- varying_intercept(y ~ x1 + x2 + x3 + (1 | g), rows, seed = 1, iter_sampling = 100)

test_that("the reference model has the fit's response, expected values and sigma", {
  skip_if_not_installed("projpred")
  reference <- projected("get_refmodel", fit)
  expect_equal(reference$y, rows$y)
  expect_equal(unname(reference$mu), unname(t(posterior_epred(fit))))
  expect_equal(unname(reference$dis), as.data.frame(fit)$sigma_y)
  new <- rows[3:4, ]
  expect_equal(unname(reference$ref_predfun(fit, newdata = new)), unname(t(posterior_epred(fit, new))), ignore_attr = TRUE)
})

test_that("variable selection finds the predictor that there is, and projects onto it", {
  skip_if_not_installed("projpred")
  chosen <- projected("varsel", fit, method = "forward", nterms_max = 1, nclusters = 1, nclusters_pred = 2, verbose = FALSE, seed = 1)
  expect_identical(projected("solution_terms", chosen), "x1")
  smaller <- projected("project", fit, solution_terms = "x1", nclusters = 1)
  # One cluster without groups is least squares of what is expected on average.
  expected <- lm(colMeans(posterior_epred(fit)) ~ rows$x1)
  expect_equal(unname(colMeans(as.matrix(smaller))[1:2]), unname(coef(expected)), tolerance = 1e-4)
})

test_that("weights, trials and exposure", {
  skip_if_not_installed("projpred")
  of <- function(fit) projected("get_refmodel", fit)
  weighted <- varying_intercept(y ~ x1 + (1 | g), rows, weights = w, seed = 1, iter_sampling = 50)
  expect_equal(of(weighted)$wobs, rows$w)
  trials <- varying_intercept(cbind(k, n - k) ~ of_g + (1 | g), rows, family = binomial(), seed = 1, iter_sampling = 50)
  reference <- of(trials)
  expect_equal(as.vector(reference$wobs), rows$n)
  expect_equal(unname(reference$mu), unname(t(plogis(posterior_linpred(trials)))))
  counts <- varying_intercept(c ~ of_g + offset(log(e)) + (1 | g), rows, family = poisson(), seed = 1, iter_sampling = 50)
  reference <- of(counts)
  expect_equal(as.vector(reference$offset), log(rows$e))
  skip_if_not_installed("projpred", "2.8") # which keeps predictions with their offsets
  expect_equal(unname(reference$mu_offs), unname(t(posterior_epred(counts))))
})

test_that("K-fold cross-validation refits to the other folds", {
  skip_if_not_installed("projpred")
  reference <- projected("get_refmodel", fit)
  folds <- rep(1:2, 30)
  fits <- reference$cvfun(folds)
  expect_equal(nobs(fits[[1]]), 30)
  expect_equal(model.frame(fits[[2]])$y, rows$y[folds == 1])
  selected <- projected(
    "cv_varsel", fit, cv_method = "kfold", K = 2, method = "forward", nterms_max = 1, nclusters = 1, nclusters_pred = 1, verbose = FALSE,
    seed = 1
  )
  expect_s3_class(selected, "vsel")
})

test_that("what is no reference model is an error that says so", {
  skip_if_not_installed("projpred")
  expect_error(projected("get_refmodel", no_pooling(y ~ x1 + (1 | g), rows, seed = 1)), class = "bayespool_error_model")
  expect_error(projected("get_refmodel", update(fit, prior_only = TRUE)), class = "bayespool_error_argument")
  expect_error(projected("get_refmodel", update(fit, iter_sampling = 0)), class = "bayespool_error_draws")
  moments <- varying_intercept(y ~ x1 + (1 | g), group_moments(y ~ x1 + (1 | g), rows), seed = 1)
  expect_error(projected("get_refmodel", moments), class = "bayespool_error_data")
})
