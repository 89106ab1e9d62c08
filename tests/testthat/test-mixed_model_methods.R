# fixef(), ranef() and their kin: exact values, and the shapes that lme4 gives them.

skip_on_cran() # all of it takes long

use_code("oracle")
use_code("process")

rows <- withr::with_seed(1, {
  g <- rep(c("b", "a", "c", "d"), c(2, 9, 6, 4))
  data.frame(g = g, x = rnorm(21), f = rep(c("u", "v", "w"), 7), y = rnorm(21, match(g, letters), 2))
})
fit_model_of <- list(
  complete = complete_pooling(y ~ x + f, rows, seed = 1),
  none = no_pooling(y ~ 1 + (1 | g), rows, seed = 1),
  none_slopes = no_pooling(y ~ x + f + (1 | g), rows, seed = 1),
  partial = partial_pooling(y ~ 1 + (1 | g), rows, seed = 1),
  partial_zero = partial_pooling(y ~ 0 + (1 | g), rows, seed = 1),
  slopes = varying_intercept(y ~ x + f + (1 | g), rows, seed = 1)
)
exact_mean <- function(fit, variables) with(exact_summary(fit), mean[match(variables, variable)])
draws_of <- function(fit, variable) unclass(posterior::as_draws_matrix(fit))[, variable]
labels <- c("a", "b", "c", "d")

# Values -------------------------------------------------------------------------------------------------------------------

test_that("fixef() has the intercept and the slopes, by lme4's names", {
  expect_equal(fixef(fit_model_of$complete), setNames(exact_mean(fit_model_of$complete, c("beta_0", "beta[x]", "beta[fv]", "beta[fw]")),
                                                      c("(Intercept)", "x", "fv", "fw")), tolerance = 1e-12)
  expect_equal(fixef(fit_model_of$slopes), setNames(exact_mean(fit_model_of$slopes, c("beta_0", "beta[x]", "beta[fv]", "beta[fw]")),
                                                    c("(Intercept)", "x", "fv", "fw")), tolerance = 1e-12)
  expect_equal(fixef(fit_model_of$partial), c("(Intercept)" = exact_mean(fit_model_of$partial, "hyper_mu")), tolerance = 1e-12)
  expect_equal(fixef(fit_model_of$none_slopes), setNames(exact_mean(fit_model_of$none_slopes, c("beta[x]", "beta[fv]", "beta[fw]")),
                                                         c("x", "fv", "fw")), tolerance = 1e-12)
  expect_identical(fixef(fit_model_of$none), setNames(numeric(), character()))
  expect_identical(fixef(fit_model_of$partial_zero), setNames(numeric(), character()))
  expect_equal(fixef(complete_pooling(y ~ 1, rows, iter_sampling = 0)), c("(Intercept)" = mean(rows$y)), tolerance = 1e-6)
})

test_that("ranef() is the group's mean minus the population's, and coef() their sum", {
  for (name in c("partial", "slopes")) {
    fit <- fit_model_of[[name]]
    effects <- ranef(fit)
    expect_named(effects, "g")
    expect_identical(dimnames(effects$g), list(labels, "(Intercept)"))
    group <- if (name == "partial") "mu" else "beta_0j"
    intercepts <- exact_mean(fit, paste0(group, "[", labels, "]"))
    expect_equal(effects$g[[1]], intercepts - fixef(fit)[["(Intercept)"]], tolerance = 1e-10)
    expect_equal(coef(fit)$g[["(Intercept)"]], intercepts, tolerance = 1e-12)
    for (j in 1:4) {
      expect_within_mcse(draws_of(fit, paste0(group, "[", labels[j], "]")) - draws_of(fit, fit$model$intercept), effects$g[j, 1])
    }
  }
  expect_named(coef(fit_model_of$slopes)$g, c("(Intercept)", "x", "fv", "fw"))
  expect_identical(unique(coef(fit_model_of$slopes)$g$x), fixef(fit_model_of$slopes)[["x"]])
  # Around 0 the deviation is the mean itself.
  zero <- fit_model_of$partial_zero
  expect_equal(ranef(zero)$g[[1]], exact_mean(zero, paste0("mu[", labels, "]")), tolerance = 1e-12)
  expect_identical(ranef(zero)$g, coef(zero)$g)
})

test_that("coef() without a population: group means, or one vector", {
  expect_equal(coef(fit_model_of$none), list(g = data.frame("(Intercept)" = exact_mean(fit_model_of$none, paste0("mu[", labels, "]")),
                                                            row.names = labels, check.names = FALSE)), tolerance = 1e-12)
  slopes <- coef(fit_model_of$none_slopes)$g
  expect_identical(dimnames(slopes), list(labels, c("(Intercept)", "x", "fv", "fw")))
  expect_equal(slopes[["(Intercept)"]], exact_mean(fit_model_of$none_slopes, paste0("beta_0j[", labels, "]")), tolerance = 1e-12)
  expect_identical(coef(fit_model_of$complete), fixef(fit_model_of$complete))
})

test_that("deviations of groups have exact sds and quantiles", {
  priors <- list(hyper_mu = p_normal(1, 5), sigma_y = p_exponential(0.3), sigma_mu = p_half_cauchy(0, 2))
  fit <- update(fit_model_of$partial, prior = package_priors(priors), iter_sampling = 0)
  oracle <- oracle_fit("partial_pooling", rows$y, priors, group = rows$g, fine = 2)[[1]]
  probs <- c(0.01, 0.5, 0.9)
  ours <- posterior_table(fit, probs, deviations = TRUE, call = NULL)
  for (j in 1:4) {
    normal <- oracle_linear(oracle$problem, oracle$at, 0, as.numeric(1:4 == j))
    mean <- sum(oracle$at$weight * normal$mean)
    row <- ours[paste0("mu[", labels[j], "]"), ]
    expect_equal(row[["mean"]], mean, tolerance = 1e-8)
    expect_equal(row[["sd"]], sqrt(sum(oracle$at$weight * (normal$sd^2 + (normal$mean - mean)^2))), tolerance = 1e-7)
    for (k in seq_along(probs)) {
      expect_lt(abs(sum(oracle$at$weight * pnorm(row[[2 + k]], normal$mean, normal$sd)) - probs[k]), 1e-7)
    }
  }
})

test_that("ranef(condVar = TRUE) has the variances and intervals of the deviations", {
  for (fit in fit_model_of[c("partial", "slopes", "partial_zero")]) {
    plain <- ranef(fit)
    effects <- ranef(fit, condVar = TRUE, prob = 0.8, interval = "central")
    expect_identical(names(attributes(plain$g)), c("names", "class", "row.names"))
    expect_equal(effects$g, plain$g, tolerance = 1e-12, ignore_attr = TRUE)
    expect_identical(effects$g[["(Intercept)"]], effects[[1]][, 1])
    variance <- attr(effects$g, "postVar")
    expect_identical(dim(variance), c(1L, 1L, 4L))
    truth <- posterior_table(fit, c(0.1, 0.9), deviations = TRUE, call = NULL)
    truth <- truth[layout_variables(fit$model, "group"), ]
    expect_equal(sqrt(variance[1, 1, ]), unname(truth[, "sd"]), tolerance = 1e-12)
    table <- as.data.frame(effects)
    expect_equal(unname(as.matrix(table[c("condval", "condsd", "lower", "upper")])), unname(truth), tolerance = 1e-12)
    tidied <- tidy(fit, effects = "ran_vals", conf.int = TRUE)
    table <- as.data.frame(ranef(fit, condVar = TRUE))
    expect_equal(table[4:7], tidied[5:8], ignore_attr = TRUE, tolerance = 1e-12)
  }
  # With known standard deviations and mean: the variance of a deviation is 1 / (n / sigma^2 + 1 / tau^2).
  known <- list(hyper_mu = dist_degenerate(1), sigma_mu = dist_degenerate(2), sigma_y = dist_degenerate(3))
  fit <- update(fit_model_of$partial, prior = known, iter_sampling = 0)
  table <- as.data.frame(ranef(fit, condVar = TRUE, prob = 0.9))
  expect_equal(table$condsd, 1 / sqrt(c(9, 2, 6, 4) / 9 + 1 / 4), tolerance = 1e-12)
  expect_equal(table$upper, table$condval + qnorm(0.95) * table$condsd, tolerance = 1e-8)
  # A flat prior on the mean, as in lme4: its variance given the standard deviations comes on top.
  flat <- update(fit, prior = c(list(hyper_mu = dist_uniform(-Inf, Inf)), known[-1]))
  kappa <- 4 / (4 + 9 / c(9, 2, 6, 4))
  of_mean <- 1 / sum(1 / (4 + 9 / c(9, 2, 6, 4)))
  expect_equal(
    attr(ranef(flat, condVar = TRUE)$g, "postVar")[1, 1, ], table$condsd^2 + kappa^2 * of_mean, tolerance = 1e-10
  )
})

test_that("ranef() of a fit by NUTS has the sds and intervals of its draws", {
  fit <- suppressWarnings(update(fit_model_of$slopes, algorithm = "nuts", iter_sampling = 200))
  table <- as.data.frame(ranef(fit, condVar = TRUE, prob = 0.9))
  deviation <- draws_of(fit, "beta_0j[c]") - draws_of(fit, "beta_0")
  row <- table[table$grp == "c", ]
  expect_equal(c(row$condval, row$condsd), c(mean(deviation), sd(deviation)))
  expect_equal(c(row$lower, row$upper), HDInterval::hdi(deviation, credMass = 0.9), ignore_attr = TRUE)
})

test_that("ranef() prints its data frame and says what is beside it", {
  fit <- fit_model_of$partial
  shown <- capture.output(print(ranef(fit)))
  expect_identical(shown[1], "$g")
  expect_no_match(shown, "attr|condsd|interval")
  with_variances <- capture.output(print(ranef(fit, condVar = TRUE)))
  expect_identical(with_variances[seq_along(shown)], shown)
  expect_identical(utils::tail(with_variances, 1), "lower, upper: shortest (hdi) 94% interval of the deviation, by quadrature")
  expect_named(as.data.frame(ranef(fit)), c("grpvar", "term", "grp", "condval"))
  expect_identical(as.data.frame(ranef(fit), stringsAsFactors = TRUE), as.data.frame(ranef(fit)))
  expect_error(ranef(fit, condVar = NA), class = "bayespool_error_argument")
  expect_error(ranef(fit, condVar = TRUE, prob = 95), class = "bayespool_error_argument")
  expect_error(ranef(fit, condVar = TRUE, interval = "eti"), class = "bayespool_error_argument")
})

test_that("a deviation may have no variance where the group's mean has one", {
  # With flat priors the population mean of three groups is as heavy-tailed as sigma_mu, and so are deviations from it.
  flat <- list(hyper_mu = dist_uniform(-Inf, Inf), sigma_mu = dist_uniform(0, Inf))
  three <- rows[rows$g != "d", ]
  expect_error(partial_pooling(y ~ 1 + (1 | g), three[three$g != "c", ], prior = flat), class = "bayespool_error_improper")
  fit <- partial_pooling(y ~ 1 + (1 | g), three, prior = flat, iter_sampling = 0)
  ours <- posterior_table(fit, deviations = TRUE, call = NULL)
  expect_true(is.finite(exact_summary(fit)$sd[2]))
  expect_identical(unname(ours["mu[a]", ]), c(NaN, Inf))
  expect_true(is.nan(ranef(fit)$g["a", 1]))
  table <- as.data.frame(ranef(fit, condVar = TRUE))
  expect_identical(table$condsd, rep(Inf, 3))
  expect_true(all(is.finite(c(table$lower, table$upper))))
})

test_that("VarCorr() and sigma() have posterior means of variances and standard deviations", {
  fit <- fit_model_of$slopes
  table <- as.data.frame(VarCorr(fit))
  exact <- exact_summary(fit)
  exact <- exact[match(c("sigma_0", "sigma_y"), exact$variable), ]
  expect_identical(table$grp, c("g", "Residual"))
  expect_equal(table$sdcor, exact$mean, tolerance = 1e-12)
  expect_equal(table$vcov, exact$mean^2 + exact$sd^2, tolerance = 1e-12)
  expect_equal(table$vcov, variance_components(fit)$mean[1:2], tolerance = 1e-8)
  expect_equal(VarCorr(fit)$g[1, 1], table$vcov[1])
  expect_equal(sigma(fit), exact$mean[2], tolerance = 1e-12)
  expect_output(print(VarCorr(fit)), "Residual")
  expect_output(print(VarCorr(fit), digits = 6), format(exact$mean[1], digits = 6), fixed = TRUE)

  expect_equal(sigma(fit_model_of$none), setNames(exact_mean(fit_model_of$none, paste0("sigma[", labels, "]")), labels), tolerance = 1e-12)
  expect_equal(sigma(fit_model_of$none_slopes), exact_mean(fit_model_of$none_slopes, "sigma"), tolerance = 1e-12)
  expect_equal(sigma(fit_model_of$complete), exact_mean(fit_model_of$complete, "sigma"), tolerance = 1e-12)
})

test_that("vcov() is the covariance of the draws of the fixed effects", {
  fit <- fit_model_of$slopes
  names <- c("(Intercept)", "x", "fv", "fw")
  expect_identical(dimnames(vcov(fit)), list(names, names))
  x <- draws_of(fit, "beta_0")
  z <- draws_of(fit, "beta[x]")
  expect_equal(vcov(fit)["x", "(Intercept)"], cov(x, z))
  # By quadrature: twice the covariance is Var(a + b) - Var(a) - Var(b); here for an offset of x by 1.
  exact <- exact_summary(fit)
  for (k in 1:4) expect_within_mcse((draws_of(fit, exact$variable[k]) - exact$mean[k])^2, exact$sd[k]^2)
  expect_identical(dim(vcov(fit_model_of$none)), c(0L, 0L))
})

test_that("a fit by NUTS gives means of its draws", {
  fit <- suppressWarnings(update(fit_model_of$slopes, algorithm = "nuts", iter_sampling = 500))
  mean_of <- function(name) mean(draws_of(fit, name))
  expect_equal(fixef(fit)[["x"]], mean_of("beta[x]"))
  expect_equal(coef(fit)$g["b", "(Intercept)"], mean_of("beta_0j[b]"))
  expect_equal(ranef(fit)$g["b", 1], mean_of("beta_0j[b]") - mean_of("beta_0"))
  expect_equal(sigma(fit), mean_of("sigma_y"))
  expect_equal(as.data.frame(VarCorr(fit))$vcov, c(mean(draws_of(fit, "sigma_0")^2), mean(draws_of(fit, "sigma_y")^2)))
  expect_equal(as.data.frame(VarCorr(fit))$sdcor, c(mean_of("sigma_0"), mean_of("sigma_y")))
  exact <- posterior_table(fit_model_of$slopes, deviations = TRUE, call = NULL)
  for (name in rownames(exact)[5:8]) expect_within_mcse(draws_of(fit, name) - draws_of(fit, "beta_0"), exact[name, "mean"])
  nuts <- posterior_table(fit, c(0.1, 0.9), deviations = TRUE, call = NULL)
  deviation <- draws_of(fit, "beta_0j[c]") - draws_of(fit, "beta_0")
  expect_equal(nuts["beta_0j[c]", ], c(mean(deviation), sd(deviation), quantile(deviation, c(0.1, 0.9))), ignore_attr = TRUE)
})

# Shapes -------------------------------------------------------------------------------------------------------------------

test_that("everything has the shape and the names that lme4 gives it", {
  skip_if_not_installed("lme4")
  data <- lme4::sleepstudy
  data$early <- factor(ifelse(data$Days < 5, "yes", "no"))
  for (formula in list(Reaction ~ 1 + (1 | Subject), Reaction ~ Days + (1 | Subject), Reaction ~ Days * early + (1 | Subject),
                       Reaction ~ 0 + Days + (1 | Subject), Reaction ~ poly(Days, 2) + (1 | Subject))) {
    theirs <- lme4::lmer(formula, data)
    ours <- varying_intercept(formula, data, iter_sampling = 0)
    expect_shapes_of_lme4(ours, theirs)
    effects <- as.data.frame(ranef(ours))
    expect_false(is.unsorted(effects$condval[order(effects$grp)]))
    expect_identical(dim(attr(ranef(ours, condVar = TRUE)$Subject, "postVar")), dim(attr(lme4::ranef(theirs)$Subject, "postVar")))
    expect_identical(dimnames(VarCorr(ours)$Subject), dimnames(lme4::VarCorr(theirs)$Subject))
    expect_identical(names(attr(VarCorr(ours)$Subject, "stddev")), names(attr(lme4::VarCorr(theirs)$Subject, "stddev")))
    expect_identical(lme4::ngrps(ours), ngrps(ours))
    expect_identical(ngrps(theirs), lme4::ngrps(theirs))
    expect_identical(length(sigma(ours)), length(sigma(theirs)))
    expect_equal(as.list(model.frame(ours)), as.list(model.frame(theirs)), ignore_attr = TRUE)
    expect_equal(attr(model.frame(ours), "terms"), attr(model.frame(theirs), "terms"), ignore_attr = TRUE, ignore_formula_env = TRUE)
  }
})

test_that("with flat priors and groups alike the fixed effects are lme4's, and the others shrink alike", {
  skip_if_not_installed("lme4")
  # In a balanced design the estimates do not depend on the standard deviations, and all groups shrink by one factor.
  flat <- list(beta_0 = dist_uniform(-Inf, Inf), beta = dist_uniform(-Inf, Inf), sigma_0 = dist_uniform(0, Inf),
               sigma_y = dist_uniform(0, Inf))
  formula <- Reaction ~ Days + (1 | Subject)
  theirs <- lme4::lmer(formula, lme4::sleepstudy)
  ours <- varying_intercept(formula, lme4::sleepstudy, prior = flat, iter_sampling = 0)
  expect_equal(fixef(ours), lme4::fixef(theirs), tolerance = 1e-8)
  ratio <- ranef(ours)$Subject[[1]] / lme4::ranef(theirs)$Subject[[1]]
  expect_equal(ratio, rep(mean(ratio), 18), tolerance = 1e-6)
  expect_lt(abs(mean(ratio) - 1), 0.05)
})

test_that("model.frame() has the rows that were used, with the response and the predictors as in the formula", {
  missing <- rows
  missing$y[2] <- missing$x[5] <- missing$g[7] <- NA
  fit <- suppressMessages(varying_intercept(log(y + 10) ~ I(x^2) + f + (1 | g), missing, iter_sampling = 0))
  frame <- model.frame(fit)
  expect_named(frame, c("log(y + 10)", "I(x^2)", "f", "g"))
  expect_equal(frame[["log(y + 10)"]], log(rows$y[-c(2, 5, 7)] + 10))
  expect_equal(as.numeric(frame[["I(x^2)"]]), rows$x[-c(2, 5, 7)]^2)
  expect_equal(frame$g, rows$g[-c(2, 5, 7)])
  expect_equal(nrow(frame), nobs(fit))
  levels <- transform(rows, g = factor(g, levels = c("nowhere", "d", "c", "b", "a")))
  expect_identical(levels(model.frame(partial_pooling(y ~ 1 + (1 | g), levels, iter_sampling = 0))$g), c("d", "c", "b", "a"))
  expect_named(model.frame(complete_pooling(y ~ 1, rows, iter_sampling = 0)), "y")
})

test_that("labels are the user's own", {
  wild <- c("New York", "Paris, FR", "a[1]", "101", "")
  data <- data.frame(g = factor(rep(wild, 4), levels = wild), y = rows$y[1:20])
  fit <- partial_pooling(y ~ 1 + (1 | g), data, iter_sampling = 0)
  expect_identical(rownames(ranef(fit)$g), wild)
  expect_identical(rownames(coef(fit)$g), wild)
  none <- no_pooling(y ~ 1 + (1 | g), data, iter_sampling = 0)
  expect_identical(names(sigma(none)), wild)
  one <- undetermined(partial_pooling(y ~ 1 + (1 | g), transform(data, g = "only one"), iter_sampling = 0))
  expect_identical(rownames(coef(one)$g), "only one")
  expect_identical(ngrps(one), c(g = 1L))
})

test_that("a table's moments give the same as rows", {
  fit <- fit_model_of$partial
  moments <- update(fit, data = group_moments(y ~ 1 + (1 | g), rows), iter_sampling = 0)
  for (f in list(fixef, ranef, coef, VarCorr, sigma, ngrps)) expect_equal(f(moments), f(fit), tolerance = 1e-10)
  expect_error(model.frame(moments), class = "bayespool_error_data")
})

# Refusals -----------------------------------------------------------------------------------------------------------------

test_that("what a model does not have is refused, with what serves instead", {
  for (fit in fit_model_of[c("complete", "none", "none_slopes")]) {
    expect_error(ranef(fit), "coef", class = "bayespool_error_model")
    expect_error(VarCorr(fit), "sigma", class = "bayespool_error_model")
  }
  expect_error(ngrps(fit_model_of$complete), "y ~ x + f", fixed = TRUE, class = "bayespool_error_model")
  expect_identical(ngrps(complete_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0)), c(g = 4L))
  fit <- fit_model_of$partial
  for (f in list(fixef, ranef, coef, VarCorr, sigma, ngrps, vcov, model.frame)) {
    expect_identical(f(fit, robust = TRUE), f(fit))
  }
  expect_error(VarCorr(fit, sigma = 2), class = "bayespool_error_argument")
  none <- update(fit, iter_sampling = 0)
  expect_error(vcov(none), class = "bayespool_error_draws")
  chains <- update(none, algorithm = "nuts")
  for (f in list(fixef, ranef, coef, VarCorr, sigma)) expect_error(f(chains), class = "bayespool_error_draws")
})

test_that("many groups are no trouble", {
  groups <- 1e5
  table <- withr::with_seed(1, as_group_moments(paste0("group ", seq_len(groups)), rep(5, groups), rnorm(groups, 10), rep(1, groups)))
  fit <- partial_pooling(y ~ 1 + (1 | g), table, iter_sampling = 0)
  expect_identical(dim(ranef(fit)$g), c(100000L, 1L))
  expect_identical(dim(coef(fit)$g), c(100000L, 1L))
  expect_identical(nrow(tidy(fit, effects = "ran_vals")), 100000L)
  expect_equal(mean(coef(fit)$g[[1]]), fixef(fit)[[1]], tolerance = 1e-4)
})

test_that("one draw is enough", {
  fit <- suppressWarnings(
    partial_pooling(yield ~ 1 + (1 | block), npk, algorithm = "nuts", chains = 1, iter_warmup = 10, iter_sampling = 1, seed = 1)
  )
  draws <- posterior::as_draws_matrix(fit)
  expect_equal(as.data.frame(VarCorr(fit))$sdcor, as.vector(draws[, c("sigma_mu", "sigma_y")]))
})

test_that("ngrps() is one function with lme4's, in whatever order they are attached", {
  skip_on_cran() # other processes
  skip_if_not_installed("lme4")
  orders <- list("loadNamespace('lme4')", "library(lme4)", c("detach(package:bayespool)", "library(lme4)", "library(bayespool)"))
  for (order in orders) {
    process <- start_process(c(
      order,
      "fit <- partial_pooling(yield ~ 1 + (1 | block), npk, iter_sampling = 0)",
      "theirs <- lme4::lmer(yield ~ 1 + (1 | block), npk)",
      "message_of <- function(expr) tryCatch(expr, error = conditionMessage)",
      "done(list(ngrps(fit), ngrps(theirs), lme4::ngrps(fit), ngrps(npk$block), message_of(ngrps(1)), message_of(lme4::ngrps(1))))"
    ))
    found <- process$wait()
    for (k in 1:3) expect_equal(found[[k]], c(block = 6))
    expect_identical(found[[4]], 6L)
    expect_match(found[[5]], "ngrps.*numeric") # that there is no method
    expect_identical(found[[5]], found[[6]])
  }
})

test_that("coef() gives standard deviations and intervals when asked: those of the summary", {
  groups <- data.frame(g = rep(c("a", "b", "c"), each = 6), x = rep(c(0, 1, 3), 6))
  groups$y <- c(1, 3, 4, 2, 3, 6, 0, 2, 5, 1, 1, 4, 3, 3, 8, 2, 5, 7)
  fits <- list(
    varying_intercept(y ~ x + (1 | g), groups, iter_sampling = 0), mixed_model(y ~ x + (1 + x | g), groups, iter_sampling = 0),
    no_pooling(y ~ x + (1 | g), groups, iter_sampling = 0)
  )
  for (fit in fits) {
    table <- summary(fit, prob = 0.8, interval = "central")
    found <- coef(fit, condVar = TRUE, prob = 0.8, interval = "central")$g
    expect_equal(found, coef(fit)$g, ignore_attr = c("sd", "lower", "upper"))
    own <- function(variable, column) table[[column]][match(variable, table$variable)]
    intercepts <- paste0("beta_0j[", c("a", "b", "c"), "]")
    slopes <- if (fit$model$name == "mixed_model") paste0("beta_j[x,", c("a", "b", "c"), "]") else rep("beta[x]", 3)
    for (column in c("sd", "lower", "upper")) {
      from <- if (column == "sd") column else paste0("central_", column)
      expect_equal(unname(attr(found, column)[, "(Intercept)"]), own(intercepts, from), tolerance = 1e-8)
      expect_equal(unname(attr(found, column)[, "x"]), own(slopes, from), tolerance = 1e-8)
    }
    expect_null(attr(coef(fit)$g, "sd"))
  }
  alone <- complete_pooling(y ~ x, groups, iter_sampling = 0)
  expect_named(attr(coef(alone, condVar = TRUE), "lower"), c("(Intercept)", "x"))
  expect_error(coef(alone, condVar = 1), class = "bayespool_error_argument")
})
