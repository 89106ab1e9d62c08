# Posteriors of two grouping factors that do not exist, and the powers with which densities fall.

skip_on_cran() # all of it takes long

flat_sd <- dist_uniform(0, Inf)
flat <- dist_uniform(-Inf, Inf)
expect_improper <- function(fit, ...) expect_error(suppressWarnings(fit), ..., class = "bayespool_error_improper")
both_flat <- list(beta_0 = flat, beta = flat, sigma_0 = flat_sd)

# Rows of these levels; `x` differs between rows, `of_a` between levels of a alone.
rows_of <- function(a, b) {
  i <- seq_along(a)
  data.frame(a = a, b = b, x = sin(3 * i) + i / 5, of_a = cos(2 * a), y = cos(5 * i) + a - b / 2)
}
designs <- list(
  crossed = rows_of(rep(1:4, each = 3), rep(1:3, 4)), nested = rows_of(rep(1:3, each = 4), rep(1:6, each = 2)),
  "missing cells" = rows_of(c(1, 1, 2, 3, 3, 4, 4, 5, 5), c(1, 2, 2, 3, 1, 4, 4, 2, 3)),
  "two components" = rows_of(c(1, 1, 2, 3, 3, 4, 4), c(1, 2, 1, 3, 4, 3, 4)), pairs = rows_of(rep(1:5, each = 2), rep(5:1, each = 2))
)

# What a fit would make of data and priors before it integrates.
posterior_of <- function(data, prior = list(), formula = y ~ x + (1 | a) + (1 | b)) {
  parsed <- parse_formula(formula)
  reduced <- reduce_data(parsed, data, pooled = FALSE)
  model <- specify_model(model_name("mixed_model", parsed), parsed, reduced, TRUE)
  priors <- resolve_priors(prior, prior_kinds(model), scale_statistics(reduced))
  new_posterior(model, reduced, priors, FALSE, NULL)
}
expect_proper <- function(...) expect_type(posterior_of(...)$propriety$orders, "double")
# The problem with flat coefficients and flat standard deviations between groups, whether or not it has a posterior.
flat_problem <- function(data, predictors = "x") {
  posterior <- posterior_of(data, formula = stats::reformulate(c(predictors, "(1 | a)", "(1 | b)"), "y"))
  posterior$problem$coefficient_sd[] <- Inf
  posterior$problem$tau_priors <- list(flat_scale_prior(), flat_scale_prior())
  posterior
}
subsets <- list(1, 2, 1:2)

test_that("the density falls with the powers from which it follows whether the posterior exists", {
  for (name in names(designs)) {
    for (predictors in list("x", c("x", "of_a"))) {
      made <- flat_problem(designs[[name]], predictors)
      flats <- rep(TRUE, 1 + length(predictors))
      density <- function(log_tau, log_sigma) cpp_effects_log_density(made$problem, log_tau - log_sigma, log_sigma)
      for (directions in subsets) {
        # Where there are too few groups of one factor the power is an error of its own.
        power <- tryCatch(
          effect_power(made$problem, made$model, flats, directions, NULL), bayespool_error_improper = function(cnd) NULL
        )
        at <- function(t) density(replace(c(-0.5, 0.2), directions, t), 0)
        # The coordinates are logarithms, which adds one power for each.
        slope <- (at(8) - at(7)) - length(directions)
        label <- paste(name, toString(predictors), toString(directions))
        if (is.null(power)) expect_gt(slope, -1.999, label = label) else expect_equal(-slope, power, tolerance = 1e-4, label = label)
        # The same with sigma, whose prior is exponential: without it.
        sigma_too <- function(t) density(replace(c(-0.5, 0.2), directions, t), t) + exp(t) / stats::sd(designs[[name]]$y)
        slope <- (sigma_too(9) - sigma_too(8)) - length(directions) - 1
        expect_equal(-slope, nrow(designs[[name]]) - sum(flats), tolerance = 1e-3, label = label)
      }
    }
  }
})

test_that("as many ranks as levels, less the connected components", {
  ranks <- vapply(designs, function(data) {
    z <- cbind(outer(data$a, unique(data$a), `==`), outer(data$b, unique(data$b), `==`))
    check <- core_check_effects(flat_problem(data)$problem)
    expect_equal(check$within_rank, qr(cbind(z, data$x))$rank - qr(z)$rank)
    expect_equal(check$effect_rank, qr(z)$rank)
    check$effect_rank
  }, 0)
  expect_identical(ranks, c(crossed = 6, nested = 6, "missing cells" = 7, "two components" = 6, pairs = 5))
})

test_that("flat standard deviations need groups of each factor, and of both together", {
  expect_proper(designs$crossed, both_flat)
  two_of_b <- rows_of(rep(1:4, each = 4), rep(1:2, 8))
  expect_improper(posterior_of(two_of_b, both_flat), "so few groups of b")
  expect_proper(two_of_b, c(both_flat[1:2], list(`sigma_0[a]` = flat_sd)))
  # With a proper prior of the coefficient that two groups would have to tell, they are enough for a flat sd, and one is not.
  expect_improper(posterior_of(rows_of(rep(1:4, 2), rep(1, 8)), both_flat[3]), "so few groups of b")
  expect_proper(two_of_b, c(list(beta_0 = dist_normal(0, 10)), both_flat[3]))
  # Levels in pairs tell the sum of two variances: three are enough for one flat sd, four for two.
  pairs_of <- function(n) rows_of(rep(seq_len(n), each = 3), rep(rev(seq_len(n)), each = 3))
  expect_improper(posterior_of(pairs_of(3), both_flat), "9 observations in 3 groups of a and 3 groups of b")
  expect_proper(pairs_of(3), c(both_flat[1:2], list(`sigma_0[a]` = flat_sd)))
  expect_proper(pairs_of(4), both_flat)
  # Defaults are proper and make a posterior of any data.
  for (data in c(designs, list(pairs_of(2)))) expect_proper(data)
})

test_that("the integral in polar coordinates says the same of levels in pairs", {
  # With flat sds the density of (tau_1, tau_2) is a function of s^2 = tau_1^2 + tau_2^2, so that its integral up to R is that of
  # s f(s), which settles for four pairs and grows without end for three.
  for (n in 3:4) {
    made <- flat_problem(rows_of(rep(seq_len(n), each = 3), rep(rev(seq_len(n)), each = 3)))
    density <- function(tau) exp(cpp_effects_log_density(made$problem, log(tau), 0) - sum(log(tau)))
    angle <- c(0.3, 1.2)
    at <- vapply(angle, function(angle) density(20 * c(cos(angle), sin(angle))), 0)
    expect_equal(at[1], at[2], tolerance = 1e-9)
    along <- Vectorize(function(u) exp(2 * u) * density(exp(u) * sqrt(c(0.5, 0.5))))
    upto <- function(r) stats::integrate(along, -3, log(r), rel.tol = 1e-8)$value
    growth <- (upto(1e5) - upto(3e3)) / (upto(3e3) - upto(1e2))
    if (n == 3) expect_equal(growth, log(1e5 / 3e3) / log(3e3 / 1e2), tolerance = 1e-3) else expect_lt(growth, 0.05)
  }
})

test_that("data that are explained exactly have no posterior, but with a prior that vanishes at 0", {
  d <- designs$crossed
  exact <- list(both = d$a^2 + exp(d$b) + 0.7 * d$x, a = d$a^2 + 0.7 * d$x, b = exp(d$b) - d$x, line = 1 + 2 * d$x)
  for (name in names(exact)) {
    d$y <- exact[[name]]
    expect_improper(posterior_of(d), "sigma_y")
    for (sigma in list(dist_lognormal(0, 1), dist_degenerate(0.5))) expect_proper(d, list(sigma_y = sigma))
  }
  # A level for each row explains all, but leaves sigma to be seen in what it adds up to.
  d$y <- cos(5 * seq_along(d$a))
  d$row <- seq_along(d$a)
  expect_proper(d, formula = y ~ x + (1 | a) + (1 | row))
})

test_that("too few observations for a flat sigma, and aliased flat coefficients", {
  few <- rows_of(c(1, 2, 3), c(1, 1, 2))
  expect_improper(posterior_of(few, list(sigma_y = flat_sd)), "so few observations")
  d <- cbind(designs$crossed, twice = 2 * designs$crossed$x)
  expect_improper(posterior_of(d, list(beta = flat), y ~ x + twice + (1 | a) + (1 | b)), "depend")
})

test_that("what grows with the standard deviations: coefficients and effects given these, by dense algebra", {
  for (name in names(designs)) {
    d <- designs[[name]]
    for (flats in list(c(TRUE, TRUE, TRUE), c(TRUE, FALSE, FALSE), c(FALSE, TRUE, TRUE))) {
      problem <- flat_problem(d, c("x", "of_a"))$problem
      problem$coefficient_sd[!flats] <- 1
      z <- list(outer(d$a, unique(d$a), `==`), outer(d$b, unique(d$b), `==`))
      design <- cbind(1, d$x, d$of_a, z[[1]], z[[2]])
      sizes <- vapply(z, ncol, 1L)
      variances <- function(tau) {
        precision <- c(ifelse(flats, 0, 1), rep(1 / tau^2, sizes))
        scaled <- qr.R(qr(rbind(design, diag(sqrt(precision))), tol = 0))
        rowSums(backsolve(scaled, diag(ncol(design)))^2)
      }
      for (directions in subsets) {
        at <- function(t) variances(replace(c(0.8, 0.7), directions, t))
        grows <- at(1e4) / at(1e3) > 50
        between <- known_between(problem, flats, directions)
        expect_identical(grows[1:3], between)
        effects <- vapply(split(grows[-(1:3)], rep(1:2, sizes)), any, NA, USE.NAMES = FALSE)
        expect_identical(effects, 1:2 %in% directions & (any(between) || length(directions) > 1))
      }
    }
  }
})

test_that("moments that do not exist: those of the model of one factor where the other has no effects", {
  d <- rows_of(rep(1:4, each = 3), rep(1:3, 4))
  seen <- character()
  for (predictors in list("x", c("x", "of_a"))) {
    for (sd in list(flat_sd, dist_cauchy(0, 1), dist_exponential(1))) {
      for (location in list(flat, dist_normal(0, 5))) {
        prior <- list(beta_0 = location, beta = location, sigma_0 = sd)
        formula <- function(bars) stats::reformulate(c(predictors, bars), "y")
        one <- tryCatch(
          varying_intercept(formula("(1 | a)"), d, prior = prior, iter_sampling = 0)$propriety$missing,
          bayespool_error_improper = function(cnd) NULL
        )
        two <- function() posterior_of(d, c(prior, list(`sigma_0[b]` = dist_degenerate(0))), formula(c("(1 | a)", "(1 | b)")))
        if (is.null(one)) {
          expect_improper(two())
        } else {
          found <- two()$propriety$missing
          for (role in c("population", "slope", "scale_within")) expect_identical(as.numeric(found[[role]]), as.numeric(one[[role]]))
          expect_identical(found$scale_between, c(one$scale_between, 0L))
          expect_identical(found$group, rep(c(one$deviation, 0L), c(4, 3)))
        }
        seen <- c(seen, if (is.null(one)) "improper" else paste(one$deviation, one$scale_between))
      }
    }
  }
  expect_gt(length(unique(seen)), 2)
})

test_that("moments that do not exist with two factors", {
  lost <- function(data, prior) {
    missing <- posterior_of(data, prior)$propriety$missing
    groups <- missing$group[c(1, length(missing$group))]
    as.numeric(c(missing$population, missing$slope, groups, missing$scale_within, missing$scale_between))
  }
  # The indices are 2 of the sd of four groups, 1 of that of three, and 6 - 1 - 2 of both together.
  crossed <- rows_of(rep(rep(1:4, each = 3), 2), rep(1:3, 8))
  expect_identical(lost(crossed, both_flat), c(2, 0, 1, 2, 0, 1, 2))
  # Without a flat intercept they are 3, 2 and 4. Where one sd alone grows, the data hold its effects.
  expect_identical(lost(crossed, both_flat[3]), c(0, 0, 0, 0, 0, 0, 1))
  # Five pairs: 3 each, and 4 - 2 of both.
  expect_identical(lost(designs$pairs, both_flat), c(1, 0, 1, 1, 0, 1, 1))
  expect_identical(lost(crossed, list()), numeric(7))
})

test_that("a warning where data cannot tell standard deviations apart", {
  formula <- y ~ x + (1 | a) + (1 | b)
  fit <- function(data, ...) mixed_model(formula, data, iter_sampling = 0, ...)
  expect_warning(fit(designs$pairs), "groups of .*a.* are those of .*b.*", class = "bayespool_warning_undetermined")
  expect_no_warning(fit(designs$pairs, prior = list(`sigma_0[a]` = dist_degenerate(1))))
  single <- transform(designs$crossed, b = seq_along(b))
  expect_warning(fit(single), "cannot tell .*sigma_y.* from .*sigma_0\\[b\\]", class = "bayespool_warning_undetermined")
  expect_no_warning(fit(single, prior = list(sigma_y = dist_degenerate(1))))
  one <- transform(designs$crossed, b = 1)
  expect_warning(fit(one), "one group of .*b.*", class = "bayespool_warning_undetermined")
  expect_no_warning(fit(designs$crossed))
})
