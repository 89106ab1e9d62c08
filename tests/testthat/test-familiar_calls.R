# Calls that users of other packages make: they work, or the answer says where to go.

refused <- function(expr, type = "argument") {
  gsub("\\s+", " ", conditionMessage(expect_error(expr, class = paste0("bayespool_error_", type))))
}
partial <- function(...) partial_pooling(yield ~ 1 + (1 | block), npk, ..., iter_sampling = 0)
a <- partial()
b <- varying_intercept(yield ~ N + (1 | block), npk, iter_sampling = 0)

test_that("loo_compare() takes fits and names the rows as the variables", {
  for (unit in c("observation", "group")) {
    compared <- loo_compare(a, b, unit = unit)
    by_hand <- loo::loo_compare(list(a = loo(a, unit = unit), b = loo(b, unit = unit)))
    expect_identical(compared, by_hand)
  }
})

# Newer versions of loo have the names in a column.
models_in <- function(comparison) if ("model" %in% colnames(comparison)) comparison[, "model"] else rownames(comparison)

test_that("loo_compare() takes the names of arguments, and lists by do.call()", {
  fits <- list(one = a, two = b)
  expect_setequal(models_in(loo_compare(simple = a, rich = b)), c("simple", "rich"))
  expect_setequal(models_in(loo_compare(fits$one, b)), c("fits$one", "b"))
  expect_setequal(models_in(do.call(loo_compare, fits)), c("one", "two"))
  expect_setequal(models_in(do.call(loo_compare, unname(fits))), c("model1", "model2"))
  expect_setequal(models_in(loo_compare(a, other = loo(b))), c("a", "other"))
  expect_identical(loo_compare(rich = b, simple = a), loo_compare(simple = a, rich = b))
})

test_that("loo_compare() refuses what it cannot compare", {
  expect_match(refused(loo_compare(a)), "at least two fits.*Found one, `a`")
  expect_match(refused(loo_compare(a, lm(yield ~ N, npk))), "`lm(yield ~ N, npk)` is neither", fixed = TRUE)
  expect_match(refused(loo_compare(a, b, criterion = "waic")), "`criterion` is neither")
  expect_match(refused(loo_compare(a, b, unit = "row")), "\"observation\", \"group\", or \"trial\"")
})

test_that("loo() of several fits says how to compare them", {
  expect_match(refused(loo(a, b)), "`loo\\(\\)` takes one fit.*`loo_compare\\(a, b\\)`")
  expect_match(refused(do.call(loo, list(a, b))), "loo_compare\\(model1, model2\\)")
})

test_that("arguments of other packages are answered", {
  expect_match(refused(partial(family = Gamma())), "gaussian\\(\\)`, `binomial\\(\\)` or `poisson")
  slopes <- refused(varying_slope(y ~ x + (0 + x | g), rows, family = binomial()))
  expect_match(slopes, "`family`: of counts and proportions.*varying_intercept")
  expect_match(refused(partial(subset = N == "1")), "choose the rows first, as in `data = subset\\(data, condition\\)`")
  expect_match(refused(partial(iter = 2000)), "did you mean `iter_sampling`.*`iter_warmup`")
  expect_match(refused(partial(warmup = 500)), "did you mean `iter_warmup`")
  expect_match(refused(partial(adapt_delta = 0.9)), "goes into `control = nuts_control\\(adapt_delta = \\)`")
})

test_that("the arguments that messages list are those that there are", {
  listed <- c(bayespool:::first_arguments, "...", bayespool:::further_arguments)
  for (verb in list(complete_pooling, partial_pooling, varying_intercept)) expect_identical(names(formals(verb)), listed)
  expect_setequal(names(formals(no_pooling)), c(listed, "sigma"))
})

test_that("misspelt arguments get the right one, others get none", {
  meant <- c(iter_sample = "iter_sampling", chain = "chains", priors = "prior", core = "cores", itersampling = "iter_sampling")
  for (name in names(meant)) {
    call <- as.call(c(list(quote(partial_pooling), yield ~ 1 + (1 | block), npk), stats::setNames(list(2), name)))
    expect_match(refused(eval(call)), sprintf("`%s`: did you mean `%s`?", name, meant[[name]]), fixed = TRUE)
  }
  both <- refused(partial(chain = 2, priors = list()))
  expect_match(both, "Unknown arguments: \"chain\" and \"priors\".*`chains`.*`prior`")
  expect_no_match(refused(partial(zzzzzz = 1)), "did you mean")
  expect_match(refused(partial(`{x}zzzz` = 1)), "Unknown argument: \"{x}zzzz\"", fixed = TRUE)
  expect_match(refused(partial(`chain{s` = 1)), "`chain{s`: did you mean `chains`?", fixed = TRUE)
  expect_match(refused(partial(NULL, 1)), "(without a name)", fixed = TRUE)
})

test_that("a Student-t prior on a location says what there is and where to go", {
  message <- refused(partial(prior = list(hyper_mu = dist_student_t(3, 50, 10))), "prior")
  expect_match(message, "location parameter, cannot be `dist_student_t()`", fixed = TRUE)
  expect_match(message, "a normal prior, a flat one or a known value.*brms and rstanarm")
  slope <- function(prior) varying_intercept(yield ~ N + (1 | block), npk, prior = list(beta = prior), iter_sampling = 0)
  expect_match(refused(slope(dist_cauchy(0, 1)), "prior"), "brms and rstanarm")
  expect_no_match(refused(slope(dist_gamma(1, 1)), "prior"), "brms")
})

# Responses and predictors of one column ----------------------------------------------------------

rows <- transform(npk, dose = seq_len(24) %% 5)
rows$z <- (rows$yield - mean(rows$yield)) / sd(rows$yield)
rows$v <- (rows$dose - mean(rows$dose)) / sd(rows$dose)
plain <- varying_intercept(z ~ v + (1 | block), rows, iter_sampling = 5, seed = 1)
few <- rows[c(1, 5, 9), ]

test_that("scale() of the response is the response scaled, in new rows by the centre and scale of the data", {
  for (formula in list(scale(yield) ~ v + (1 | block), base::scale(yield) ~ v + (1 | block))) {
    fit <- varying_intercept(formula, rows, iter_sampling = 5, seed = 1)
    expect_equal(exact_summary(fit), exact_summary(plain), tolerance = 1e-12)
    expect_equal(loo(fit)$estimates, loo(plain)$estimates, tolerance = 1e-10)
    expect_equal(log_lik(fit, few), log_lik(plain, few), tolerance = 1e-12)
    moments <- group_moments(formula, rows)
    from_moments <- varying_intercept(formula, moments, iter_sampling = 5, seed = 1)
    expect_equal(log_lik(from_moments, few), log_lik(plain, few), tolerance = 1e-12)
  }
  centred <- varying_intercept(scale(yield, scale = FALSE) ~ v + (1 | block), rows, iter_sampling = 5, seed = 1)
  by_hand <- varying_intercept(y ~ v + (1 | block), transform(rows, y = yield - mean(yield)), iter_sampling = 5, seed = 1)
  expect_equal(log_lik(centred, few), log_lik(by_hand, transform(few, y = yield - mean(rows$yield))), tolerance = 1e-12)
})

test_that("moments of responses that were scaled apart are not merged", {
  half <- rows$block %in% 1:3
  part <- function(rows) group_moments(scale(yield) ~ 1 + (1 | block), rows)
  expect_match(refused(c(part(rows[half, ]), part(rows[!half, ])), "moments"), "not the same meaning")
})

test_that("matrices of one column are vectors, as response and as predictor", {
  columns <- rows
  columns$z <- scale(rows$yield)
  columns$v <- scale(rows$dose)
  for (terms in c("v", "v + N")) {
    formula <- reformulate(c(terms, "(1 | block)"), "z")
    fit <- varying_intercept(formula, columns, iter_sampling = 5, seed = 1)
    expected <- varying_intercept(formula, rows, iter_sampling = 5, seed = 1)
    expect_equal(exact_summary(fit), exact_summary(expected), tolerance = 1e-12)
    expect_equal(loo(fit)$pointwise, loo(expected)$pointwise, tolerance = 1e-10)
    expect_equal(posterior_predict(fit, few, seed = 1), posterior_predict(expected, few, seed = 1), tolerance = 1e-12)
    expect_equal(residuals(fit), residuals(expected), tolerance = 1e-12)
  }
  with_gap <- columns
  with_gap$v[3] <- NA
  expect_message(varying_intercept(z ~ v + (1 | block), with_gap, iter_sampling = 0), "Dropped 1 row")
  two <- rows
  two$z <- cbind(rows$z, rows$z)
  expect_match(refused(partial_pooling(z ~ 1 + (1 | block), two), "data"), "numeric vector.*double matrix")
})

# Calls in warnings and errors --------------------------------------------------------------------

test_that("the call in a warning or error is short, however the fit was asked for", {
  short <- list(algorithm = "nuts", iter_sampling = 20, iter_warmup = 30, seed = 1)
  warned <- function(expr) conditionCall(tryCatch(expr, bayespool_warning = identity))
  expect_identical(warned(do.call(update, c(list(a), short))), quote(partial_pooling()))
  arguments <- c(list(yield ~ 1 + (1 | block), npk), short)
  expect_null(warned(do.call(partial_pooling, arguments)))
  expect_identical(warned(do.call("partial_pooling", arguments)), quote(partial_pooling()))
  error <- expect_error(update(a, chains = 0), class = "bayespool_error_argument")
  expect_true(all(vapply(as.list(conditionCall(error)), is.name, NA)))
})

test_that("update() refuses arguments without a name", {
  expect_match(refused(update(a, . ~ ., npk)), "must be named")
  expect_identical(exact_summary(update(a, data = npk[-1, ]))$mean, exact_summary(partial_pooling(yield ~ 1 + (1 | block), npk[-1, ]))$mean)
})

test_that("parts of tables print", {
  drawn <- update(a, iter_sampling = 50, seed = 1)
  for (table in list(exact_summary(a), summary(drawn))) {
    without <- capture.output(print(table[1:2, 2:3]))
    expect_match(without[1], "^ *mean +sd$")
    expect_length(without, 3)
  }
  text <- exact_summary(a)[1:2, ]
  text$note <- c("one", "two")
  expect_match(capture.output(print(text))[2], "hyper_mu.*one$")
})

test_that("errors and weights in a function that has none of them say which function has", {
  table <- data.frame(y = c(1, 3, 2), s = c(1, 2, 1), g = 1:3)
  expect_match(refused(partial_pooling(y ~ 1 + (1 | g), table, se = s)), "`meta_analysis()`", fixed = TRUE)
  expect_match(refused(partial_pooling(y ~ 1 + (1 | g), table, vi = s)), "`meta_analysis()`", fixed = TRUE)
  expect_match(refused(meta_analysis(y ~ 1 + (1 | g), table, se = s, weights = s)), "`se` or `vi`", fixed = TRUE)
})

test_that("methods of others' generics ignore what is passed to all models, and warn of misspelt arguments", {
  fit <- partial(seed = 1)
  passed <- list(gof_map = 1, vcov = NULL, coef_rename = "a", complete = FALSE, conf.method = "HPDinterval", mfx = NULL, silent = TRUE)
  methods <- list(
    tidy, glance, predict, fitted, residuals, fixef, ranef, coef, VarCorr, ngrps, sigma, summary, augment, prior_summary, loo
  )
  for (f in methods) {
    expect_silent(given <- do.call(f, c(list(fit), passed)))
    expect_equal(given, f(fit), ignore_attr = "model_name")
  }
  spelled <- function(call, name) expect_warning(call, sprintf("did you mean `%s`?", name), class = "bayespool_warning_argument")
  spelled(tidy(fit, conf.levle = 0.9), "conf.level")
  spelled(predict(fit, sefit = TRUE), "se.fit")
  spelled(summary(fit, probs = 0.9), "prob")
  spelled(bayesplot::rhat(update(fit, iter_sampling = 200), parss = "mu"), "pars")
  spelled(do.call(tidy, list(fit, intervals = "hdi")), "interval")
  expect_match(refused(glance(fit, 1)), "unnamed")
  expect_match(refused(predict(fit, type = "terms")), "\"response\"")
  expect_match(refused(residuals(fit, type = "pearson")), "\"response\"")
  expect_identical(predict(fit, type = "response"), predict(fit))
  for (f in list(exact_summary, log_marginal_likelihood, variance_components)) expect_match(refused(f(fit, silent = TRUE)), "silent")
})
