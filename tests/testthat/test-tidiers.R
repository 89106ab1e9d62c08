# tidy(), glance(), augment(): values against quadrature and draws, columns against broom.mixed.

rows <- withr::with_seed(1, {
  g <- rep(c("b", "a", "c", "d"), c(2, 9, 6, 4))
  data.frame(g = g, x = rnorm(21), f = rep(c("u", "v", "w"), 7), y = rnorm(21, match(g, letters), 2))
})
labels <- c("a", "b", "c", "d")
slopes <- varying_intercept(y ~ x + f + (1 | g), rows, iter_sampling = 0)
complete <- complete_pooling(y ~ x, rows, iter_sampling = 0)
none <- no_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0)
none_slopes <- no_pooling(y ~ x + (1 | g), rows, iter_sampling = 0)

# tidy() -------------------------------------------------------------------------------------------------------------------

all_effects <- c("fixed", "ran_vals", "ran_pars")

test_that("tidy() has broom.mixed's columns and terms", {
  table <- tidy(slopes)
  expect_s3_class(table, "data.frame", exact = TRUE)
  expect_named(table, c("effect", "group", "level", "term", "estimate", "std.error"))
  expect_identical(table, tidy(slopes, effects = c("fixed", "ran_pars")))
  table <- tidy(slopes, effects = all_effects)
  expect_identical(table$effect, rep(all_effects, c(4, 4, 2)))
  expect_identical(table$group, c(rep(NA, 4), rep("g", 5), "Residual"))
  expect_identical(table$level, c(rep(NA, 4), labels, NA, NA))
  expect_identical(table$term, c("(Intercept)", "x", "fv", "fw", rep("(Intercept)", 4), "sd__(Intercept)", "sd__Observation"))
  expect_named(tidy(slopes, conf.int = TRUE), c(names(table), "conf.low", "conf.high"))
})

test_that("tidy() has posterior means, sds and intervals, by quadrature", {
  exact <- summary(slopes)
  table <- tidy(slopes, effects = c("fixed", "ran_coefs", "ran_pars"), conf.int = TRUE)
  order <- match(c("beta_0", "beta[x]", "beta[fv]", "beta[fw]", paste0("beta_0j[", labels, "]"), "sigma_0", "sigma_y"), exact$variable)
  expect_equal(table[5:8], as.data.frame(exact)[order, -1], ignore_attr = TRUE, tolerance = 1e-10)
  narrow <- tidy(slopes, effects = "fixed", conf.int = TRUE, conf.level = 0.5, interval = "central")
  exact <- exact_summary(slopes, probs = c(0.25, 0.75))
  expect_equal(narrow$conf.low, exact$q25[1:4], tolerance = 1e-10)
  expect_equal(narrow$conf.high, exact$q75[1:4], tolerance = 1e-10)
})

test_that("deviations are those of ranef(), with the sds and intervals of draws", {
  table <- tidy(slopes, effects = "ran_vals", conf.int = TRUE, conf.level = 0.9, interval = "central")
  shortest <- tidy(slopes, effects = "ran_vals", conf.int = TRUE)
  expect_equal(table$estimate, ranef(slopes)$g[[1]], tolerance = 1e-12)
  draws <- unclass(posterior::as_draws_matrix(update(slopes, iter_sampling = 5000, seed = 1)))
  for (j in 1:4) {
    x <- draws[, paste0("beta_0j[", labels[j], "]")] - draws[, "beta_0"]
    expect_within_mcse(x, table$estimate[j])
    expect_within_mcse((x - table$estimate[j])^2, table$std.error[j]^2)
    expect_within_mcse(x < table$conf.low[j], 0.05)
    expect_within_mcse(x < table$conf.high[j], 0.95)
    expect_within_mcse(x > shortest$conf.low[j] & x < shortest$conf.high[j], 0.94)
  }
})

test_that("tidy() of a fit by NUTS is of its draws", {
  fit <- suppressWarnings(update(slopes, algorithm = "nuts", iter_sampling = 300, seed = 1))
  x <- unclass(posterior::as_draws_matrix(fit))
  table <- tidy(fit, effects = all_effects, conf.int = TRUE, conf.level = 0.8, interval = "central")
  row <- function(values) c(mean(values), sd(values), quantile(values, c(0.1, 0.9), names = FALSE))
  expect_equal(unlist(table[2, 5:8], use.names = FALSE), row(x[, "beta[x]"]))
  expect_equal(unlist(table[7, 5:8], use.names = FALSE), row(x[, "beta_0j[c]"] - x[, "beta_0"]))
  expect_equal(unlist(table[10, 5:8], use.names = FALSE), row(x[, "sigma_y"]))
})

test_that("each model has the effects that it has", {
  table <- tidy(complete)
  expect_identical(table$effect, c("fixed", "fixed", "ran_pars"))
  expect_identical(table$term, c("(Intercept)", "x", "sd__Observation"))
  table <- tidy(none)
  expect_identical(table$effect, rep(c("ran_coefs", "ran_pars"), each = 4))
  expect_identical(table$level, rep(labels, 2))
  expect_identical(table$group, rep(c("g", "Residual"), each = 4))
  expect_equal(table$estimate, exact_summary(none)$mean, tolerance = 1e-12)
  expect_identical(tidy(none_slopes)$effect, c("fixed", rep("ran_coefs", 4), "ran_pars"))
  zero <- tidy(partial_pooling(y ~ 0 + (1 | g), rows, iter_sampling = 0))
  expect_identical(zero$effect, rep("ran_pars", 2))

  expect_identical(tidy(slopes, effects = c("ran_pars", "fixed"))$effect, rep(c("ran_pars", "fixed"), c(2, 4)))
  expect_identical(nrow(tidy(none, effects = "fixed")), 0L)
  expect_error(tidy(complete, effects = "ran_vals"), "ran_pars", class = "bayespool_error_model")
  expect_error(tidy(complete, effects = "ran_coefs"), class = "bayespool_error_model")
  expect_error(tidy(none, effects = c("fixed", "ran_vals")), "ran_coefs", class = "bayespool_error_model")
})

test_that("exponentiate gives the exponentials of coefficients alone", {
  table <- tidy(slopes, c("fixed", "ran_vals", "ran_coefs", "ran_pars"), conf.int = TRUE)
  ratios <- tidy(slopes, c("fixed", "ran_vals", "ran_coefs", "ran_pars"), conf.int = TRUE, exponentiate = TRUE)
  of_coefficients <- table$effect != "ran_pars"
  for (column in c("estimate", "conf.low", "conf.high")) {
    expect_identical(ratios[[column]], ifelse(of_coefficients, exp(table[[column]]), table[[column]]))
  }
  expect_identical(ratios$std.error, ifelse(of_coefficients, exp(table$estimate), 1) * table$std.error)
  expect_error(tidy(slopes, exponentiate = "yes"), class = "bayespool_error_argument")
})

test_that("level has the user's labels, whatever they are", {
  wild <- c("New York", "Paris, FR", "a[1]", "101", "")
  data <- data.frame(g = factor(rep(wild, 4), levels = wild), y = rows$y[1:20])
  expect_identical(tidy(partial_pooling(y ~ 1 + (1 | g), data, iter_sampling = 0), effects = "ran_coefs")$level, wild)
  expect_identical(tidy(no_pooling(y ~ 1 + (1 | g), data, iter_sampling = 0))$level, rep(wild, 2))
})

test_that("a factor with several contrasts, and broom.mixed's table of lmer, have the same terms", {
  skip_if_not_installed("lme4")
  skip_if_not_installed("broom.mixed")
  theirs <- getExportedValue("broom.mixed", "tidy")(lme4::lmer(y ~ x + f + (1 | g), rows), effects = all_effects)
  theirs <- theirs[order(match(theirs$effect, all_effects)), ]
  ours <- tidy(slopes, effects = all_effects)
  for (name in c("effect", "group", "level", "term")) expect_identical(ours[[name]], theirs[[name]], info = name)
  expect_true(all(names(ours) %in% names(theirs)))
})

# glance() -----------------------------------------------------------------------------------------------------------------

test_that("glance() has one row", {
  table <- glance(slopes)
  expect_identical(dim(table), c(1L, 7L))
  expect_identical(as.list(table[c("model", "algorithm", "ngrps", "ndraws")]),
                   list(model = "varying_intercept", algorithm = "exact", ngrps = 4L, ndraws = 0L))
  expect_equal(table$nobs, 21)
  expect_identical(table$sigma, sigma(slopes))
  expect_identical(table$log_evidence, log_marginal_likelihood(slopes))
  expect_identical(glance(none)$sigma, NA_real_)
  expect_identical(glance(complete)$ngrps, NA_integer_)
  flat <- update(complete, prior = list(beta = dist_uniform(-Inf, Inf)))
  expect_identical(glance(flat)$log_evidence, NA_real_)
  expect_identical(glance(update(complete, iter_sampling = 10))$ndraws, 40L)
  expect_identical(names(rbind(glance(slopes), glance(none), glance(complete))), names(table))
})

# augment() ----------------------------------------------------------------------------------------------------------------

test_that("augment() adds fitted values and residuals to the rows that were used", {
  missing <- transform(rows, y = replace(y, 3, NA))
  fit <- suppressMessages(update(slopes, data = missing))
  table <- augment(fit)
  expect_named(table, c("y", "x", "f", "g", ".fitted", ".resid"))
  expect_identical(table$y, rows$y[-3])
  expect_identical(table$.fitted, fitted(fit))
  expect_equal(table$.resid, rows$y[-3] - table$.fitted, tolerance = 1e-12)
  means <- coef(fit)$g
  used <- rows[-3, ]
  expected <- means[used$g, 1] + means[used$g, "x"] * used$x + means[used$g, "fv"] * (used$f == "v") + means[used$g, "fw"] * (used$f == "w")
  expect_equal(table$.fitted, expected, tolerance = 1e-12)
  expect_identical(augment(complete)$.resid, residuals(complete))
})

test_that("augment() takes new data: residuals where there is a response", {
  new <- data.frame(g = c("a", "elsewhere"), x = c(0, 1), f = "u")
  table <- augment(slopes, newdata = new)
  expect_named(table, c("g", "x", "f", ".fitted"))
  expect_equal(table$.fitted, c(coef(slopes)$g["a", 1], sum(fixef(slopes)[1:2])), tolerance = 1e-12)
  table <- augment(slopes, newdata = transform(new, y = c(NA, 2)))
  expect_equal(table$.resid, c(NA, 2 - table$.fitted[2]))
  expect_error(augment(none, newdata = data.frame(g = "elsewhere")), class = "bayespool_error_model")
  expect_error(augment(slopes, newdata = new["g"]), class = "bayespool_error_data")
})

test_that("augment() adds sds and intervals by the names of broom", {
  new <- data.frame(g = c("a", "elsewhere"), x = c(0, 1), f = "u", y = 1:2)
  for (data in list(NULL, new)) {
    for (interval in c("confidence", "prediction")) {
      table <- augment(slopes, data, se_fit = TRUE, interval = interval, conf.level = 0.8)
      truth <- predict(slopes, data, se.fit = TRUE, interval = interval, level = 0.8)
      plain <- augment(slopes, data)
      expect_identical(setdiff(names(table), names(plain)), c(".lower", ".upper", ".se.fit"))
      expect_identical(table[c(".fitted", ".lower", ".upper")], as.data.frame(truth$fit), ignore_attr = TRUE)
      expect_identical(table$.se.fit, unname(truth$se.fit))
      expect_equal(as.list(table[names(plain)]), as.list(plain), tolerance = 1e-9, ignore_attr = TRUE)
    }
    expect_identical(setdiff(names(augment(slopes, data, se_fit = TRUE)), names(plain)), ".se.fit")
  }
})

# Refusals -----------------------------------------------------------------------------------------------------------------

test_that("wrong arguments are refused by class", {
  for (effects in list("random", character(), NA, 1, c("fixed", "all"))) {
    expect_error(tidy(slopes, effects = effects), "ran_coefs", class = "bayespool_error_argument")
  }
  for (level in list(0, 1, 95, "a", c(0.5, 0.9))) {
    expect_error(tidy(slopes, conf.int = TRUE, conf.level = level), class = "bayespool_error_argument")
  }
  expect_error(tidy(slopes, conf.int = NA), class = "bayespool_error_argument")
  for (bad in list(quote(tidy(slopes, "fixed", TRUE, 0.9, "hdi", FALSE, 2)), quote(glance(slopes, 2)))) {
    expect_error(eval(bad), "unnamed", class = "bayespool_error_argument")
  }
  expect_error(augment(slopes, se_fit = NA), class = "bayespool_error_argument")
  expect_error(augment(slopes, interval = "hdi"), class = "bayespool_error_argument")
  expect_error(augment(slopes, interval = "confidence", conf.level = 95), class = "bayespool_error_argument")
  from_table <- partial_pooling(y ~ 1 + (1 | g), group_moments(y ~ 1 + (1 | g), rows), iter_sampling = 0)
  expect_error(augment(from_table), class = "bayespool_error_data")
  expect_error(tidy(update(slopes, algorithm = "nuts")), class = "bayespool_error_draws")
})
