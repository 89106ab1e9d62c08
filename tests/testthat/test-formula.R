test_that("a formula is taken apart", {
  formula <- scontrol ~ stress + (1 | site)
  parsed <- parse_formula(formula)
  expect_identical(parsed$formula, formula)
  expect_identical(parsed$response, "scontrol")
  expect_identical(parsed$response_expr, quote(scontrol))
  expect_true(parsed$intercept)
  expect_identical(parsed$terms, "stress")
  expect_identical(parsed$fixed, scontrol ~ stress, ignore_formula_env = TRUE)
  expect_identical(parsed$group, "site")
  expect_identical(environment(parsed$fixed), environment(formula))
})

test_that("a formula without predictors or groups works", {
  parsed <- parse_formula(y ~ 1)
  expect_null(parsed$group)
  expect_true("group" %in% names(parsed))
  expect_identical(parsed$terms, character())
  expect_identical(parsed$fixed, y ~ 1, ignore_formula_env = TRUE)
})

test_that("brackets keep their meaning", {
  data <- withr::with_seed(1, data.frame(y = rnorm(20), x = rnorm(20), t = rnorm(20), g = rep(1:4, 5)))
  moments <- group_moments(y ~ t + (x > 0) + (1 | g), data)
  expect_identical(colnames(moments$mean), c("t", "x > 0TRUE", "y"))
  expect_equal(moments$mean[, "t"], unname(tapply(data$t, data$g, mean)), ignore_attr = TRUE)
})

test_that("the intercept goes with 0 or - 1 wherever they stand", {
  for (formula in list(y ~ 0 + (1 | g), y ~ (1 | g) - 1, y ~ (1 | g) + 0, y ~ -1 + (1 | g))) {
    parsed <- parse_formula(formula)
    expect_false(parsed$intercept)
    expect_identical(parsed$terms, character())
    expect_identical(parsed$group, "g")
    expect_identical(attr(terms(parsed$fixed), "intercept"), 0L)
  }
  expect_identical(parse_formula(y ~ (1 | g) + x - 1)$fixed, y ~ x - 1, ignore_formula_env = TRUE)
})

test_that("the place of the bar does not matter", {
  for (formula in list(y ~ (1 | g), y ~ 1 + (1 | g), y ~ 1 | g, y ~ ((1 | g)))) {
    expect_identical(parse_formula(formula)[c("terms", "group", "intercept")],
                     list(terms = character(), group = "g", intercept = TRUE))
  }
  expect_identical(parse_formula(y ~ a + (1 | g) + b)$terms, c("a", "b"))
})

test_that("terms are those of terms()", {
  formula <- log(y) ~ a * b + I(x^2) + poly(z, 2) + (1 | g)
  parsed <- parse_formula(formula)
  expect_identical(parsed$response, "log(y)")
  expect_identical(parsed$terms, attr(terms(~ a * b + I(x^2) + poly(z, 2)), "term.labels"))
  expect_identical(attr(terms(parsed$fixed), "term.labels"), parsed$terms)
})

test_that("names that need backticks work", {
  parsed <- parse_formula(`my y` ~ `my x` + (1 | `my g`))
  expect_identical(parsed$response, "my y")
  expect_identical(parsed$terms, "`my x`")
  expect_identical(parsed$group, "my g")
})

test_that("a formula that no model can express is refused", {
  refused <- list(
    "y ~ x", quote(y ~ x), NULL,
    ~x, 1 ~ x, y ~ ., . ~ x,
    y ~ x + offset(z), y ~ y + (1 | g),
    y ~ (1 | g) + (1 | g), y ~ (1 | g) + (1 | h) + (1 | k), y ~ (1 | g / h / k), y ~ (1 | g / h) + (1 | k), y ~ (1 | g / h) + (1 | g),
    y ~ (1 | g) + (1 | h) + (1 | h), y ~ (1 | g:h) + (1 | h:g), y ~ (1 | g / g), y ~ (1 | g * h), y ~ (1 | g + h), y ~ (1 | (g / h):k),
    y ~ (1 | g / (h / k)), y ~ (1 | log(g)), y ~ (1 | g:log(h)), y ~ (1 | 1), y ~ (1 | g:1),
    y ~ (1 + x | g / h), y ~ (1 | g) + (0 + x | g) + (1 | h), y ~ (1 | g) + (0 + x | h), y ~ (1 | g) + (0 | h),
    y ~ (1 | g):(1 | h), y ~ (1 | g) * (1 | h), y ~ (1 | g) - (1 | h), y ~ (1 | g):(0 + x | g), y ~ (1 | g) + log((1 | h)),
    y ~ (0 | g), y ~ x + (0 || g), y ~ (1 + x | g) + (1 | h), y ~ (1 | g) + (x | g),
    y ~ (1 + x | g) + (0 + z | g), y ~ (0 + x | g) + (0 + x | g),
    cbind(a, b) ~ (1 | g), y | trials(n) ~ 1,
    y ~ x * (1 | g), y ~ x:(1 | g), y ~ log((1 | g)), y ~ us(1 | g), y ~ x - (1 | g), y ~ I(a | b)
  )
  for (formula in refused) {
    label <- paste(deparse(formula), collapse = "")
    expect_error(parse_formula(formula), class = "bayespool_error_formula", label = label)
    expect_error(parse_formula(formula), class = "bayespool_error", label = label)
  }
})

test_that("a refusal names what was found, what is supported and the user's call", {
  fit <- function(formula) parse_formula(formula, call = rlang::current_env())
  error <- expect_error(fit(y ~ (1 | site) + (x | site)), class = "bayespool_error_formula")
  expect_match(conditionMessage(error), "(1 | site) + (x | site)", fixed = TRUE)
  expect_match(conditionMessage(error), "(1 + x || g)", fixed = TRUE)
  expect_identical(error$call[[1]], quote(fit))
})

test_that("grouping factors are those that lme4 reads", {
  factors <- function(formula) parse_formula(formula)[c("group", "factors")]
  expect_identical(factors(y ~ x), list(group = NULL, factors = NULL))
  expect_identical(factors(y ~ (1 | g)), list(group = "g", factors = list(g = "g")))
  expect_identical(factors(y ~ (1 + x || g)), list(group = "g", factors = list(g = "g")))
  expect_identical(factors(y ~ (1 | g) + (0 + x | g)), list(group = "g", factors = list(g = "g")))
  crossed <- list(group = "subject:item", factors = list(subject = "subject", item = "item"))
  for (formula in list(
    y ~ (1 | subject) + (1 | item), y ~ x + (1 | subject) + z + (1 | item), y ~ (1 || subject) + (1 | (item)),
    y ~ 0 + (1 | subject) + (1 | item)
  )) {
    expect_identical(factors(formula), crossed)
  }
  nested <- list(group = "school:class", factors = list(school = "school", "school:class" = c("school", "class")))
  for (formula in list(
    y ~ (1 | school / class), y ~ 1 | school / class, y ~ (1 | school) + (1 | school:class), y ~ (1 | (school / class))
  )) {
    expect_identical(factors(formula), nested)
  }
  expect_identical(
    factors(y ~ (1 | b:a) + (1 | a)), list(group = "b:a", factors = list("b:a" = c("b", "a"), a = "a"))
  )
  expect_identical(factors(y ~ (1 | a:b)), list(group = "a:b", factors = list("a:b" = c("a", "b"))))
  expect_identical(factors(y ~ (1 | a:b) + (0 + x | b:a)), list(group = "a:b", factors = list("a:b" = c("a", "b"))))
  expect_identical(
    factors(y ~ (1 | a / b:c)), list(group = "a:b:c", factors = list(a = "a", "a:b:c" = c("a", "b", "c")))
  )
  expect_identical(factors(y ~ (1 | `my g`:h))$factors, list("my g:h" = c("my g", "h")))
  expect_identical(group_columns(parse_formula(y ~ (1 | b:a) + (1 | a))), c("b", "a"))
  expect_null(group_columns(parse_formula(y ~ x)))
  expect_identical(
    vapply(list(y ~ x, y ~ (1 | g), y ~ (1 + x | a:b), y ~ (1 | a / b)), function(formula) has_two_factors(parse_formula(formula)), NA),
    c(FALSE, FALSE, FALSE, TRUE)
  )
})

test_that("with two grouping factors an intercept of each varies, and the rest of the formula stays as it is", {
  parsed <- parse_formula(y ~ x * z + (1 | subject) + (1 | item) - 1)
  expect_identical(parsed$terms, c("x", "z", "x:z"))
  expect_false(parsed$intercept)
  expect_identical(parsed$varying[c("intercept", "terms", "double", "correlated")], list(
    intercept = TRUE, terms = character(), double = FALSE, correlated = FALSE
  ))
  expect_identical(parsed$varying$fixed, y ~ 1, ignore_formula_env = TRUE)
  expect_false(parse_formula(y ~ (1 || a) + (1 || b))$varying$double)
  expect_true(parse_formula(y ~ (1 + x | a:b))$varying$correlated)
})

test_that("a refusal of grouping factors says what would work", {
  says <- function(formula, ...) {
    error <- expect_error(parse_formula(formula), class = "bayespool_error_formula")
    for (text in c(...)) expect_match(gsub("\\s+", " ", conditionMessage(error)), text, fixed = TRUE)
  }
  says(y ~ (1 | a) + (1 | b) + (1 | c), "More than two", "(1 | a) + (1 | b)", "(1 | a/b)")
  says(y ~ (1 | a / b / c), "More than two")
  says(y ~ (1 + x | subject) + (1 | item), "Slopes that vary", "(1 + x | subject) + (1 | item)", "(1 | a) + (1 | b)", "(1 + x | a)")
  says(y ~ (1 | a * b), "must not have a `*`", "(1 | a/b)", "a:b")
  says(y ~ (1 | cut(a, 3)), "must be a column", "Compute it in the data first", "1 | cut(a, 3)")
  says(y ~ (1 | a) + (1 | a:factor(b)), "must be a column", "1 | a:factor(b)")
  says(y ~ (1 | a / (b / c)), "must come last")
  says(y ~ (1 | a) + (1 | b) + (1 | a), "varies twice")
  says(y ~ (1 | a) + z:(1 | b), "Each bar must be a term of its own")
})

test_that("what varies between groups is read as lme4 reads it", {
  varying <- function(formula) parse_formula(formula)$varying[c("intercept", "terms", "correlated")]
  both <- list(intercept = TRUE, terms = "x", correlated = TRUE)
  for (formula in list(y ~ (x | g), y ~ (1 + x | g), y ~ (x + 1 | g), y ~ x | g)) expect_identical(varying(formula), both)
  apart <- replace(both, "correlated", FALSE)
  for (formula in list(y ~ (x || g), y ~ (1 + x || g), y ~ (1 | g) + (0 + x | g))) expect_identical(varying(formula), apart)
  for (formula in list(y ~ (0 + x | g), y ~ (x - 1 | g))) expect_identical(varying(formula)[1:2], list(intercept = FALSE, terms = "x"))
  expect_identical(varying(y ~ (1 + x * z | g))$terms, c("x", "z", "x:z"))
  expect_identical(varying(y ~ z + (1 || g))[1:2], list(intercept = TRUE, terms = character()))
  expect_false(has_varying_terms(parse_formula(y ~ x + (1 | g))))
  # The population's part does not change with it.
  expect_identical(parse_formula(y ~ z + (1 + x | g))$terms, "z")
})

test_that("verbs point to the verb of a formula", {
  data <- data.frame(g = rep(1:3, each = 4), x = sin(1:12), y = cos(1:12))
  both <- "varying_intercept_slope()"
  refused <- list(
    list(varying_intercept, y ~ x + (x | g), both), list(no_pooling, y ~ x + (1 + x | g), both),
    list(complete_pooling, y ~ x + (1 + x || g), both), list(varying_slope, y ~ x + (x | g), both),
    list(varying_intercept, y ~ x + (0 + x | g), "varying_slope()"), list(varying_slope, y ~ x + (1 | g), "varying_intercept()"),
    list(varying_intercept_slope, y ~ x + (0 + x | g), "varying_slope()"),
    list(varying_intercept_slope, y ~ x + (1 | g), "varying_intercept()")
  )
  for (case in refused) {
    error <- expect_error(case[[1]](case[[2]], data), class = "bayespool_error_formula")
    expect_match(conditionMessage(error), case[[3]], fixed = TRUE)
    expect_match(conditionMessage(error), "mixed_model()", fixed = TRUE)
  }
})

test_that("braces in a formula do no harm to the message", {
  expect_error(parse_formula(y ~ `{a}` * (1 | `{b}`)), "{a}", fixed = TRUE, class = "bayespool_error_formula")
})
