# Other packages, tried for real. Those that are not in Suggests are called without `::`, and skipped where they are missing.

exported <- function(package, name) getExportedValue(package, name)

rows <- withr::with_seed(1, {
  g <- rep(c("b", "a", "c", "d"), c(2, 9, 6, 4))
  data.frame(g = g, x = rnorm(21), f = rep(c("u", "v", "w"), 7), y = rnorm(21, match(g, letters), 2))
})
slopes <- varying_intercept(y ~ x + f + (1 | g), rows, seed = 1)
partial <- partial_pooling(y ~ 1 + (1 | g), rows, seed = 1, iter_sampling = 500)
draws_of <- function(fit, variable) unclass(posterior::as_draws_matrix(fit))[, variable]

# emmeans ------------------------------------------------------------------------------------------------------------------

test_that("emmeans: marginal means and contrasts are of the draws of the fixed effects", {
  skip_if_not_installed("emmeans")
  means <- emmeans::emmeans(slopes, ~f)
  expected <- draws_of(slopes, "beta_0") + mean(rows$x) * draws_of(slopes, "beta[x]") +
    cbind(0, draws_of(slopes, "beta[fv]"), draws_of(slopes, "beta[fw]"))
  table <- as.data.frame(summary(means, point.est = mean))
  expect_identical(as.character(table$f), c("u", "v", "w"))
  expect_equal(table$emmean, colMeans(expected), ignore_attr = TRUE)
  expect_identical(summary(means)$emmean, apply(expected, 2, median))
  exact <- exact_summary(slopes)
  expect_within_mcse(expected[, 1], sum(exact$mean[1:2] * c(1, mean(rows$x))))
  contrast <- as.data.frame(summary(emmeans::contrast(means, "trt.vs.ctrl"), point.est = mean))
  expect_equal(contrast$estimate, c(mean(draws_of(slopes, "beta[fv]")), mean(draws_of(slopes, "beta[fw]"))))
  trend <- as.data.frame(summary(emmeans::emtrends(slopes, ~1, var = "x"), point.est = mean))
  expect_equal(trend$x.trend, mean(draws_of(slopes, "beta[x]")))
})

test_that("emmeans: the rows of the fit, bases of its terms, and every model that has fixed effects", {
  skip_if_not_installed("emmeans")
  mean_of <- function(...) as.data.frame(summary(emmeans::emmeans(...), point.est = mean))$emmean
  expect_equal(mean_of(partial, ~1), mean(draws_of(partial, "hyper_mu")))
  curve <- suppressMessages(varying_intercept(
    y ~ poly(x, 2) + log(k) + (1 | g), transform(rows, k = exp(x), y = replace(y, 1, NA)), iter_sampling = 200, seed = 1
  ))
  at <- data.frame(x = c(0.5, 1), k = 2)
  expect_equal(
    mean_of(curve, ~x, at = list(x = at$x, k = 2)), colMeans(posterior_epred(curve, at, re_formula = NA))
  )
  # The reference is the mean of the rows that were used.
  expect_equal(mean_of(curve, ~1, at = list(k = 2)), mean(posterior_epred(curve, data.frame(x = mean(rows$x[-1]), k = 2), re_formula = NA)))
  complete <- complete_pooling(y ~ f, rows, iter_sampling = 200, seed = 1)
  expect_equal(mean_of(complete, ~f)[2], mean(draws_of(complete, "beta_0") + draws_of(complete, "beta[fv]")))
  zero <- varying_intercept(y ~ 0 + f + (1 | g), rows, iter_sampling = 200, seed = 1)
  expect_equal(mean_of(zero, ~f)[2], mean(draws_of(zero, "beta[fv]")))
  expect_error(emmeans::recover_data(no_pooling(y ~ x + (1 | g), rows)), "varying_intercept", class = "bayespool_error_model")
  expect_error(emmeans::recover_data(update(partial, y ~ 0 + (1 | g))), class = "bayespool_error_model")
  expect_error(emmeans::emmeans(update(slopes, iter_sampling = 0), ~f), class = "bayespool_error_draws")
  moments <- update(slopes, data = group_moments(y ~ x + f + (1 | g), rows))
  expect_error(emmeans::recover_data(moments), class = "bayespool_error_data")
})

# priorsense ---------------------------------------------------------------------------------------------------------------

test_that("log densities of priors have all their constants", {
  for (prior in scale_densities) {
    x <- inside(prior)
    fit <- update(partial, prior = list(sigma_mu = prior$dist), iter_sampling = 0)
    expect_equal(log_prior(fit$priors$sigma_mu, x), prior$log_density(x), tolerance = 1e-13, info = format(prior$dist))
  }
  x <- c(0.3, 1, 2.9)
  flat <- list(hyper_mu = dist_normal(1, 2), sigma_mu = dist_uniform(0, Inf), sigma_y = dist_degenerate(2))
  fit <- update(partial, prior = flat, iter_sampling = 0)
  expect_equal(log_prior(fit$priors$hyper_mu, x), dnorm(x, 1, 2, log = TRUE))
  expect_identical(log_prior(fit$priors$sigma_mu, x), c(0, 0, 0))
  expect_identical(log_prior(fit$priors$sigma_y, x), c(0, 0, 0))
})

test_that("the log prior has a variable for all priors together and one for each", {
  prior <- list(hyper_mu = dist_normal(1, 2), sigma_mu = dist_cauchy(0, 5), sigma_y = dist_exponential(2))
  fit <- update(partial, prior = prior)
  log_prior <- log_prior_draws.bayespool_fit(fit)
  expect_identical(posterior::variables(log_prior), paste0("lprior", c("", "_hyper_mu", "_sigma_y", "_sigma_mu")))
  expect_identical(dim(log_prior), c(500L, 4L, 4L))
  value <- function(name) c(log_prior[, , name])
  expect_equal(value("lprior_hyper_mu"), unname(dnorm(draws_of(fit, "hyper_mu"), 1, 2, log = TRUE)))
  expect_equal(value("lprior_sigma_y"), unname(dexp(draws_of(fit, "sigma_y"), 2, log = TRUE)))
  expect_equal(value("lprior"), value("lprior_hyper_mu") + value("lprior_sigma_y") + value("lprior_sigma_mu"))
  expect_equal(c(log_prior_draws.bayespool_fit(fit, joint = TRUE)), value("lprior"))

  # With no pooling each group has the prior; `beta` is that of each slope.
  none <- no_pooling(y ~ 1 + (1 | g), rows, prior = list(mu = dist_normal(1, 2)), seed = 1, iter_sampling = 10)
  mu <- unclass(posterior::as_draws_matrix(none))[, paste0("mu[", c("a", "b", "c", "d"), "]")]
  expect_equal(c(log_prior_draws.bayespool_fit(none)[, , "lprior_mu"]), unname(rowSums(dnorm(mu, 1, 2, log = TRUE))))
  expect_identical(
    posterior::variables(log_prior_draws.bayespool_fit(slopes)),
    paste0("lprior", c("", "_beta_0", "_beta[x]", "_beta[fv]", "_beta[fw]", "_sigma_y", "_sigma_0"))
  )
})

test_that("weights by the log prior give the posterior of the scaled prior", {
  # Exp(r) to the power of 1.5 is Exp(1.5 r), up to a constant.
  fit <- update(partial, prior = list(hyper_mu = dist_normal(2, 3), sigma_y = dist_exponential(0.5), sigma_mu = dist_exponential(0.5)))
  scaled <- update(fit, prior = list(hyper_mu = dist_normal(2, 3), sigma_y = dist_exponential(0.5), sigma_mu = dist_exponential(0.75)))
  exact <- exact_summary(scaled)
  weight <- exp(0.5 * c(log_prior_draws.bayespool_fit(fit)[, , "lprior_sigma_mu"]))
  for (name in c("sigma_mu", "hyper_mu", "mu[b]")) {
    expect_within_mcse(weight * (draws_of(fit, name) - exact$mean[exact$variable == name]), 0)
  }
})

test_that("priorsense: sensitivity of a fit, of one prior, and its pictures", {
  skip_if_not_installed("priorsense")
  sensitivity <- exported("priorsense", "powerscale_sensitivity")
  table <- sensitivity(slopes)
  expect_identical(table$variable, posterior::variables(slopes))
  expect_true(all(is.finite(table$prior) & is.finite(table$likelihood)))
  one <- sensitivity(slopes, variable = c("beta[x]", "sigma_0"), prior_selection = "sigma_0")
  expect_gt(one$prior[2], one$prior[1])
  expect_true(is.finite(sensitivity(slopes, variable = "sigma_0", prior_selection = "beta[x]")$prior))

  power <- exported("priorsense", "powerscale")(
    exported("priorsense", "create_priorsense_data")(slopes), component = "likelihood", alpha = 0.9, variable = "sigma_y"
  )
  log_lik <- rowSums(log_lik(slopes))
  weight <- exp(-0.1 * (log_lik - mean(log_lik)))
  expected <- sum(weight * draws_of(slopes, "sigma_y")) / sum(weight)
  ours <- stats::weighted.mean(c(posterior::extract_variable(power, "sigma_y")), stats::weights(power))
  expect_equal(ours, expected, tolerance = 1e-3) # priorsense smooths the largest weights
  expect_s3_class(suppressMessages(exported("priorsense", "powerscale_plot_dens")(slopes, variable = "sigma_0")), "ggplot")
  expect_error(sensitivity(update(slopes, iter_sampling = 0)), class = "bayespool_error_draws")
})

# shinystan ----------------------------------------------------------------------------------------------------------------

test_that("shinystan: the array of draws makes its object", {
  skip_if_not_installed("shinystan")
  object <- exported("shinystan", "as.shinystan")(unclass(as_draws_array(slopes)))
  kept <- methods::slot(object, "posterior_sample")
  expect_identical(dim(kept), c(1000L, 4L, 10L))
  expect_equal(unname(c(kept[, , "beta[x]"])), unname(draws_of(slopes, "beta[x]")))
})

# tidybayes ----------------------------------------------------------------------------------------------------------------

# `expr` needs the names of tidybayes' little language, so it is built and not called.
spread <- function(fit, variable, ...) {
  as.data.frame(eval(rlang::call2(exported("tidybayes", "spread_draws"), quote(fit), str2lang(variable), ...)))
}

test_that("tidybayes: draws by group, and expected values and predictions by row", {
  skip_if_not_installed("tidybayes")
  table <- spread(partial, "mu[site]")
  expect_identical(unique(table$site), c("a", "b", "c", "d"))
  expect_identical(table$mu[table$site == "c"], unname(draws_of(partial, "mu[c]")))
  long <- exported("tidybayes", "gather_draws")(partial, hyper_mu, sigma_mu)
  expect_identical(long$.value[long$.variable == "sigma_mu"], unname(draws_of(partial, "sigma_mu")))
  wide <- exported("tidybayes", "tidy_draws")(partial)
  expect_identical(wide[["mu[b]"]], unname(draws_of(partial, "mu[b]")))

  new <- data.frame(g = c("a", "elsewhere"), x = 0, f = "u")
  add_epred <- exported("tidybayes", "add_epred_draws")
  table <- add_epred(new, slopes, seed = 5)
  expect_identical(table$.epred[table$.row == 1], unname(draws_of(slopes, "beta_0j[a]")))
  expect_identical(table$.epred, c(withr::with_seed(5, posterior_epred(slopes, new))))
  population <- add_epred(new[c("x", "f")], slopes, re_formula = NA, ndraws = 100)
  expect_identical(nrow(population), 200L)
  add_predicted <- exported("tidybayes", "add_predicted_draws")
  first <- withr::with_seed(1, add_predicted(new, slopes))
  expect_identical(withr::with_seed(1, add_predicted(new, slopes))$.prediction, first$.prediction)
  expect_false(identical(withr::with_seed(2, add_predicted(new, slopes))$.prediction, first$.prediction))
  expect_identical(add_predicted(new, slopes, seed = 3)$.prediction, c(withr::with_seed(3, posterior_predict(slopes, new))))
})

# Labels -------------------------------------------------------------------------------------------------------------------

fit_labels <- function(labels) {
  data <- data.frame(g = factor(rep(labels, 20 / length(labels)), levels = labels), y = rows$y[1:20])
  partial_pooling(y ~ 1 + (1 | g), data, seed = 1, iter_sampling = 50)
}
true_labels <- function(fit) {
  expect_identical(rownames(coef(fit)$g), tidy(fit, effects = "ran_coefs")$level)
  tidy(fit, effects = "ran_coefs")$level
}

test_that("labels with spaces and commas: as they are in the fit, cut by tidybayes unless it is told", {
  labels <- c("New York", "Paris, FR", "Oslo", "x.y")
  fit <- fit_labels(labels)
  expect_identical(true_labels(fit), labels)
  expect_identical(posterior::variables(posterior::as_draws_df(fit))[2:5], paste0("mu[", labels, "]"))
  expect_identical(colnames(posterior::as_draws_matrix(posterior::as_draws_df(fit)))[2:5], paste0("mu[", labels, "]"))
  mu <- posterior::as_draws_rvars(fit)$mu
  expect_identical(length(dim(mu)), 2L) # `Paris, FR` is read as two indices
  expect_equal(mean(mu["Paris", " FR"]), mean(draws_of(fit, "mu[Paris, FR]")), ignore_attr = TRUE)
  skip_if_not_installed("tidybayes")
  cut <- suppressWarnings(spread(fit, "mu[g]"))
  expect_identical(sort(unique(cut$g)), c("New", "Oslo", "Paris", "x.y"))
  whole <- spread(fit, "mu[g]", sep = "@@")
  expect_identical(sort(unique(whole$g)), sort(labels))
  expect_identical(whole$mu[whole$g == "Paris, FR"], unname(draws_of(fit, "mu[Paris, FR]")))
})

test_that("numeric labels: labels in the fit and in tidybayes, positions in random variables", {
  fit <- fit_labels(c("205", "7", "101", "8"))
  expect_identical(true_labels(fit), c("205", "7", "101", "8"))
  mu <- posterior::as_draws_rvars(fit)$mu
  expect_identical(length(mu), 205L) # one place for each number up to the largest
  expect_equal(mean(mu)[101], mean(draws_of(fit, "mu[101]")))
  expect_true(is.na(mean(mu)[100]))
  skip_if_not_installed("tidybayes")
  table <- spread(fit, "mu[g]")
  expect_identical(sort(unique(table$g)), c(7L, 8L, 101L, 205L))
  expect_identical(table$mu[table$g == 101], unname(draws_of(fit, "mu[101]")))
})

test_that("a single group keeps its label in the fit and in tidybayes", {
  fit <- undetermined(fit_labels("only one"))
  expect_identical(true_labels(fit), "only one")
  expect_identical(posterior::variables(posterior::as_draws_matrix(fit))[2], "mu[only one]")
  expect_identical(dimnames(posterior::as_draws_rvars(fit)$mu), list("only one"))
  expect_identical(posterior::variables(posterior::as_draws_df(posterior::as_draws_rvars(fit)))[2], "mu") # here it is lost
  skip_if_not_installed("tidybayes")
  expect_identical(unique(spread(fit, "mu[g]", sep = "@@")$g), "only one")
})

test_that("the log likelihood for priorsense is that of the rows, one by one or summed", {
  each <- log_lik_draws.bayespool_fit(partial)
  expect_identical(posterior::variables(each), paste0("log_lik[", 1:21, "]"))
  expect_equal(unname(unclass(posterior::as_draws_matrix(each))[, 1:21]), log_lik(partial), ignore_attr = TRUE)
  joint <- log_lik_draws.bayespool_fit(partial, joint = TRUE)
  expect_equal(c(unclass(joint)), rowSums(log_lik(partial)))
})

# brms ---------------------------------------------------------------------------------------------------------------------

test_that("brms' generics of its own find fits", {
  skip_if_not_installed("brms")
  expect_identical(exported("brms", "ngrps")(slopes), ngrps(slopes))
})
