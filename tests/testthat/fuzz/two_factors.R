# Random calls with two grouping factors: seeds above two million.

# Rows of some design: the columns of fuzz_data(), and factors `a` and `b`.
fuzz_factor_data <- function(sane = chance(0.85)) {
  n <- if (sane) sample(c(6, 12, 25, 60), 1) else sample(c(1, 2, 3, 12), 1)
  data <- fuzz_data(TRUE, n)
  if (chance(0.05)) data$y <- pick(rep(0, n), rep(1e9 + 0.1, n), rep_len(0:1, n))
  few <- sample(2:6, 1)
  a <- sample(few, n, TRUE)
  b <- sample(sample(2:5, 1), n, TRUE)
  designs <- c("crossed", "balanced", "nested", "apart", "one-to-one", "one level", "own level", "sparse")
  design <- sample(designs, 1, prob = c(4, 1, 3, 2, 1, 1, 1, 1))
  switch(design,
    balanced = {
      a <- rep_len(seq_len(few), n)
      b <- (seq_len(n) - 1) %/% few %% 3
    },
    nested = b <- 10 * a + b,
    apart = b <- b + 10 * (a > few / 2),
    `one-to-one` = b <- letters[a],
    `one level` = if (chance(0.7)) b <- rep("only", n) else a <- b <- rep(1, n),
    `own level` = a <- seq_len(n),
    sparse = b <- (a + sample(0:1, n, TRUE)) %% few
  )
  data$a <- a
  data$b <- pick(b, as.character(b), factor(b), factor(b, levels = c(rev(unique(b)), "unused")), factor(b))
  if (!sane) {
    column <- sample(c("a", "b"), 1)
    data[[column]] <- pick(fuzz_groups(n, FALSE), fuzz_column(n), rep(NA, n))
  }
  if (chance(0.2)) data$x <- pick(as.numeric(a), as.numeric(factor(b)), data$y, rep(2, n), 1e9 + stats::rnorm(n), a * (a > 1))
  data
}

fuzz_factor_formula <- function(sane = chance(0.85)) {
  if (sane) {
    return(pick(
      y ~ x + (1 | a) + (1 | b), y ~ x + (1 | a) + (1 | b), y ~ 1 + (1 | a) + (1 | b), y ~ 1 + (1 | b) + (1 | a), y ~ (1 | a / b),
      y ~ x + (1 | a / b), y ~ x + f + (1 | a) + (1 | a:b), y ~ x + (1 | a:b) + (1 | b), y ~ 0 + x + (1 | a) + (1 | b),
      y ~ x * f + (1 | a) + (1 | b), y ~ x + (1 | b / a), y ~ 0 + (1 | a) + (1 | b), y ~ x + (1 | a:b), y ~ poly(x, 2) + (1 | a) + (1 | b),
      y ~ f + (1 | a) + (1 | g), y ~ x + (1 | h / a), y ~ x + (1 | a:b) + (1 | g:h)
    ))
  }
  pick(
    y ~ x + (1 + x | a) + (1 | b), y ~ (1 | a) + (1 | b) + (1 | g), y ~ (1 | a / b / g), y ~ (1 | a) + (1 | a), y ~ (1 | a:b) + (1 | b:a),
    y ~ a + (1 | a) + (1 | b), y ~ (1 | a) + (0 + x | b), y ~ (1 | a) + (1 | nosuch), y ~ (1 | a:nosuch), y ~ (1 | a:a), y ~ (1 | a / a),
    y ~ (1 | a * b), y ~ (1 | a + b), y ~ a:b + (1 | a) + (1 | b), y ~ (1 | a) + (1 | y), y ~ (1 | a) + (1 | x), log(y) ~ (1 | a) + (1 | b),
    y ~ (1 | factor(a)) + (1 | b), y ~ (1 | a) + (1 | `a b`), y ~ (x || a) + (1 | b), y ~ scale(x) + (1 | a) + (1 | b)
  )
}

# Of parameters that the model has, as a rule.
fuzz_factor_prior <- function(formula) {
  text <- paste(deparse(formula), collapse = " ")
  bars <- regmatches(text, gregexpr("(?<=\\(1 \\| )[a-z:]+(?=\\))", text, perl = TRUE))[[1]]
  names <- c(
    "sigma_y", "sigma_0", if (length(bars) > 0) sprintf("sigma_0[%s]", bars), if (!grepl("~ 0", text)) "beta_0",
    if (grepl("x|f", text)) "beta"
  )
  names <- c(names[stats::runif(length(names)) < 0.3], if (chance(0.03)) pick("sigma_0[nosuch]", "sigma_beta", "rho", "icc"))
  sane <- chance(0.9)
  if (length(names) == 0) {
    return(NULL)
  }
  stats::setNames(lapply(names, function(name) if (startsWith(name, "sigma")) fuzz_scale(sane) else fuzz_location(sane)), names)
}

fuzz_first_factors <- function() {
  formula <- fuzz_factor_formula()
  data <- fuzz_factor_data()
  if (chance(0.2)) {
    data <- quietly_try(if (chance(0.3)) group_moments(formula, data, weights = w) else group_moments(formula, data))
  }
  if (inherits(data, "condition") || chance(0.05)) {
    return(list(label = "moments", run = function() signal_error(data)))
  }
  arguments <- c(list(formula, data, fuzz_factor_prior(formula)), fuzz_arguments())
  if (is.data.frame(data) && chance(0.3)) arguments["weights"] <- list(quote(w))
  verb <- sample(c("mixed_model", "varying_intercept", "partial_pooling", "compare_pooling"), 1, prob = c(30, 1, 1, 1))
  list(label = verb, run = function() do.call(verb, arguments), model = verb, arguments = arguments)
}

# The factors in the other order give the same posterior.
check_swapped <- function(first, fit) {
  if (is.null(fit$log_evidence) || has_lost_digits(fit)) { # after NUTS there is none
    return()
  }
  bars <- sprintf("(1 | %s)", rev(names(fit$parsed$factors)))
  again <- again_exact(first)
  again[[1]] <- stats::as.formula(paste(c(deparse1(fit$parsed$fixed), bars), collapse = " + "))
  other <- do.call("mixed_model", again)
  if (abs(other$log_evidence - fit$log_evidence) > 1e-6 * (1 + abs(fit$log_evidence))) violated("swapped factors: another evidence")
}
