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
    y ~ (1 | g) + (1 | h), y ~ (1 | g) + (1 | g),
    y ~ (1 | g / h), y ~ (1 | g:h), y ~ (1 | log(g)), y ~ (1 | 1),
    y ~ (x | g), y ~ (0 + x | g), y ~ (1 + x | g), y ~ (0 | g), y ~ x | g,
    y ~ (1 || g), y ~ (x || g),
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
  error <- expect_error(fit(y ~ (x | site)), class = "bayespool_error_formula")
  expect_match(conditionMessage(error), "x | site", fixed = TRUE)
  expect_match(conditionMessage(error), "(1 | g)", fixed = TRUE)
  expect_identical(error$call[[1]], quote(fit))
  expect_error(parse_formula(y ~ (1 || g)), "`||` is not supported", fixed = TRUE, class = "bayespool_error_formula")
})

test_that("braces in a formula do no harm to the message", {
  expect_error(parse_formula(y ~ `{a}` * (1 | `{b}`)), "{a}", fixed = TRUE, class = "bayespool_error_formula")
})
