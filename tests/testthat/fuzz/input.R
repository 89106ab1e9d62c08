# Random input, sound and silly, for the fuzzer (see calls.R).

# Evaluates one of its arguments.
pick <- function(...) {
  choices <- substitute(list(...))[-1]
  eval(choices[[sample(length(choices), 1)]], parent.frame())
}
# A distribution whose own constructor would refuse the parameter.
lawless <- function(dist, ...) {
  fields <- unclass(dist)
  fields[[1]] <- utils::modifyList(fields[[1]], list(...))
  attributes(fields[[1]]) <- attributes(unclass(dist)[[1]])
  structure(fields, class = class(dist))
}
chance <- function(p) stats::runif(1) < p

# Data ---------------------------------------------------------------------------------------------------------------------

fuzz_numbers <- function(n, sane = chance(0.8)) {
  z <- stats::rnorm(n)
  if (sane) {
    return(pick(z, 10 + 3 * z, round(3 * z), 1e9 + z, 1e-6 * z, 1e6 * z, stats::rexp(n)))
  }
  x <- pick(
    rep(1.5, n), rep(0, n), rep(1e9 + 0.1, n), 1e150 * z, 1e-150 * z, 1e200 * z, 5e-324 * round(3 * z), 1e308 * sign(z),
    exp(50 * z), rep(c(0, 1), length.out = n), c(rep(0, max(n - 1, 0)), 1)[seq_len(n)], round(z), 2^53 + round(z),
    rep(.Machine$double.xmax, n), 1 + 1e-15 * round(z)
  )
  if (n > 0 && chance(0.4)) x[sample(n, sample(n, 1))] <- pick(NA, NaN, Inf, -Inf, 0)
  x
}

fuzz_labels <- c(
  "a", "b", "Kassel", "", " ", "NA", "a,b", "mu[1]", "x]", "sigma", "{x}", "{.val x}", "\u00e9t\u00e9", "\u6771\u4eac",
    "1e5", "100000",
  "Inf", "TRUE", "`g`", "a\nb", "%s", strrep("long", 200), "\U1F600", "\"q\"", "\\"
)

fuzz_groups <- function(n, sane = chance(0.8)) {
  if (sane) {
    return(pick(
      sample(letters[1:4], n, TRUE), rep_len(1:3, n), factor(rep_len(c("u", "v", "w"), n), levels = c("w", "v", "u", "z")),
      rep_len(c("a", "b", "c", "d", "e"), n)
    ))
  }
  groups <- pick(
    sample(fuzz_labels, n, TRUE), seq_len(n), rep("only", n), rep_len(c(TRUE, FALSE), n), rep_len(c(1e5, 2.5, NA, 1e15), n),
    addNA(factor(rep_len(c("a", NA, "b"), n))), factor(rep(NA, n), levels = "a"), ordered(rep_len(c("lo", "hi"), n)),
    rep_len(c("a", NA), n), rep_len(c(NaN, Inf, -Inf, 0, -0), n), fuzz_column(n)
  )
  groups
}

# A column of any type.
fuzz_column <- function(n) {
  days <- as.Date("2020-01-01") + seq_len(n)
  pick(
    seq_len(n), rep_len(c(TRUE, FALSE, NA), n), sample(fuzz_labels, n, TRUE), factor(sample(letters[1:3], n, TRUE),
    levels = letters),
    ordered(sample(1:3, n, TRUE)), days, as.POSIXct(days), days - as.Date("2020-01-01"), complex(real = seq_len(n)),
    as.raw(seq_len(n)), as.list(seq_len(n)), matrix(stats::rnorm(2 * n), n), I(stats::rnorm(n)),
    structure(stats::rnorm(n), class = "integer64"), structure(stats::rnorm(n), class = c("haven_labelled", "vctrs_vctr"),
    label = "x"),
    I(data.frame(a = seq_len(n), b = seq_len(n))), as.table(stats::rnorm(n)), rep(NA, n),
    if (n > 0) stats::ts(stats::rnorm(n)),
    as.POSIXlt(days), I(as.list(seq_len(n))), structure(stats::rnorm(n), names = rep_len("n", n)), numeric(n),
    fuzz_numbers(n, FALSE)
  )
}

# Positive over few or many orders of magnitude, some of them 0 or missing; or what weights cannot be.
fuzz_weights <- function(n, sane = chance(0.85)) {
  w <- pick(stats::rexp(n) + 0.05, 10^stats::runif(n, -6, 6), rep(3, n), sample(5, n, TRUE), 1e-9 * stats::rexp(n), 1e9 * stats::rexp(n))
  if (n > 0 && chance(0.2)) w[sample(n, 1)] <- pick(0, NA)
  if (sane) {
    return(w)
  }
  if (n > 0 && chance(0.3)) {
    w[sample(n, 1)] <- pick(-1, Inf, NaN, 1e300, 5e-324, 1e-200)
    return(w)
  }
  pick(10^stats::runif(n, -150, 150), rep(0, n), rep(1e300, n), rep(5e-324, n), fuzz_numbers(n, FALSE), fuzz_column(n))
}

fuzz_data <- function(sane = chance(0.8), n = if (sane) sample(c(8, 12, 20, 40), 1) else sample(c(0, 1, 2, 3, 12), 1)) {
  odd <- !sane && chance(0.5)
  data <- list(
    y = if (odd && chance(0.3)) fuzz_column(n) else fuzz_numbers(n),
    x = if (odd && chance(0.5)) fuzz_column(n) else fuzz_numbers(n),
    f = if (odd) fuzz_column(n) else factor(rep_len(c("p", "q", "q"), n)),
    g = fuzz_groups(n), h = rep_len(1:2, n)
  )
  data[["a b"]] <- stats::rnorm(n)
  data$w <- fuzz_weights(n)
  # POSIXlt and I(list()) stay as they are.
  frame <- structure(data, class = "data.frame", row.names = .set_row_names(n))
  if (sane || n == 0) {
    return(frame)
  }
  if (chance(0.2)) frame$x <- frame$y
  if (chance(0.2)) frame$x <- as.numeric(factor(as.character(frame$h))) # constant within the groups of h
  pick(
    frame, frame, frame, frame[sample(n), ], as.list(frame), frame[c("y", "g")], frame[0], NULL, "data", 1:3,
    as.matrix(frame$h),
    if (requireNamespace("tibble", quietly = TRUE)) structure(frame, class = c("tbl_df", "tbl", "data.frame")) else frame,
    stats::setNames(frame, c("y", "y", "g", "g", "x", "x")), structure(frame, names = NULL), frame[rep(1, n), ]
  )
}

# Formulas -----------------------------------------------------------------------------------------------------------------

fuzz_formula <- function(sane = chance(0.8)) {
  if (sane) {
    return(pick(
      y ~ 1 + (1 | g), y ~ 1 + (1 | g), y ~ 1 + (1 | g), y ~ x + (1 | g), y ~ x + (1 | g), y ~ 1, y ~ x, y ~ 0 + (1 | g),
      y ~ x + f + (1 | g),
      y ~ x * f + (1 | g), y ~ poly(x, 2) + (1 | g), I(y / 2) ~ x + (1 | g), y ~ `a b` + (1 | g), y ~ 0 + x + (1 | g),
      y ~ (1 | h),
      y ~ log1p(abs(x)) + (1 | h)
    ))
  }
  pick(
    y ~ 1 + (1 | g) + (1 | h), y ~ x + (x | g), y ~ offset(x) + (1 | g), y ~ . + (1 | g), y ~ splines::ns(x, 3) + (1 | g),
    log(y) ~ 1 + (1 | g), y ~ missing_column + (1 | g), y ~ nosuch(x) + (1 | g), cbind(y, x) ~ 1 + (1 | g), ~ 1 + (1 | g),
    y ~ 1 + (1 | g / h),
    y ~ 1 + (1 || g), y ~ (1 | g):x, y ~ 1 + (0 + x | g), y ~ y + (1 | g), "y ~ 1", NULL, NA, y ~ 0, 1 ~ 1, y ~ 1 | g,
    y ~ x + (1 | `a b`),
    y ~ 1 + (1 | nosuch), y ~ g + (1 | g), y ~ poly(x, 30) + (1 | g), y ~ I(x^2) + I(NULL) + (1 | g), y ~ x - x + (1 | g),
    y ~ -1 + f + (1 | g),
    y ~ stop("user") + (1 | g), y ~ x %in% f + (1 | g), y ~ (x + f)^3 + (1 | g), y ~ scale(x) + (1 | g),
    stats::rnorm(3) ~ 1 + (1 | g),
    y ~ x + x:f + (1 | g), quote(y ~ 1), y ~ 1 + (1 | g) + (1 | g), y ~ a + b + c, `a b` ~ 1 + (1 | g), y[1:2] ~ 1,
    y ~ 1 + (1 | factor(g)),
    y ~ matrix(1, 2, 2), y ~ NULL, y ~ x + (1 | 1), y ~ "x" + (1 | g), y ~ 5 + (1 | g), y ~ TRUE, f ~ x, g ~ 1 + (1 | g),
    x ~ y + (1 | g),
    y ~ Inf, y ~ NA + (1 | g), y ~ x^y + (1 | g), y ~ (1 | g) - (1 | g), (y) ~ x, -y ~ x + (1 | g), y ~ cut(x,
    2) + (1 | g), list(1)
  )
}

# What the verb takes: slopes that vary.
fuzz_slopes <- function(model) {
  switch(model,
    varying_slope = pick(y ~ x + (0 + x | g), y ~ 1 + (0 + x | g), y ~ x + (0 + x | h)),
    varying_intercept_slope = pick(
      y ~ x + (1 + x | g), y ~ x + (x | g), y ~ x + (1 + x || g), y ~ 1 + (1 + x | g), y ~ `a b` + (`a b` | g)
    ),
    mixed_model = pick(
      y ~ x + (1 + x | g), y ~ x + (1 | g), y ~ f + (1 + f || g), y ~ x + f + (0 + x | g), y ~ x + (1 | g) + (0 + x | g),
      y ~ 0 + (1 + x || g), y ~ poly(x, 2) + (1 + x || g), y ~ f + (0 + f | g), y ~ x + (0 + poly(x, 2) || g)
    )
  )
}

# Priors -------------------------------------------------------------------------------------------------------------------

fuzz_location <- function(sane = chance(0.8)) {
  if (sane) {
    return(pick(dist_normal(0, 10), dist_normal(1e3, 1), dist_uniform(-Inf, Inf), dist_degenerate(0), dist_normal(0, Inf),
    dist_normal(2, 0)))
  }
  pick(
    lawless(dist_normal(0, 1), sigma = -1), dist_normal(NA, 1), dist_normal(NaN, 1), dist_normal(1e300, 1e-300),
    dist_normal(0, 1e300), dist_exponential(1),
    dist_uniform(0, 1), dist_normal(c(0, 1), 1), dist_degenerate(Inf), dist_degenerate(NA), dist_cauchy(0, 1),
    dist_normal(Inf, 1),
    dist_normal(0, 5e-324), "normal(0, 1)", 3, NULL, list(dist_normal(0, 1)), dist_degenerate("a"), dist_normal(0, 1)[0],
    TRUE,
    distributional::dist_mixture(dist_normal(0, 1), dist_normal(1, 1), weights = c(0.5, 0.5)), dist_missing_or_normal(),
    distributional::dist_transformed(dist_normal(0, 1), exp, log), stats::rnorm, y ~ x
  )
}

dist_missing_or_normal <- function() c(dist_normal(0, 1), NA)[2]

fuzz_scale <- function(sane = chance(0.8)) {
  if (sane) {
    return(pick(
      dist_exponential(1), dist_normal(0, 5), dist_student_t(3, 0, 2), dist_cauchy(0, 5), dist_gamma(2, 0.1),
      dist_inverse_gamma(3, scale = 2),
      dist_lognormal(0, 1), dist_log_student_t(5, 0, 1),
      dist_uniform(0, 20), dist_uniform(0, Inf), dist_degenerate(1), dist_uniform(0.5, 3),
      dist_degenerate(0)
    ))
  }
  pick(
    lawless(dist_exponential(1), rate = 0), lawless(dist_exponential(1), rate = -1), dist_exponential(1e300),
    dist_exponential(1e-300), dist_gamma(1e300, 1), dist_gamma(1e-10, 1),
    lawless(dist_gamma(1, 1), shape = -1), dist_inverse_gamma(1e-3, scale = 1e-3), dist_inverse_gamma(1e8, scale = 1),
    dist_lognormal(1e5, 1), dist_lognormal(0, 1e5),
    dist_lognormal(0, 1e-10), dist_uniform(-1, 1), lawless(dist_uniform(2, 3), u = 1), dist_uniform(1, 1), dist_uniform(1,
    1 + 1e-15), dist_uniform(0, 1e300),
    dist_uniform(1e-320, 2e-320), dist_student_t(1e-5, 0, 1), dist_student_t(Inf, 0, 1), dist_student_t(3, 0, 1, ncp = 2),
    dist_normal(-100, 1),
    dist_normal(-30, 1), dist_normal(1e10, 1e-10), dist_cauchy(-1e10, 1), dist_cauchy(0, 1e-300), dist_degenerate(-1),
    dist_degenerate(1e-300),
    dist_degenerate(1e300), dist_degenerate(NaN), dist_normal(NA, NA), dist_weibull_like(), dist_exponential(c(1, 2)),
    "exponential(1)", 1,
    distributional::dist_truncated(dist_normal(0, 1), 0, Inf), dist_degenerate(1L), dist_degenerate(TRUE),
    dist_student_t(0.5, 1, 1e200),
    dist_student_t(1e300, 0, 1), dist_inverse_gamma(1e-300, 1), dist_gamma(1, 1e-300), dist_lognormal(-700, 1),
    dist_lognormal(700, 0.1), dist_log_student_t(1.1, 0, 1), dist_log_student_t(5, 0, 1e10), dist_log_student_t(5, 700, 0.1),
    dist_log_student_t(5, 0, 1e-10), lawless(dist_log_student_t(5, 0, 1), df = 0), lawless(dist_log_student_t(5, 0, 1), df = Inf)
  )
}

dist_weibull_like <- function() distributional::dist_weibull(1, 1)

fuzz_prior <- function(sane = chance(0.8)) {
  names <- c("mu", "sigma", "hyper_mu", "sigma_y", "sigma_mu", "beta_0", "beta", "beta_0j", "sigma_0", "beta[x]")
  if (sane && chance(0.4)) {
    return(NULL)
  }
  if (!sane && chance(0.3)) {
    return(pick(list(), list(1), dist_normal(0, 1), "flat", list(mu = dist_normal(0, 1), mu = dist_normal(0, 1)),
    list(dist_normal(0, 1)), NA, c(mu = 1),
                list(nosuch = dist_normal(0, 1)), stats::setNames(list(dist_normal(0, 1)), NA),
                stats::setNames(list(dist_normal(0, 1)), ""),
                data.frame(mu = 1), list("beta[nosuch]" = dist_normal(0, 1)), function(x) x, list("{x}" = dist_normal(0,
                1)), structure(list(), names = character())))
  }
  names <- sample(names, sample(3, 1))
  values <- lapply(names, function(name) if (startsWith(name, "sigma")) fuzz_scale() else fuzz_location())
  stats::setNames(values, names)
}

# Priors for parameters that the model has, so that a fit is likely.
fuzz_prior_of <- function(model) {
  names <- switch(model,
    complete_pooling = c("mu", "beta_0", "beta", "sigma"), no_pooling = c("mu", "beta_0j", "beta", "sigma"),
    partial_pooling = c("hyper_mu", "sigma_y", "sigma_mu"), meta_analysis = c("hyper_mu", "sigma_mu"),
    varying_intercept = c("beta_0", "beta", "sigma_y", "sigma_0"),
    varying_slope = c("beta_0", "beta", "sigma_y", "sigma_beta"),
    c("beta_0", "beta", "sigma_y", "sigma_0", "sigma_beta", "rho")
  )
  names <- names[stats::runif(length(names)) < 0.4]
  sane <- chance(0.8)
  values <- lapply(names, function(name) {
    if (name == "rho") return(pick(dist_lkj(1), dist_lkj(2), dist_lkj(0.5), dist_normal(0, 1), 0))
    if (startsWith(name, "sigma")) fuzz_scale(sane) else fuzz_location(sane)
  })
  if (length(names) > 0) stats::setNames(values, names)
}

# Arguments ----------------------------------------------------------------------------------------------------------------

odd_values <- function() {
  pick(NA, NULL, -1, 1.5, "a", Inf, NaN, 1:2, numeric(), TRUE, list(), 0, 1e9, NA_character_, -1e9, 1e300, sum, y ~ x,
    2^31, 1L, "", complex(1), 5e-324)
}

fuzz_arguments <- function() {
  sane <- chance(0.85)
  nuts <- chance(0.15)
  arguments <- list(iter_sampling = sample(c(0, 1, 2, 5, 30), 1, prob = c(3, 1, 1, 2, 4)), chains = sample(1:3, 1))
  if (nuts) {
    arguments$algorithm <- "nuts"
    arguments$iter_warmup <- sample(c(0, 1, 10, 40), 1)
    arguments$iter_sampling <- sample(c(0, 1, 5, 20), 1)
    if (chance(0.4)) {
      arguments$control <- nuts_control(
        parameterization = pick("noncentered", "centered"), adapt_delta = pick(0.8, 0.01, 0.999),
        max_treedepth = sample(c(1, 3, 6), 1),
        save_warmup = chance(0.5)
      )
    } else {
      arguments$control <- nuts_control(max_treedepth = 6)
    }
  }
  if (chance(0.3)) arguments$seed <- pick(0, 1, .Machine$integer.max, 17L)
  if (chance(0.1)) arguments$prior_only <- TRUE
  if (chance(0.2)) arguments$cores <- 2
  if (!sane) {
    name <- pick("chains", "iter_sampling", "iter_warmup", "seed", "prior_only", "cores", "control", "algorithm",
    "nosuch", "sigma", "")
    arguments[name] <- list(odd_values())
    # A million chains are a long answer to an odd question.
    if (is.numeric(arguments$chains) && isTRUE(arguments$chains[1] > 1e3)) arguments$iter_sampling <- 1000
  }
  arguments
}
