# Models of two grouping factors: variables, priors, the problem for the core, and what is refused.

crossed_rows <- withr::with_seed(1, {
  d <- expand.grid(subject = c("S1", "S2", "S3", "S4"), item = c("c", "a", "b"), again = 1:2, stringsAsFactors = FALSE)
  d$x <- rnorm(24)
  d$y <- rnorm(24) + match(d$subject, unique(d$subject)) + d$x
  d[-c(3, 11, 15), ]
})

model_of <- function(formula, data = crossed_rows) {
  parsed <- parse_formula(formula)
  reduced <- reduce_data(parsed, data, pooled = FALSE)
  list(model = specify_model(model_name("mixed_model", parsed), parsed, reduced, TRUE), reduced = reduced)
}
priors_of <- function(made, prior = NULL) resolve_priors(prior, prior_kinds(made$model), scale_statistics(made$reduced))

test_that("variables: the effects of one factor, then those of the other, and a standard deviation for each", {
  crossed <- model_of(y ~ x + (1 | subject) + (1 | item))$model
  layout <- crossed$layout
  expect_identical(layout$variable, c(
    "beta_0", "beta[x]", paste0("b_0[subject,S", 1:4, "]"), paste0("b_0[item,", c("a", "b", "c"), "]"), "sigma_y", "sigma_0[subject]",
    "sigma_0[item]"
  ))
  expect_identical(layout$role, rep(c("population", "slope", "group", "scale_within", "scale_between"), c(1, 1, 7, 1, 2)))
  expect_identical(layout$term, c(NA, NA, rep(c("subject", "item"), c(4, 3)), NA, "subject", "item"))
  expect_identical(layout$label, c(NA, NA, "S1", "S2", "S3", "S4", "a", "b", "c", NA, NA, NA))
  expect_identical(layout$position, seq_len(12))
  expect_identical(crossed$name, "mixed_model")

  nested <- model_of(y ~ 0 + x + (1 | item / subject))$model
  cells <- sort(unique(paste0(crossed_rows$item, ":", crossed_rows$subject)))
  expect_identical(nested$layout$variable, c(
    "beta[x]", paste0("b_0[item,", c("a", "b", "c"), "]"), paste0("b_0[item:subject,", cells, "]"), "sigma_y", "sigma_0[item]",
    "sigma_0[item:subject]"
  ))
})

test_that("what a model of two factors has", {
  two <- model_of(y ~ x + (1 | subject) + (1 | item))$model
  one <- model_of(y ~ x + (1 | subject))$model
  has <- function(capability) c(capability(two), capability(one))
  expect_identical(has(has_two_terms), c(TRUE, FALSE))
  expect_identical(has(has_several_effects), c(TRUE, FALSE))
  expect_identical(has(varies_in_slope), c(FALSE, FALSE))
  expect_identical(has(has_population), c(TRUE, TRUE))
  expect_identical(has(has_groups), c(TRUE, TRUE))
  expect_identical(has(has_icc), c(FALSE, TRUE))
  expect_error(varying_term(two), "two grouping factors", class = "bayespool_error_model")
})

test_that("priors: for both factors or for one of them, the more specific name wins", {
  made <- model_of(y ~ x + (1 | subject) + (1 | item))
  rate <- function(prior, name) priors_of(made, prior)[[name]]$par
  both <- c("sigma_0[subject]", "sigma_0[item]")
  sd_y <- sd(crossed_rows$y)
  expect_equal(vapply(both, rate, 0, prior = NULL, USE.NAMES = FALSE), rep(1 / sd_y, 2))
  expect_equal(vapply(both, rate, 0, prior = list(sigma_0 = dist_exponential(3)), USE.NAMES = FALSE), c(3, 3))
  specific <- list(`sigma_0[item]` = dist_exponential(2), sigma_0 = dist_exponential(3))
  expect_equal(vapply(both, rate, 0, prior = specific, USE.NAMES = FALSE), c(3, 2))
  expect_equal(rate(list(`sigma_0[item]` = dist_degenerate(0)), "sigma_0[item]"), 0)
  expect_error(priors_of(made, list(`sigma_0[cat]` = dist_exponential(1))), "sigma_0\\[cat\\]", class = "bayespool_error_prior")
  expect_match(
    prior_note(made$model), "b_0[subject,j] ~ normal(0, sigma_0[subject]) and b_0[item,j] ~ normal(0, sigma_0[item])", fixed = TRUE
  )
})

test_that("the problem: each cell with its levels", {
  made <- model_of(y ~ x + (1 | subject) + (1 | item))
  problem <- new_problem(made$model, made$reduced, priors_of(made))
  cells <- unique(crossed_rows[c("subject", "item")])
  cells <- cells[order(cells$subject, cells$item), ]
  expect_identical(problem$levels, unname(cbind(match(cells$subject, unique(cells$subject)), match(cells$item, c("a", "b", "c")))) - 1L)
  expect_identical(problem$level_counts, c(4L, 3L))
  expect_identical(problem$columns$first_group, c(2L, 6L))
  expect_identical(problem$columns$coefficient_of_direction, c(NA_integer_, NA_integer_))
  expect_identical(problem$columns$tau, c(10L, 11L))
  expect_identical(problem$directions, c(NA_integer_, NA_integer_))
  y_of <- function(i) crossed_rows$y[crossed_rows$subject == cells$subject[i] & crossed_rows$item == cells$item[i]]
  expect_equal(problem$mean[, 2], vapply(seq_len(nrow(cells)), function(i) mean(y_of(i)), 0))
  expect_equal(problem$rows, vapply(seq_len(nrow(cells)), function(i) length(y_of(i)), 0))
})

test_that("one of two factors as the only one has the moments of its groups", {
  made <- model_of(y ~ x + (1 | subject) + (1 | item))
  problem <- new_problem(made$model, made$reduced, priors_of(made))
  for (k in 1:2) {
    alone <- reduce_data(parse_formula(list(y ~ x + (1 | subject), y ~ x + (1 | item))[[k]]), crossed_rows, pooled = FALSE)
    merged <- without_levels(problem, k)
    expect_identical(merged$rows, alone$n)
    expect_equal(merged$mean, unname(alone$mean), tolerance = 1e-14)
    expect_equal(merged$within, alone$within, tolerance = 1e-13)
    expect_null(merged$levels)
  }
})

test_that("verbs of one grouping factor refuse two", {
  formula <- y ~ x + (1 | subject) + (1 | item)
  for (verb in list(complete_pooling, no_pooling, partial_pooling, varying_intercept, varying_slope, varying_intercept_slope)) {
    expect_error(verb(formula, crossed_rows), "one grouping factor.*mixed_model", class = "bayespool_error_formula")
  }
  expect_error(meta_analysis(formula, crossed_rows, se = abs(x)), "one grouping factor", class = "bayespool_error_formula")
  expect_error(
    mixed_model(abs(round(y)) ~ 1 + (1 | subject) + (1 | item), crossed_rows, family = poisson()), class = "bayespool_error_formula"
  )
})

test_that("crossed factors with too many levels for dense matrices are refused, nested ones are not", {
  many <- most_dense_levels + 1
  rows <- data.frame(a = c(seq_len(many), 1), b = c(seq_len(many), 2), y = sin(seq_len(many + 1)))
  expect_error(mixed_model(y ~ 1 + (1 | a) + (1 | b), rows, iter_sampling = 0), "5001", class = "bayespool_error_data")
  classes <- data.frame(class = rep(seq_len(2 * many), each = 2), y = sin(seq_len(4 * many)))
  classes$school <- (classes$class - 1) %/% 2
  fit <- mixed_model(y ~ 1 + (1 | school / class), classes, iter_sampling = 0)
  expect_equal(unname(ngrps(fit)), c(many, 2 * many))
})
