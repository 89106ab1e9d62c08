# Tables of effects and parameters with two grouping factors: beside models of one factor, dense algebra, draws and the forms of lme4.

skip_on_cran() # all of it takes long

rows <- withr::with_seed(1, {
  d <- data.frame(subject = sample(paste0("S", 1:6), 30, TRUE), item = sample(letters[1:4], 30, TRUE), x = rnorm(30, 0.5))
  d$y <- 1 + rnorm(6, 0, 0.8)[match(d$subject, paste0("S", 1:6))] + rnorm(4, 0, 0.6)[match(d$item, letters)] + 0.5 * d$x + rnorm(30, 0, 0.6)
  d
})
factors <- c("subject", "item")
crossed <- y ~ x + (1 | subject) + (1 | item)
prior_of <- function(subject = dist_exponential(0.7), item = dist_normal(0, 1.5), sigma_y = dist_exponential(1)) {
  list(
    beta_0 = dist_normal(0.5, 4), `beta[x]` = dist_normal(0, 2), sigma_y = sigma_y, `sigma_0[subject]` = subject, `sigma_0[item]` = item
  )
}
fit <- mixed_model(crossed, rows, prior = prior_of(), seed = 1)
draws <- posterior::as_draws_matrix(fit)
effects_of <- function(factor) draws[, startsWith(colnames(draws), paste0("b_0[", factor, ","))]

expect_tables_equal <- function(ours, theirs, tolerance = 1e-8) expect_lt(max(abs(as.matrix(ours) - as.matrix(theirs))), tolerance)

test_that("ranef(), coef(), fixef(), VarCorr() and tidy() are of one another, and within Monte Carlo error of the draws", {
  expect_identical(names(ranef(fit)), factors)
  expect_identical(names(coef(fit)), factors)
  effects <- ranef(fit, condVar = TRUE)
  coefficients <- coef(fit, condVar = TRUE)
  table <- as.data.frame(effects)
  expect_identical(table$grpvar, rep(factors, c(6, 4)))
  expect_identical(as.character(table$grp), c(paste0("S", 1:6), letters[1:4]))
  for (factor in factors) {
    own <- effects[[factor]]
    expect_identical(rownames(own), sub(".*,(.*)\\]", "\\1", colnames(effects_of(factor))))
    expect_equal(own[["(Intercept)"]], ranef(fit)[[factor]][["(Intercept)"]], tolerance = 1e-12)
    expect_equal(coefficients[[factor]][["(Intercept)"]], fixef(fit)[["(Intercept)"]] + own[["(Intercept)"]], tolerance = 1e-8)
    expect_equal(coef(fit)[[factor]], coefficients[[factor]], tolerance = 1e-8, ignore_attr = TRUE)
    expect_identical(coefficients[[factor]]$x, rep(fixef(fit)[["x"]], nrow(own)))
    expect_equal(table$condsd[table$grpvar == factor], sqrt(attr(own, "postVar")[1, 1, ]))
    expect_identical(table$lower[table$grpvar == factor], attr(own, "lower")[, 1])
    sums <- effects_of(factor) + as.vector(draws[, "beta_0"])
    for (j in seq_len(nrow(own))) {
      expect_within_mcse(effects_of(factor)[, j], own[j, 1])
      expect_within_mcse((effects_of(factor)[, j] - own[j, 1])^2, attr(own, "postVar")[1, 1, j])
      expect_within_mcse(sums[, j], coefficients[[factor]][j, 1])
      expect_within_mcse((sums[, j] - coefficients[[factor]][j, 1])^2, attr(coefficients[[factor]], "sd")[j, 1]^2)
      in_interval <- sums[, j] > attr(coefficients[[factor]], "lower")[j, 1] & sums[, j] < attr(coefficients[[factor]], "upper")[j, 1]
      expect_within_mcse(as.numeric(in_interval), 0.94)
    }
  }
  variances <- as.data.frame(VarCorr(fit))
  sds <- c("sigma_0[subject]", "sigma_0[item]", "sigma_y")
  for (k in 1:3) {
    expect_within_mcse(as.vector(draws[, sds[k]]), variances$sdcor[k])
    expect_within_mcse(as.vector(draws[, sds[k]])^2, variances$vcov[k])
  }
  expect_equal(attr(VarCorr(fit), "sc"), sigma(fit))
  expect_equal(diag(vcov(fit)), apply(draws[, 1:2], 2, var), ignore_attr = TRUE)
})

test_that("tidy() has the columns of broom.mixed, and the numbers of the other tables; glance()", {
  table <- tidy(fit, effects = c("fixed", "ran_vals", "ran_coefs", "ran_pars"), conf.int = TRUE)
  of <- function(effect) table[table$effect == effect, ]
  expect_identical(of("ran_vals")$group, rep(factors, c(6, 4)))
  expect_identical(of("ran_vals")$level, c(paste0("S", 1:6), letters[1:4]))
  expect_identical(of("ran_pars")$group, c(factors, "Residual"))
  expect_identical(of("ran_pars")$term, c("sd__(Intercept)", "sd__(Intercept)", "sd__Observation"))
  effects <- as.data.frame(ranef(fit, condVar = TRUE))
  expect_tables_equal(of("ran_vals")[5:8], effects[4:7], 1e-12)
  coefficients <- coef(fit, condVar = TRUE)
  numbers <- do.call(rbind, lapply(coefficients, function(own) {
    cbind(own[, 1], attr(own, "sd")[, 1], attr(own, "lower")[, 1], attr(own, "upper")[, 1])
  }))
  expect_tables_equal(of("ran_coefs")[5:8], numbers, 1e-12)
  expect_tables_equal(of("ran_pars")$estimate, as.data.frame(VarCorr(fit))$sdcor, 1e-12)
  without <- tidy(fit, effects = "ran_coefs")
  expect_tables_equal(without[5:6], numbers[, 1:2], 1e-8)
  expect_identical(glance(fit)$ngrps, NA_integer_)
  expect_identical(ngrps(fit), c(subject = 6L, item = 4L))
})

# Tables with columns mean, sd, lower and upper. Means and sds to 1e-8 sds. The probability below an end is right to 1e-6, which far
# from the middle is up to 1e-5 sds.
expect_rows_equal <- function(ours, theirs, sds = 1e-8) {
  error <- abs(as.matrix(ours) - as.matrix(theirs)) / as.matrix(theirs)[, 2]
  expect_lt(max(error[, 1]), 1e-8)
  expect_lt(max(error[, 2]), sds)
  expect_lt(max(error[, 3:4]), 1e-5)
}

test_that("without the effects of one factor all tables are those of the model of the other", {
  for (k in 1:2) {
    known <- stats::setNames(list(dist_degenerate(0)), factors[-k])
    prior <- do.call(prior_of, known)
    both <- mixed_model(crossed, rows, prior = prior, iter_sampling = 0)
    prior_alone <- c(prior[1:3], list(sigma_0 = prior[[3 + k]]))
    alone <- varying_intercept(reformulate(c("x", sprintf("(1 | %s)", factors[k])), "y"), rows, prior = prior_alone, iter_sampling = 0)

    effects <- lapply(list(both, alone), function(fit) as.data.frame(ranef(fit, condVar = TRUE, interval = "central")))
    expect_rows_equal(effects[[1]][effects[[1]]$grpvar == factors[k], 4:7], effects[[2]][4:7])
    expect_identical(unlist(ranef(both)[[factors[-k]]], use.names = FALSE), numeric(c(6, 4)[-k]))

    coefficients <- function(fit) {
      table <- coef(fit, condVar = TRUE, interval = "central")[[factors[k]]]
      cbind(table[, 1], attr(table, "sd")[, 1], attr(table, "lower")[, 1], attr(table, "upper")[, 1])
    }
    expect_rows_equal(coefficients(both), coefficients(alone))
    # A group without an effect has the population's coefficients.
    expect_equal(coef(both)[[factors[-k]]][["(Intercept)"]], rep(fixef(alone)[["(Intercept)"]], c(6, 4)[-k]), tolerance = 1e-8)

    expect_equal(as.data.frame(VarCorr(both))[c(k, 3), 4:5], as.data.frame(VarCorr(alone))[4:5], tolerance = 1e-8, ignore_attr = TRUE)
    expect_identical(as.data.frame(VarCorr(both))[3 - k, "vcov"], 0)

    ours <- variance_components(both, interval = "central")
    theirs <- variance_components(alone, interval = "central")
    same <- c(k, 3, 3 + k, 6)
    expect_rows_equal(ours[same, 2:5], theirs[2:5], sds = 1e-7) # the fourth moment of a standard deviation, of which the tail is much
    expect_equal(ours$plug_in[same], theirs$plug_in, tolerance = 1e-8)
    expect_equal(unlist(ours[3 - k, 2:6], use.names = FALSE), numeric(5))
    icc <- lapply(list(both, alone), exact_summary, regex_pars = "^icc")
    expect_equal(unlist(icc[[1]][k, -1]), unlist(icc[[2]][-1]), tolerance = 1e-6)

    contrasts <- group_contrasts(both, factor = factors[k], interval = "central")
    expect_rows_equal(contrasts[3:6], group_contrasts(alone, interval = "central")[3:6])
    expect_equal(contrasts$p_greater, group_contrasts(alone)$p_greater, tolerance = 1e-7)
  }
})

test_that("standard deviations that are known: differences, coefficients and shares are closed forms", {
  known <- c(subject = 0.9, item = 0.5, sigma_y = 0.6)
  fixed <- mixed_model(crossed, rows, prior = do.call(prior_of, lapply(known, dist_degenerate)), iter_sampling = 0)
  subject <- match(rows$subject, paste0("S", 1:6))
  item <- match(rows$item, letters)
  design <- cbind(1, rows$x, outer(subject, 1:6, `==`), outer(item, 1:4, `==`))
  precision <- crossprod(design) / known[["sigma_y"]]^2 + diag(1 / c(4, 2, rep(known[1:2], c(6, 4)))^2)
  mean <- drop(solve(precision, crossprod(design, rows$y) / known[["sigma_y"]]^2 + c(0.5 / 16, numeric(11))))
  covariance <- solve(precision)
  linear <- function(a) c(sum(a * mean), sqrt(drop(a %*% covariance %*% a)))
  unit <- function(k) as.numeric(seq_len(12) == k)
  for (factor in factors) {
    positions <- list(subject = 3:8, item = 9:12)[[factor]]
    labels <- list(subject = paste0("S", 1:6), item = letters[1:4])[[factor]]
    table <- group_contrasts(fixed, factor = factor, interval = "central")
    at <- function(label) positions[match(label, labels)]
    truth <- t(mapply(function(a, b) linear(unit(a) - unit(b)), at(table$group), at(table$other)))
    expect_tables_equal(table[c("mean", "sd")], truth, 1e-10)
    expect_tables_equal(table$p_greater, pnorm(truth[, 1] / truth[, 2]), 1e-8)
    expect_tables_equal(table[c("lower", "upper")], truth[, 1] + outer(truth[, 2], qnorm(c(0.03, 0.97))), 1e-6)
    coefficients <- coef(fixed, condVar = TRUE)[[factor]]
    truth <- t(vapply(positions, function(k) linear(unit(1) + unit(k)), numeric(2)))
    expect_tables_equal(cbind(coefficients[, 1], attr(coefficients, "sd")[, 1]), truth, 1e-10)
  }
  table <- variance_components(fixed)
  expect_tables_equal(table[c("mean", "plug_in")], matrix(c(known^2, known^2 / sum(known^2)), 6, 2), 1e-10)
  expect_tables_equal(table$sd, numeric(6), 1e-7)
})

test_that("ranks are those of the effects in the draws", {
  for (factor in factors) {
    ranks <- group_ranks(fit, factor = factor, best = 2)
    effects <- unclass(effects_of(factor))
    of_draws <- t(apply(-effects, 1, rank))
    expect_equal(ranks$mean, colMeans(of_draws), ignore_attr = TRUE)
    expect_equal(ranks$p_best, colMeans(of_draws == 1), ignore_attr = TRUE)
    expect_equal(ranks$p_among, colMeans(of_draws <= 2), ignore_attr = TRUE)
    expect_identical(ranks$group, rownames(ranef(fit)[[factor]]))
    contrasts <- group_contrasts(fit, factor = factor)
    for (i in seq_len(nrow(contrasts))) {
      difference <- effects[, match(contrasts$group[i], ranks$group)] - effects[, match(contrasts$other[i], ranks$group)]
      expect_within_mcse(difference, contrasts$mean[i])
      expect_within_mcse((difference - contrasts$mean[i])^2, contrasts$sd[i]^2)
      p <- contrasts$p_greater[i]
      expect_lt(abs(mean(difference > 0) - p), 5 * sqrt(p * (1 - p) / 4000))
    }
  }
  expect_output(print(group_ranks(fit, factor = "item")), "highest effect of item on y")
  expect_output(print(group_contrasts(fit, factor = "subject", reference = "S2")), "effect of subject on y")
})

test_that("`factor` must be given, and be one of the two; with one factor it may be left out", {
  for (what in list(group_ranks, group_contrasts)) {
    expect_error(what(fit), "subject.*item.*two grouping factors", class = "bayespool_error_argument")
    expect_error(what(fit, factor = "cat"), "subject.*item.*cat", class = "bayespool_error_argument")
    expect_error(what(fit, factor = 2), "Found .2.", class = "bayespool_error_argument")
    one <- varying_intercept(y ~ x + (1 | subject), rows, seed = 1)
    expect_identical(what(one, factor = "subject"), what(one))
    expect_error(what(one, factor = "item"), "must be .subject", class = "bayespool_error_argument")
  }
  expect_error(group_contrasts(fit, "a", factor = "subject"), "S1", class = "bayespool_error_argument")
  expect_error(compare_pooling(crossed, rows), "one grouping factor", class = "bayespool_error_formula")
})

test_that("nested factors, labels that both have, and no intercept of the population", {
  same <- transform(rows, subject = match(subject, paste0("S", 1:6)), item = match(item, letters))
  numbers <- mixed_model(crossed, same, prior = prior_of(), iter_sampling = 0)
  expect_equal(lapply(ranef(numbers), `[[`, 1), lapply(ranef(fit), `[[`, 1))
  expect_identical(group_contrasts(numbers, factor = "item", reference = 1)$group, c("2", "3", "4"))

  nested <- mixed_model(y ~ x + (1 | subject / item), rows, iter_sampling = 0)
  expect_identical(names(coef(nested)), c("subject", "subject:item"))
  expect_identical(rownames(coef(nested)[[2]]), sort(unique(paste0(rows$subject, ":", rows$item))))
  expect_identical(variance_components(nested)$variable[2], "between[subject:item]")
  expect_equal(nrow(group_contrasts(nested, factor = "subject:item", reference = "S1:a")), nrow(coef(nested)[[2]]) - 1)

  none <- mixed_model(y ~ 0 + x + (1 | subject) + (1 | item), rows, iter_sampling = 0)
  expect_identical(names(fixef(none)), "x")
  expect_identical(names(coef(none)$item), c("(Intercept)", "x"))
  expect_identical(coef(none)$item[["(Intercept)"]], ranef(none)$item[["(Intercept)"]])
  expect_equal(unname(attr(coef(none, condVar = TRUE)$item, "sd")[, 1]), as.data.frame(ranef(none, condVar = TRUE))$condsd[7:10])
})

test_that("the forms are those of lme4", {
  skip_if_not_installed("lme4")
  theirs <- suppressMessages(lme4::lmer(crossed, rows))
  expect_shapes_of_lme4(fit, theirs)
})

test_that("other packages: log densities of the priors, Bayes factors, comparisons, intervals", {
  densities <- unclass(log_prior_draws.bayespool_fit(fit))
  of <- function(name) as.vector(densities[, , name])
  own <- list(
    `lprior_sigma_0[subject]` = dexp(draws[, "sigma_0[subject]"], 0.7, log = TRUE),
    `lprior_sigma_0[item]` = log(2) + dnorm(draws[, "sigma_0[item]"], 0, 1.5, log = TRUE),
    lprior_sigma_y = dexp(draws[, "sigma_y"], log = TRUE), lprior_beta_0 = dnorm(draws[, "beta_0"], 0.5, 4, log = TRUE),
    `lprior_beta[x]` = dnorm(draws[, "beta[x]"], 0, 2, log = TRUE)
  )
  for (name in names(own)) expect_equal(of(name), as.vector(own[[name]]))
  expect_equal(of("lprior"), as.vector(Reduce(`+`, own)))

  one <- varying_intercept(y ~ x + (1 | subject), rows, iter_sampling = 0)
  compared <- loo_compare(loo(fit), loo(one))
  difference <- abs(loo(fit)$estimates["elpd_loo", 1] - loo(one)$estimates["elpd_loo", 1])
  expect_equal(min(compared[, "elpd_diff"]), -difference, tolerance = 1e-8)
  skip_if_not_installed("bridgesampling")
  expect_equal(bridgesampling::bf(fit, one)$bf, exp(fit$log_evidence - one$log_evidence))
  skip_if_not_installed("bayestestR")
  expect_setequal(bayestestR::hdi(fit, effects = "all")$Parameter, colnames(draws))
})

test_that("tables of many groups print some of both factors", {
  wide <- withr::with_seed(2, data.frame(a = rep(1:40, 3), b = rep(1:30, each = 4)[sample(120)], y = rnorm(120)))
  many <- mixed_model(y ~ 1 + (1 | a) + (1 | b), wide, iter_sampling = 0)
  count <- function(shown, factor) sum(startsWith(trimws(shown), paste0("b_0[", factor)))
  for (table in list(many, summary(many), exact_summary(many))) {
    shown <- capture.output(print(table, n_rows = 26))
    expect_identical(c(count(shown, "a"), count(shown, "b")), c(10L, 10L)) # six rows belong to no group
    expect_match(paste(shown, collapse = "\n"), "and 50 more rows of groups")
    shown <- capture.output(print(table, n_rows = 70))
    expect_identical(c(count(shown, "a"), count(shown, "b")), c(34L, 30L))
    shown <- capture.output(print(table, n_rows = 2))
    expect_identical(c(count(shown, "a"), count(shown, "b")), c(0L, 0L))
  }
  chosen <- summary(many, pars = "b_0[b,7]", regex_pars = c("^sigma_0", "^b_0\\[a,1.\\]"))
  expect_identical(chosen$variable, c("b_0[b,7]", "sigma_0[a]", "sigma_0[b]", paste0("b_0[a,", 10:19, "]")))
})
