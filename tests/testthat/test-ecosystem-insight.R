# insight, through which easystats' packages read a fit: what its functions say beside the fit's own answers, and beside lme4's fits.

skip_on_cran() # all of it takes long

exported <- function(package, name) getExportedValue(package, name)
insight <- function(name, ...) exported("insight", name)(...)

rows <- withr::with_seed(1, {
  g <- rep(c("b", "a", "c", "d"), c(2, 9, 6, 4))
  data.frame(
    g = g, x = rnorm(21), f = factor(rep(c("u", "v", "w"), 7)), y = rnorm(21, match(g, letters), 2), w = rep(1:3, 7), k = rpois(21, 3)
  )
})
rows$y[5] <- NA
slopes <- varying_intercept_slope(y ~ x + f + (1 + x | g), rows, seed = 1, iter_sampling = 100)
partial <- partial_pooling(y ~ 1 + (1 | g), rows, seed = 1, iter_sampling = 100)
separate <- no_pooling(y ~ x + (1 | g), rows, seed = 1, iter_sampling = 100)
complete <- complete_pooling(y ~ x + (1 | g), rows, iter_sampling = 0)
crossed <- mixed_model(y ~ x + (1 | g) + (1 | f), rows, iter_sampling = 0)
counts <- varying_intercept(cbind(k, 10 - k) ~ 1 + (1 | g), rows, family = binomial(), iter_sampling = 0)
rates <- varying_intercept(k ~ 1 + offset(log(w)) + (1 | g), rows, family = poisson(), iter_sampling = 0)
moments <- update(slopes, data = group_moments(y ~ x + f + (1 + x | g), rows))

test_that("insight: formulas, variables and data are those of lme4's fit to the same formula", {
  skip_if_not_installed("insight")
  skip_if_not_installed("lme4")
  suppressMessages({
    pairs <- list(
      list(slopes, lme4::lmer(y ~ x + f + (1 + x | g), rows)), list(crossed, lme4::lmer(y ~ x + (1 | g) + (1 | f), rows)),
      list(partial, lme4::lmer(y ~ 1 + (1 | g), rows))
    )
  })
  plain <- function(formula) gsub(" ", "", paste(deparse(formula), collapse = ""))
  for (pair in pairs) {
    formulas <- lapply(pair, function(fit) rapply(unclass(insight("find_formula", fit)), plain, how = "unlist"))
    expect_identical(formulas[[1]], formulas[[2]])
    same <- function(name, ...) expect_identical(insight(name, pair[[1]], ...), insight(name, pair[[2]], ...), info = name)
    same("find_predictors", effects = "all")
    same("find_random")
    same("find_response")
    same("find_terms")
    same("find_random_slopes")
    same("is_mixed_model")
    expect_equal(insight("n_obs", pair[[1]]), 20)
    expect_equal(insight("get_response", pair[[1]]), rows$y[-5])
    expect_equal(insight("get_data", pair[[1]], effects = "random"), rows[-5, names(insight("get_random", pair[[2]])), drop = FALSE])
    info <- insight("model_info", pair[[1]])
    expect_true(info$is_bayesian && info$is_mixed && info$is_linear && !info$is_binomial)
    expect_identical(info$n_grouplevels, insight("model_info", pair[[2]])$n_grouplevels)
  }
  expect_identical(names(insight("get_data", slopes)), c("y", "x", "f", "g"))
  expect_identical(insight("get_data", slopes, effects = "fixed"), rows[-5, c("y", "x", "f")])
})

test_that("insight: the groups of no pooling are a predictor, and groups that are only named are none", {
  skip_if_not_installed("insight")
  expect_identical(insight("find_predictors", separate), list(conditional = c("g", "x")))
  expect_null(insight("find_random", separate))
  expect_identical(insight("find_predictors", complete), list(conditional = "x"))
  expect_false(insight("is_mixed_model", complete))
})

test_that("insight: families and links, trials and offsets", {
  skip_if_not_installed("insight")
  info <- insight("model_info", counts)
  expect_true(info$is_binomial && info$is_logit && !info$is_bernoulli && info$is_bayesian)
  expect_true(insight("model_info", update(counts, I(k > 2) ~ 1 + (1 | g)))$is_bernoulli)
  expect_true(insight("model_info", rates)$is_poisson)
  expect_equal(insight("link_inverse", counts)(0.3), plogis(0.3))
  expect_equal(insight("link_function", rates)(2), log(2))
  expect_identical(insight("find_offset", rates), "w")
  expect_identical(family(slopes)$link, "identity")
  expect_identical(family(rates)$family, "poisson")
  weighted <- varying_intercept(y ~ x + (1 | g), rows, weights = w, iter_sampling = 0)
  expect_identical(insight("find_weights", weighted), "w")
  expect_null(insight("find_weights", slopes))
})

test_that("insight: parameters by effects and component, and their draws", {
  skip_if_not_installed("insight")
  find <- function(...) insight("find_parameters", ..., flatten = TRUE)
  fixed <- c("beta_0", "beta[x]", "beta[fv]", "beta[fw]")
  expect_identical(find(slopes, effects = "fixed"), fixed)
  expect_setequal(find(slopes, effects = "all"), variables(slopes))
  expect_identical(find(slopes, effects = "random_variance"), c("sigma_0", "sigma_beta[x]", "rho[x]"))
  expect_identical(find(slopes, effects = "grouplevel"), c(
    paste0("beta_0j[", c("a", "b", "c", "d"), "]"), paste0("beta_j[x,", c("a", "b", "c", "d"), "]")
  ))
  expect_setequal(find(slopes, effects = "random"), setdiff(variables(slopes), c(fixed, "sigma_y")))
  expect_identical(find(slopes, effects = "fixed", component = "all"), c(fixed, "sigma_y"))
  expect_identical(find(slopes, component = "sigma"), "sigma_y")
  expect_setequal(find(slopes, effects = "all", component = "conditional"), setdiff(variables(slopes), "sigma_y"))
  expect_identical(find(slopes, parameters = c("f[vw]", "rho")), c("beta[fv]", "beta[fw]", "rho[x]"))
  expect_identical(names(insight("find_parameters", slopes)), c("conditional", "random", "sigma"))
  expect_identical(find(separate, effects = "fixed"), c(paste0("beta_0j[", c("a", "b", "c", "d"), "]"), "beta[x]"))
  expect_error(find(slopes, effects = "mixed"), "random_variance", class = "bayespool_error_argument")

  draws <- insight("get_parameters", slopes)
  expect_identical(draws, as.data.frame(slopes, pars = fixed), ignore_attr = TRUE)
  scales <- insight("get_parameters", slopes, effects = "all", parameters = "sigma")
  expect_identical(names(scales), c("sigma_0", "sigma_beta[x]", "sigma_y"))
  table <- insight("get_parameters", slopes, summary = TRUE)
  exact <- exact_summary(slopes)
  expect_equal(table$Estimate, exact$mean[match(table$Parameter, exact$variable)])
  medians <- insight("get_parameters", slopes, summary = TRUE, centrality = "median")$Estimate
  expect_equal(medians, exact_summary(slopes, probs = 0.5)$q50[1:4])
  expect_error(insight("get_parameters", complete), class = "bayespool_error_draws")
})

test_that("insight: names for people are those of lme4, by effects and group", {
  skip_if_not_installed("insight")
  table <- insight("clean_parameters", slopes)
  expect_identical(table$Parameter, variables(slopes))
  of <- function(name, column) table[[column]][table$Parameter == name]
  expect_identical(table$Cleaned_Parameter[table$Effects == "fixed"], c(names(fixef(slopes)), "sigma"))
  expect_identical(of("beta_j[x,c]", "Group"), "x: g")
  expect_identical(of("beta_0j[c]", "Group"), "Intercept: g")
  expect_identical(of("beta_0j[c]", "Cleaned_Parameter"), "g:c")
  expect_identical(of("rho[x]", "Cleaned_Parameter"), "x ~ (Intercept)")
  expect_identical(of("sigma_beta[x]", "Group"), "SD/Cor: g")
  expect_identical(unique(insight("clean_parameters", separate)$Effects), "fixed")
  two <- insight("clean_parameters", crossed)
  expect_identical(two$Group[two$Parameter == "sigma_0[f]"], "SD/Cor: f")
})

test_that("insight: variances are VarCorr()'s, and of the rows where predictors or slopes differ", {
  skip_if_not_installed("insight")
  used <- rows[-5, ]
  between <- as.data.frame(VarCorr(slopes))
  for (fit in list(slopes, moments)) {
    variance <- insight("get_variance", fit)
    expect_equal(variance$var.fixed, var(drop(model.matrix(~ x + f, used) %*% fixef(slopes))), tolerance = 1e-8)
    z <- cbind(1, used$x)
    expect_equal(variance$var.random, mean(rowSums((z %*% VarCorr(slopes)$g) * z)), tolerance = 1e-8, ignore_attr = TRUE)
    expect_equal(variance$var.residual, between$vcov[between$grp == "Residual"], tolerance = 1e-8)
    expect_equal(variance$var.intercept, c(g = between$vcov[1]), tolerance = 1e-8)
    expect_equal(variance$var.slope, c(g.x = between$vcov[2]), tolerance = 1e-8)
    expect_equal(variance$cor.slope_intercept, c(g = between$sdcor[3]), tolerance = 1e-8)
  }
  expect_identical(insight("get_variance", slopes, component = "intercept"), insight("get_variance", slopes)["var.intercept"])
  two <- insight("get_variance", crossed)
  expect_identical(names(two$var.intercept), c("g", "f"))
  expect_equal(two$var.random, sum(two$var.intercept))
  of_counts <- insight("get_variance", counts)
  expect_equal(of_counts$var.residual, pi^2 / 3)
  expect_identical(of_counts$var.fixed, 0)
  expect_error(insight("get_variance", rates), "depends on the rate", class = "bayespool_error_model")
  expect_equal(insight("get_variance", rates, component = "random")$var.random, VarCorr(rates)$g[1])
  expect_error(insight("get_variance", separate), class = "bayespool_error_model")
})

test_that("insight: the variances have lme4's names and are near its where data are many", {
  skip_if_not_installed("insight", "0.20") # the size of what older versions return differs
  skip_if_not_installed("lme4")
  sleep <- lme4::sleepstudy
  ours <- insight("get_variance", varying_intercept_slope(Reaction ~ Days + (1 + Days | Subject), sleep, iter_sampling = 0))
  theirs <- insight("get_variance", lme4::lmer(Reaction ~ Days + (1 + Days | Subject), sleep))
  expect_identical(names(ours), names(theirs))
  for (name in names(theirs)) expect_identical(names(ours[[name]]), names(theirs[[name]]), info = name)
  # The priors are weak: the posterior means differ from the estimates by less than their standard errors, a third for 18 subjects.
  expect_lt(abs(log(ours$var.random / theirs$var.random)), 1 / 3)
  expect_lt(abs(log(ours$var.residual / theirs$var.residual)), 1 / 3)
})

test_that("insight: priors as rows, in words where they are no location and scale", {
  skip_if_not_installed("insight")
  prior <- list(beta_0 = dist_normal(1, 2), beta = dist_normal(0, Inf), sigma_0 = dist_cauchy(0, 3), sigma_y = dist_gamma(2, 0.5))
  table <- insight("get_priors", varying_intercept(y ~ x + (1 | g), rows, prior = prior, iter_sampling = 0))
  expect_identical(table$Parameter, c("beta_0", "beta[x]", "sigma_y", "sigma_0"))
  expect_identical(table$Distribution, c("normal", "uniform", "gamma(2, 0.5)", "half-Cauchy"))
  expect_identical(table$Location, c(1, NA, NA, 0))
  expect_identical(table$Scale, c(2, NA, NA, 3))
  known <- insight("get_priors", update(partial, prior = list(sigma_y = dist_degenerate(2), sigma_mu = dist_student_t(4, 0, 1))))
  expect_identical(known$Distribution[2:3], c("constant", "half-Student-t"))
  expect_identical(known$Location[2], 2)
  expect_identical(known$df[3], 4)
  expect_identical(nrow(insight("get_priors", separate)), 6L) # one for each group
})

test_that("insight: fits without rows, without draws, of chains and of the prior", {
  skip_if_not_installed("insight")
  expect_warning(expect_null(insight("get_data", moments)), class = "bayespool_warning_data")
  expect_null(insight("get_data", moments, verbose = FALSE))
  expect_equal(insight("n_obs", moments), 20)
  expect_equal(insight("find_algorithm", slopes), list(algorithm = "sampling", chains = 4, iterations = 100, warmup = 0))
  chains <- suppressWarnings(update(partial, algorithm = "nuts", chains = 2, iter_sampling = 50, iter_warmup = 150))
  expect_equal(insight("find_algorithm", chains), list(algorithm = "sampling", chains = 2, iterations = 200, warmup = 150))
  expect_equal(insight("get_sigma", slopes), sigma(slopes), ignore_attr = TRUE)
  expect_equal(insight("get_varcov", slopes), vcov(slopes))
})

test_that("insight: the response of a fit without rows is refused", {
  skip_if_not_installed("insight", "1.0") # no generic before
  expect_error(insight("get_response", moments), class = "bayespool_error_data")
})
