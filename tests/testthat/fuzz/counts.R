# Random calls on counts and proportions: seeds above a million.

fuzz_count_families <- c("binomial", "poisson")
count_models <- c("complete_pooling", "no_pooling", "partial_pooling", "varying_intercept", "mixed_model")

# Rows with counts `k` of `n`, outcomes `y` of single trials and an exposure `e`; predictors of the groups `u` and `v`, of the rows `x`.
fuzz_count_data <- function(sane = chance(0.85), n = if (sane) sample(c(4, 8, 12, 30), 1) else sample(c(0, 1, 2, 12), 1)) {
  size <- pick(rep(45, n), sample(20, n, TRUE), rep(1, n), 10^sample(0:6, n, TRUE), rep(1e6, n))
  rate <- pick(0.3, 0.01, 0.99, stats::runif(n), 1e-5)
  g <- if (chance(0.5)) seq_len(n) else fuzz_groups(n, sane)
  code <- match(as.character(g), unique(as.character(g)))
  data <- list(
    k = pick(
      stats::rbinom(n, size, rate), stats::rbinom(n, size, rate), stats::rbinom(n, size, rate), rep(0, n), size, pick(0, size) + 0 * size
    ),
    n = size, e = pick(stats::rexp(n) + 0.01, rep(1, n), 10^stats::runif(n, -4, 4)), y = stats::rbinom(n, 1, 0.4), g = g,
    u = stats::rnorm(n + 1)[code], v = rep_len(c("p", "q"), n + 1)[code], x = stats::rnorm(n)
  )
  data$share <- data$k / data$n
  if (!sane && n > 0) {
    wrong <- sample(c("k", "n", "e", "y"), 1)
    data[[wrong]][sample(n, 1)] <- pick(-1, 0.5, NA, Inf, NaN, 1e300, 0)
    if (chance(0.3)) data[[wrong]] <- fuzz_column(n)
  }
  structure(data, class = "data.frame", row.names = .set_row_names(n))
}

fuzz_count_formula <- function(family, model) {
  left <- if (family == "binomial") {
    pick(quote(cbind(k, n - k)), quote(cbind(k, n - k)), quote(y), quote(y == 1), quote(factor(y)), quote(share), quote(k))
  } else {
    pick(quote(k), quote(k), quote(y), quote(cbind(k, n - k)), quote(share))
  }
  terms <- if (model %in% c("varying_intercept", "mixed_model") || chance(0.1)) {
    pick(quote(u), quote(u), quote(v), quote(u + v), quote(x), quote(0 + u), quote(poly(u, 2)), 1)
  } else {
    pick(1, 1, 1, 0)
  }
  if (family == "poisson" || chance(0.05)) {
    terms <- call("+", terms, pick(quote(offset(log(e))), quote(offset(log(e))), quote(offset(x)), 1, quote(offset(log(k)))))
  }
  bar <- pick(quote((1 | g)), quote((1 | g)), quote((1 | g)), quote((1 | g)), quote((1 | g)), quote((1 + u | g)), quote((1 | nosuch)))
  stats::as.formula(call("~", left, call("+", terms, bar)))
}

fuzz_count_prior <- function(model) {
  location <- function() {
    pick(dist_normal(0, 2.5), dist_normal(-3, 0.5), dist_normal(0, 50), dist_uniform(-Inf, Inf), dist_degenerate(-1), dist_normal(50, 1))
  }
  scale <- function() {
    pick(
      dist_exponential(1), dist_normal(0, 1), dist_cauchy(0, 1), dist_uniform(0, 2), dist_uniform(0, Inf), dist_degenerate(0.5),
      dist_degenerate(0), dist_gamma(2, 0.1), dist_lognormal(0, 1), dist_inverse_gamma(2, scale = 1)
    )
  }
  prior <- switch(model,
    complete_pooling = , no_pooling = list(mu = location()), partial_pooling = list(hyper_mu = location(), sigma_mu = scale()),
    list(beta_0 = location(), sigma_0 = scale(), beta = location())
  )
  if (chance(0.4)) NULL else prior[stats::runif(length(prior)) < 0.7]
}

fuzz_first_counts <- function() {
  model <- sample(count_models, 1)
  family <- sample(fuzz_count_families, 1)
  formula <- fuzz_count_formula(family, model)
  data <- fuzz_count_data()
  if (chance(0.2)) data <- quietly_try(group_counts(formula, data, family))
  if (inherits(data, "condition")) {
    return(list(label = "counts", run = function() signal_error(data)))
  }
  given <- if (chance(0.95)) family else pick("gaussian", stats::Gamma(), stats::binomial("probit"), NA, 1, "nosuch")
  arguments <- c(list(formula, data, fuzz_count_prior(model)), fuzz_arguments(), list(family = given))
  if (identical(formula[[2]], quote(share)) || chance(0.05)) arguments$weights <- quote(n)
  verb <- if (chance(0.1)) "compare_pooling" else model
  list(label = verb, run = function() do.call(verb, arguments), model = model, arguments = arguments)
}
