# Random calls, sound and silly, for the fuzzer: tools/fuzz.R runs it for long, test-fuzz.R briefly.
#
# A case is all that follows from one seed: a call that makes a fit, moments or a comparison, and a few calls on the result.
# Each must end in a plausible answer or in an error of class bayespool_error. Other errors that pass: rlang's for arguments in
# `...` (rlib_error_dots), and R's own for an argument that is missing, which both name the function and the argument. Warnings
# and messages must have a class of the package too.

fuzz_moments <- function(formula = fuzz_formula(), data = fuzz_data()) {
  if (chance(0.7)) {
    if (chance(0.3)) {
      return(quietly_try(group_moments(formula, data, weights = w)))
    }
    return(quietly_try(group_moments(formula, data)))
  }
  table <- fuzz_table()
  if (chance(0.5)) {
    quietly_try(as_group_moments(group = table$g, n = table$size, mean = table$y, sd = table$s))
  } else {
    quietly_try(fuzz_as_group_moments(table))
  }
}

# A table of groups, as in a paper.
fuzz_table <- function() {
  n <- sample(c(1, 2, 4, 8), 1)
  sane <- chance(0.7)
  list(
    g = if (sane) letters[seq_len(n)] else pick(sample(fuzz_labels, n), factor(letters[seq_len(n)]), rep("a", n), NULL, list(1),
    NA, fuzz_column(n)),
    size = if (sane) sample(30, n, TRUE) else pick(rep(1, n), rep(1e15, n), rep(0, n), -1, 1.5, "3", NA, rep(2^53, n),
    rep(Inf, n), fuzz_column(n)),
    y = if (sane) stats::rnorm(n) else pick(fuzz_numbers(n, FALSE), "a", NULL, fuzz_column(n)),
    s = if (sane) stats::rexp(n) else pick(rep(0, n), fuzz_numbers(n, FALSE), rep(NA, n), -1, rep(1e200, n), rep(1e-200, n),
    fuzz_column(n))
  )
}

# The table as a data frame, its columns chosen by name; what is no column of this length is left out, as data.frame() would.
fuzz_as_group_moments <- function(table) {
  rows <- length(table$y)
  data <- structure(Filter(function(x) NROW(x) == rows, table), class = "data.frame", row.names = .set_row_names(rows))
  if (chance(0.1)) data <- structure(data, class = c("tbl_df", "tbl", "data.frame"))
  if (chance(0.1)) {
    data <- pick(data[0, ], as.list(data), data[rep(1, 3), ], stats::setNames(data, rep("y", length(data))))
  }
  size <- 3 # a variable that is not in the data
  response <- pick(NULL, NULL, "y", "", NA, 1, c("a", "b"))
  pick(
    as_group_moments(data, group = g, n = size, mean = y, sd = s),
    as_group_moments(data, g, size, y, s, response = response),
    as_group_moments(data, g, size, y, s, weight = s),
    as_group_moments(data, group = g, n = size, mean = y, se = s),
    as_group_moments(data, "g", "size", "y", "s"),
    as_group_moments(data, group = g, n = 2 * size, mean = y / 2, sd = s),
    as_group_moments(data, group = .data$g, n = size, mean = y, sd = s),
    as_group_moments(data, group = g, n = size, mean = y),
    as_group_moments(data, group = g, n = size, mean = y, sd = s, se = s),
    as_group_moments(data, group = nosuch, n = size, mean = y, sd = s),
    as_group_moments(data),
    as_group_moments(data = data, group = 1, n = 2, mean = 3, sd = 4),
    as_group_moments(data, group = c(g, g), n = size, mean = y, sd = s),
    as_group_moments(data, group = NULL, n = NA, mean = stop("user"), sd = s)
  )
}

# A condition is returned, not signalled.
quietly_try <- function(expr) suppressMessages(tryCatch(expr, error = identity))

sloped_models <- c("varying_slope", "varying_intercept_slope", "mixed_model")
models <- c("complete_pooling", "no_pooling", "partial_pooling", "varying_intercept", "meta_analysis", sloped_models)

# Calls by name, each made by a function of no arguments: `make` for the first result, `use` for what follows.
fuzz_first <- function() {
  model <- sample(models, 1)
  kind <- sample(c("fit", "moments", "fit_moments", "compare", "parts"), 1, prob = c(10, 2, 3, 1, 1))
  formula <- fuzz_formula()
  if (model %in% c("partial_pooling", "meta_analysis") && chance(0.7)) formula <- y ~ 1 + (1 | g)
  if (model %in% sloped_models && chance(0.8)) formula <- fuzz_slopes(model)
  if (kind == "moments") {
    data <- fuzz_data()
    return(list(label = "moments", run = function() signal_error(fuzz_moments(formula, data))))
  }
  if (kind == "parts") {
    parts <- fuzz_parts(if (chance(0.5)) formula else fuzz_parts_formula())
    return(list(label = "parts", run = function() do.call(check_parts, parts), arguments = parts))
  }
  data <- if (kind == "fit_moments") fuzz_moments() else fuzz_data()
  if (inherits(data, "condition")) {
    return(list(label = "moments", run = function() signal_error(data)))
  }
  prior <- if (chance(0.85)) fuzz_prior_of(model) else fuzz_prior()
  if (kind == "compare" && chance(0.8)) prior <- pick(NULL, NULL, NULL, NULL, list(all = prior), list(partial = prior), list(x = prior))
  arguments <- c(list(formula, data, prior), fuzz_arguments())
  verb <- if (kind == "compare") "compare_pooling" else model
  if (verb == "meta_analysis" && chance(0.95)) {
    errors <- if (chance(0.9)) quote(w) else pick(quote(sqrt(w)), quote(nosuch), fuzz_weights(NROW(data)), 2, "w")
    arguments[[sample(c("se", "vi"), 1)]] <- errors
  } else if (chance(0.3)) {
    arguments["weights"] <- list(
      if (chance(0.9)) quote(w) else pick(quote(w^2), quote(nosuch), fuzz_weights(NROW(data)), NULL, 2, "w")
    )
  }
  if (verb == "no_pooling" && chance(0.3)) arguments$sigma <- pick("group", "common", NA, "both")
  list(label = verb, run = function() do.call(verb, arguments), model = model, arguments = arguments)
}

signal_error <- function(x) if (inherits(x, "condition")) stop(x) else x

fuzz_newdata <- function(fit) {
  if (chance(0.3)) {
    return(NULL)
  }
  if (chance(0.6) && is.data.frame(fit$data) && nrow(fit$data) > 0) {
    new <- fit$data[sample(nrow(fit$data), sample(3, 1), TRUE), , drop = FALSE]
    if (chance(0.3) && !is.null(fit$parsed$group)) new[[fuzz_group_column(fit)]] <- pick("new", NA, 3.5, "a", factor("q"), list(1,
    2, 3)[seq_len(nrow(new))], as.Date("2020-01-01"), TRUE)
    if (chance(0.2) && "x" %in% names(new)) new$x <- pick(NA, Inf, "a", 1e300, TRUE, factor("p"), 0)
    if (chance(0.1)) new <- new[0, , drop = FALSE]
    if (chance(0.1)) new <- structure(new, class = c("tbl_df", "tbl", "data.frame"))
    return(new)
  }
  fuzz_data()
}

fuzz_group_column <- function(fit) {
  columns <- unique(unlist(fit$parsed$factors))
  if (length(columns) > 1) sample(columns, 1) else columns
}

fuzz_prob <- function() if (chance(0.7)) pick(0.5, 0.9, 0.99, 0.1) else pick(0, 1, -1, NA, "a", c(0.1, 0.2), NULL, 1e-12,
  1 - 1e-12, Inf)

# Some of the arguments that pictures share. `variables`: names for `pars`.
fuzz_picture <- function(moments, wanted, variables = character()) {
  draw <- list(
    groups = function() pick(utils::head(moments$group, 2), rev(moments$group), 1, 2:1, NULL, "nosuch", NA, 0, -1, 1e9, 1.5, TRUE,
    list(), character(), c(1, 1), factor("a"), Inf, list(1)),
    sort = function() pick("data", "label", "size", "mean", "nosuch", NA, 1, NULL, c("size", "mean")),
    prob = fuzz_prob, prob_inner = fuzz_prob, interval = fuzz_interval,
    pars = function() pick(utils::head(variables, 2), variables, "sigma", "nosuch", NA, 1, character(), NULL),
    regex_pars = function() pick("^sigma", "mu", "[", "nothing", NA, 1),
    x = function() pick("x", "f", "a b", "y", "g", "nosuch", NA, 1),
    range = function() pick("group", "all", "nosuch", NA),
    ndraws = function() pick(1, 2, 50, 0, 1e9, NA, "a", 1.5)
  )[wanted]
  lapply(draw[stats::runif(length(draw)) < 0.4], function(one) one())
}

fuzz_interval <- function() if (chance(0.8)) pick("hdi", "central") else pick("eti", NA, 1, NULL)

# Things to do with a fit; each returns a function of no arguments.
fuzz_uses <- list(
  exact_summary = function(fit) {
    probs <- if (chance(0.7)) c(0.03, 0.5, 0.97) else pick(numeric(), 0.5, c(0.9, 0.1), NA, "a", 2, 0, 1, 1e-12, NULL,
    c(0.5, 0.5), TRUE, seq(0.1, 0.9, 0.1))
    function() check_summary(exact_summary(fit, probs))
  },
  summary = function(fit) {
    prob <- fuzz_prob()
    interval <- fuzz_interval()
    some <- if (chance(0.2)) pick("^sigma", "[", "nothing", NA, 1)
    more <- if (chance(0.2)) pick(TRUE, NA) else FALSE
    function() {
      utils::capture.output(print(summary(fit, prob = prob, interval = interval, regex_pars = some, diagnostics = more)))
    }
  },
  predictive_table = function(fit) {
    prob <- fuzz_prob()
    interval <- fuzz_interval()
    new <- fuzz_newdata(fit)
    function() {
      table <- predictive_table(fit, new, prob = prob, interval = interval)
      utils::capture.output(print(table))
      if (any(table$lower > table$upper, na.rm = TRUE)) stop("an interval ends before it begins")
    }
  },
  groups = function(fit) {
    prob <- fuzz_prob()
    interval <- fuzz_interval()
    some <- pick(NULL, NULL, fit$reduced$group[1], utils::head(fit$reduced$group, 3), "nosuch", NA, 1)
    best <- pick(1, 2, 0, NA, "a")
    pick(
      function() utils::capture.output(print(group_contrasts(fit, some, prob = prob, interval = interval))),
      function() utils::capture.output(print(group_contrasts(fit, reference = some, prob = prob, interval = interval))),
      function() utils::capture.output(print(group_ranks(fit, best, prob = prob, interval = interval))),
      function() utils::capture.output(print(group_ranks(fit, coefficient = pick("x", "(Intercept)", "nosuch", NA))))
    )
  },
  print = function(fit) function() utils::capture.output(print(fit)),
  predictions = function(fit) {
    verb <- pick(posterior_predict, posterior_epred, posterior_linpred, log_lik, predictive_error)
    new <- fuzz_newdata(fit)
    arguments <- list(fit, newdata = new)
    if (chance(0.2)) arguments$re_formula <- pick(NA, ~0, ~ (1 | g), "a", NULL)
    if (chance(0.2)) arguments["ndraws"] <- list(pick(1, 2, 0, 1e9, NA, "a"))
    if (chance(0.2)) arguments["seed"] <- list(odd_values())
    if (chance(0.1)) arguments["allow_new_levels"] <- list(pick(FALSE, NA, "a"))
    function() check_matrix(do.call(verb, arguments))
  },
  predictive_interval = function(fit) {
    prob <- fuzz_prob()
    new <- fuzz_newdata(fit)
    function() check_matrix(predictive_interval(fit, prob = prob, newdata = new))
  },
  predict = function(fit) {
    new <- fuzz_newdata(fit)
    arguments <- list(fit, newdata = new)
    if (chance(0.5)) arguments["interval"] <- list(pick("none", "confidence", "prediction", "confidence", "prediction", NA, "hdi"))
    if (chance(0.5)) arguments["se.fit"] <- list(pick(TRUE, TRUE, FALSE, NA))
    if (chance(0.3)) arguments["level"] <- list(fuzz_prob())
    if (chance(0.3)) arguments["re_formula"] <- list(NA)
    function() {
      table <- do.call(stats::predict, arguments)
      if (is.list(table)) table <- table$fit
      if (is.matrix(table) && any(table[, "lwr"] > table[, "upr"])) stop("an interval ends before it begins")
    }
  },
  loo = function(fit) {
    unit <- pick("observation", "group", NA)
    method <- pick("exact", "exact", "exact", "nosuch")
    function() utils::capture.output(print(loo(fit, unit = unit, method = method)))
  },
  variance_components = function(fit) {
    prob <- fuzz_prob()
    at <- if (chance(0.3)) pick(list(x = 1), list(x = NA), list(nosuch = 1), 1, data.frame(x = 1:2))
    function() utils::capture.output(print(variance_components(fit, prob = prob, at = at)))
  },
  tidiers = function(fit) {
    new <- fuzz_newdata(fit)
    level <- fuzz_prob()
    effects <- pick("fixed", "ran_vals", "ran_coefs", "ran_pars", c("fixed", "ran_pars"), NA, "x")
    pick(
      function() generics::tidy(fit), function() generics::tidy(fit, effects = effects, conf.int = TRUE, conf.level = level),
      function() generics::glance(fit), function() generics::augment(fit), function() generics::augment(fit, newdata = new),
      function() generics::augment(fit, se_fit = TRUE, interval = pick("confidence", "prediction"), conf.level = level)
    )
  },
  mixed_model = function(fit) {
    pick(
      function() fixef(fit), function() ranef(fit), function() coef(fit), function() coef(fit, condVar = TRUE),
      function() as.data.frame(ranef(fit, condVar = pick(TRUE, FALSE), prob = fuzz_prob())),
      function() utils::capture.output(print(VarCorr(fit))),
      function() stats::sigma(fit), function() stats::nobs(fit), function() ngrps(fit), function() stats::vcov(fit),
      function() stats::model.frame(fit),
      function() stats::fitted(fit), function() stats::residuals(fit), function() as.data.frame(VarCorr(fit)),
      function() stats::formula(fit)
    )
  },
  evidence = function(fit) function() stopifnot(is.finite(log_marginal_likelihood(fit))),
  prior_summary = function(fit) function() utils::capture.output(print(prior_summary(fit))),
  draws = function(fit) {
    warmup <- pick(FALSE, FALSE, TRUE, NA)
    pick(
      function() posterior::as_draws_df(fit, inc_warmup = warmup), function() posterior::as_draws_rvars(fit),
      function() posterior::as_draws_list(fit),
      function() posterior::as_draws_matrix(fit), function() posterior::ndraws(fit), function() posterior_interval(fit,
      prob = 0.9)
    )
  },
  diagnostics = function(fit) {
    pars <- pick(NULL, "sigma", "nosuch", NA, 1)
    pick(
      function() bayesplot::nuts_params(fit), function() bayesplot::log_posterior(fit), function() bayesplot::rhat(fit,
      pars = pars),
      function() bayesplot::neff_ratio(fit, pars = pars), function() nuts_adaptation(fit)
    )
  },
  update = function(fit) {
    arguments <- list(pick(list(seed = 1), list(y ~ 1 + (1 | g)), list(. ~ . + x), list(iter_sampling = 2),
    list(nosuch = 1), list(prior_only = TRUE), list(. ~ 1)))[[1]]
    function() do.call(stats::update, c(list(fit), arguments))
  },
  r_squared = function(fit) pick(function() bayes_R2(fit), function() loo_R2(fit)),
  graph = function(fit) function() utils::capture.output(print(model_graph(fit))),
  plots = function(fit) {
    if (!requireNamespace("bayesplot", quietly = TRUE) || chance(0.5)) {
      return(function() NULL)
    }
    picture <- function(...) fuzz_picture(fit$reduced, c(...), posterior::variables(fit))
    seed <- pick(1, 1, 1, NULL, NA)
    verb <- pick(
      "plot", "plot", "plot_groups", "plot_groups", "plot_new_group", "plot_effects", "plot_shrinkage", "pp_check", "caterpillar"
    )
    call <- switch(verb,
      plot = list(plot, fit, type = pick("intervals", "intervals", "trace", "density", "nosuch"),
        picture("pars", "regex_pars", "groups", "sort", "prob", "prob_inner", "interval")),
      plot_groups = list(plot_groups, fit, picture("x", "prob", "interval", "groups", "sort", "range", "ndraws")),
      plot_new_group = list(plot_new_group, fit, newdata = fuzz_newdata(fit), seed = seed, picture("prob")),
      plot_effects = list(plot_effects, fit, picture("x", "prob", "interval")),
      plot_shrinkage = list(plot_shrinkage, fit, picture("prob", "prob_inner", "groups", "sort")),
      pp_check = list(pp_check, fit, newdata = fuzz_newdata(fit), seed = seed,
        type = pick("groups", "groups", "groups", "dens_overlay", "stat_grouped", "intervals", "nosuch", NA),
        picture("groups", "sort", "prob", "interval", "x", "ndraws")),
      caterpillar = list(function(...) plot(pick(group_contrasts, group_ranks)(...)), fit, picture("prob", "interval"))
    )
    last <- length(call)
    function() ggplot2::ggplot_build(do.call(call[[1]], c(call[-c(1, last)], call[[last]])))
  }
)

fuzz_moments_uses <- list(
  subset = function(moments) {
    i <- pick(1, 0, -1, "a", NA, TRUE, c(1, 1), 1e9, NULL, character(), 1.5, factor("a"), list(1), 1:2, FALSE, Inf,
    moments$group[1])
    function() moments[i]
  },
  condition = function(moments) {
    pick(
      function() subset(moments, n > 2), function() subset(moments, n), function() subset(moments, NA),
      function() subset(moments, nosuch > 1),
      function() subset(moments, stop("user")), function() subset(moments, logical()), function() subset(moments, c(TRUE,
      FALSE, TRUE)), function() subset(moments, n > 2, 3)
    )
  },
  merge = function(moments) {
    other <- pick(moments, fuzz_moments(), 1, NULL, list())
    function() c(moments, signal_error(other))
  },
  picture = function(moments) {
    arguments <- fuzz_picture(moments, c("groups", "sort"))
    if (chance(0.2)) arguments$type <- pick("points", "histogram", "nosuch", NA)
    formula <- if (chance(0.8)) y ~ 1 + (1 | g) else fuzz_formula()
    if (!requireNamespace("bayesplot", quietly = TRUE)) return(function() NULL)
    function() ggplot2::ggplot_build(do.call(plot_data, c(list(formula, moments), arguments)))
  },
  show = function(moments) function() utils::capture.output(print(moments), print(as.data.frame(moments)),
    print(stats::nobs(moments)))
)
