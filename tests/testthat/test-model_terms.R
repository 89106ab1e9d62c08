# terms(), model.matrix(), family() and model.frame(): what other packages ask of any model to make its columns themselves.

rows <- transform(
  nlme::Oats, Block = factor(Block, ordered = FALSE), high = nitro > 0.3, n = round(100 * nitro), k = round(20 * nitro) + 3,
  kind = as.character(Variety)
)
rows$yield[c(3, 20)] <- NA
quiet <- function(fitting, ...) suppressMessages(fitting(..., iter_sampling = 0))
formulas <- list(
  yield ~ 1 + (1 | Block), yield ~ nitro + (1 | Block), yield ~ log(nitro + 1) * kind + high + (1 | Block),
  yield ~ poly(nitro, 2) + Variety + (1 | Block), scale(yield) ~ scale(nitro) + (1 | Block), yield ~ 0 + Variety + nitro + (1 | Block),
  yield ~ nitro + (nitro | Block), yield ~ Variety + (1 | Block) + (1 | Variety), yield ~ 0 + (1 | Block)
)
# contrasts of factors that are there in the data
summed <- rows
contrasts(summed$Variety) <- "contr.sum"

test_that("model.matrix() is the matrix of lme4, and gives what fixef() and the deviations do not explain", {
  skip_if_not_installed("lme4")
  lmer <- function(...) suppressMessages(suppressWarnings(lme4::lmer(...)))
  for (formula in formulas[-9]) { # lmer() takes no model without fixed effects
    for (data in list(rows, summed)) {
      fit <- quiet(mixed_model, formula, data)
      same <- lmer(formula, data)
      x <- model.matrix(fit)
      expect_equal(x, lme4::getME(same, "X"), tolerance = 1e-12, ignore_attr = c("msgScaleX", "dimnames"))
      expect_identical(colnames(x), colnames(lme4::getME(same, "X")))
      expect_identical(colnames(x), names(fixef(fit)))
      expect_identical(attr(x, "assign"), attr(model.matrix(same), "assign"))
      expect_identical(attr(x, "contrasts"), attr(model.matrix(same), "contrasts"))
    }
  }
})

test_that("the columns are those that the fit has multiplied by its coefficients", {
  for (formula in formulas[-c(6, 8, 9)]) {
    fit <- quiet(complete_pooling, reformulas::nobars(formula), rows)
    expect_equal(drop(model.matrix(fit) %*% fixef(fit)), fitted(fit), tolerance = 1e-10, ignore_attr = "names")
  }
  # Groups of their own have the intercepts.
  fit <- quiet(no_pooling, yield ~ Variety + nitro + (1 | Block), rows)
  x <- model.matrix(fit)
  expect_identical(colnames(x), names(fixef(fit)))
  expect_identical(attr(x, "assign"), c(1L, 1L, 2L))
  expect_identical(attr(x, "contrasts"), list(Variety = "contr.treatment"))
  intercepts <- coef(fit)$Block[as.character(model.frame(fit)$Block), "(Intercept)"]
  expect_equal(drop(x %*% fixef(fit)) + intercepts, fitted(fit), tolerance = 1e-10, ignore_attr = "names")
  expect_identical(dim(model.matrix(quiet(varying_intercept, formulas[[9]], rows))), c(70L, 0L))
})

test_that("terms() are those of lme4, and take the variables of other rows as the fit does", {
  new <- data.frame(nitro = c(0.1, 0.25), Variety = "Marvellous", kind = c("Victory", "Marvellous"), high = c(TRUE, FALSE))
  for (formula in formulas[-c(6, 8, 9)]) {
    fit <- quiet(complete_pooling, reformulas::nobars(formula), rows)
    terms <- delete.response(terms(fit))
    x <- model.matrix(terms, model.frame(terms, new, xlev = .getXlevels(terms(fit), model.frame(fit))))
    expect_equal(drop(x %*% fixef(fit)), predict(fit, new), tolerance = 1e-10, ignore_attr = "names")
  }
  skip_if_not_installed("lme4")
  for (formula in formulas[-9]) {
    ours <- terms(quiet(mixed_model, formula, rows))
    same <- suppressMessages(suppressWarnings(lme4::lmer(formula, rows)))
    theirs <- terms(same)
    for (name in c("variables", "factors", "term.labels", "order", "intercept", "response")) {
      expect_identical(attr(ours, name), attr(theirs, name), info = deparse(formula))
    }
    bases <- function(terms) lapply(eval(attr(terms, "predvars"), rows, globalenv()), function(x) as.vector(unclass(x)))
    expect_equal(bases(ours), bases(theirs), tolerance = 1e-12)
    expect_identical(attr(ours, "dataClasses"), attr(terms(same, fixed.only = FALSE), "dataClasses")[names(attr(ours, "dataClasses"))])
  }
})

test_that("terms() of counts have the offset, and family() is the one of the fit", {
  counts <- quiet(varying_intercept, k ~ Variety + offset(log(n + 1)) + (1 | Block:Variety), rows, family = poisson())
  same <- glm(k ~ Variety + offset(log(n + 1)), poisson, rows)
  expect_identical(attr(terms(counts), "offset"), attr(terms(same), "offset"))
  expect_identical(attr(terms(counts), "dataClasses"), attr(terms(same), "dataClasses"))
  expect_identical(model.offset(model.frame(terms(counts), rows)), model.offset(model.frame(same)))
  expect_identical(model.matrix(counts), model.matrix(same))
  expect_identical(family(counts)$linkfun, poisson()$linkfun)
  trials <- quiet(partial_pooling, cbind(k, 40 - k) ~ 1 + (1 | Block), rows, family = binomial())
  expect_identical(attr(terms(trials), "dataClasses"), c("cbind(k, 40 - k)" = "nmatrix.2"))
  expect_s3_class(family(trials), "family")
  expect_identical(family(trials)[c("family", "link")], binomial()[c("family", "link")])
  expect_identical(family(quiet(no_pooling, formulas[[1]], rows))[c("family", "link")], gaussian()[c("family", "link")])
})

test_that("a fit from moments has terms with the bases of its rows, and no matrix", {
  formula <- formulas[[4]]
  with_rows <- quiet(varying_intercept, formula, rows)
  fit <- quiet(varying_intercept, formula, suppressMessages(group_moments(formula, rows)))
  expect_identical(attr(terms(fit), "predvars"), attr(terms(with_rows), "predvars"))
  expect_identical(formula(terms(fit)), formula(terms(with_rows)))
  expect_null(attr(terms(fit), "dataClasses"))
  expect_identical(family(fit)$family, "gaussian")
  expect_error(model.matrix(fit), "model.matrix\\(\\)", class = "bayespool_error_data")
  expect_error(model.frame(fit), class = "bayespool_error_data")
})

test_that("what callers pass to all models is ignored, and a misspelt argument warned of", {
  fit <- quiet(varying_intercept, formulas[[2]], rows)
  expect_identical(terms(fit, fixed.only = TRUE), terms(fit))
  expect_identical(model.matrix(fit, type = "fixed"), model.matrix(fit))
  expect_error(terms(fit, 1), class = "bayespool_error_argument")
})
