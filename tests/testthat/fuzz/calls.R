# Random calls, sound and silly, for the fuzzer: tools/fuzz.R runs it for long, test-fuzz.R briefly.
#
# A case is all that follows from one seed: a call that makes a fit, moments or a comparison, and a few calls on the result.
# Each must end in a plausible answer or in an error of class bayespool_error. Other errors that pass: rlang's for arguments in
# `...` (rlib_error_dots), and R's own for an argument that is missing, which both name the function and the argument. Warnings
# and messages must have a class of the package too.

# Calls --------------------------------------------------------------------------------------------------------------------

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

# Rows, which of some parts they belong to, and a formula. Half of the time the parts have levels of their own.
fuzz_parts <- function(formula) {
  data <- fuzz_data(sane = TRUE)
  n <- nrow(data)
  data$f <- factor(sample(c("p", "q", "r", "s"), n, TRUE), levels = sample(c("p", "q", "unused", "r", "s")))
  data$t <- sample(c("k", "l", "m"), n, TRUE)
  data$w <- sample(c(0.3, 1, 2, 7), n, TRUE) # with weights near 0 one pass has fewer digits itself
  data$l <- data$t == "k" | chance(0.5)
  part <- sample(1:4, n, TRUE)
  if (chance(0.5)) part <- paste(part %% 2, data$f %in% sample(levels(data$f), 2))
  list(formula = formula, data = data, part = part, contrasts = pick("contr.treatment", "contr.sum", "contr.helmert", "contr.poly"),
       weighted = chance(0.2))
}

fuzz_parts_formula <- function() {
  pick(
    y ~ f + (1 | g), y ~ f * x + (1 | g), y ~ 0 + f + x + (1 | g), y ~ f:x + (1 | g), y ~ f * t + (1 | g), y ~ x + (1 + f | g),
    y ~ f + (1 + f:x || h), y ~ factor(h) * f + (1 | g), y ~ t + l:f + (1 | g)
  )
}

signal_error <- function(x) if (inherits(x, "condition")) stop(x) else x

fuzz_newdata <- function(fit) {
  if (chance(0.3)) {
    return(NULL)
  }
  if (chance(0.6) && is.data.frame(fit$data) && nrow(fit$data) > 0) {
    new <- fit$data[sample(nrow(fit$data), sample(3, 1), TRUE), , drop = FALSE]
    if (chance(0.3) && !is.null(fit$parsed$group)) new[[fit$parsed$group]] <- pick("new", NA, 3.5, "a", factor("q"), list(1,
    2, 3)[seq_len(nrow(new))], as.Date("2020-01-01"), TRUE)
    if (chance(0.2) && "x" %in% names(new)) new$x <- pick(NA, Inf, "a", 1e300, TRUE, factor("p"), 0)
    if (chance(0.1)) new <- new[0, , drop = FALSE]
    if (chance(0.1)) new <- structure(new, class = c("tbl_df", "tbl", "data.frame"))
    return(new)
  }
  fuzz_data()
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
    some <- pick(NULL, NULL, fit$moments$group[1], utils::head(fit$moments$group, 3), "nosuch", NA, 1)
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
    picture <- function(...) fuzz_picture(fit$moments, c(...), posterior::variables(fit))
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

# Checks -------------------------------------------------------------------------------------------------------------------

violated <- function(...) stop(structure(class = c("fuzz_violation", "error", "condition"), list(message = paste0(...),
  call = NULL)))

# Moments of the parts, merged, are those of all rows.
check_parts <- function(formula, data, part, contrasts, weighted) {
  withr::local_options(contrasts = c(contrasts, "contr.poly"))
  moments <- function(rows) if (weighted) group_moments(formula, rows, weights = w) else group_moments(formula, rows)
  whole <- moments(data)
  parts <- lapply(unname(split(data, part)), function(rows) tryCatch(moments(rows), bayespool_error = identity))
  # A part may have no rows left, or text with a single value.
  if (any(vapply(parts, inherits, NA, "condition"))) {
    return(whole)
  }
  # Columns made from all of a part's rows are accepted where their levels have the same names.
  if ("cut" %in% all.names(formula)) {
    return(do.call(c, parts))
  }
  merged <- tryCatch(do.call(c, parts), bayespool_error_moments = identity)
  if (inherits(merged, "condition")) {
    expected <- "depend on all rows|too large for double precision"
    if (!grepl(expected, conditionMessage(merged))) violated("parts do not merge: ", conditionMessage(merged))
    return(whole)
  }
  check_same(merged, whole, "merged parts")
  rows <- unname(split(data, part))
  in_turn <- tryCatch(moments(function() {
    next_rows <- if (length(rows) > 0) rows[[1]]
    rows <<- rows[-1]
    next_rows
  }), bayespool_error_data = identity)
  if (!inherits(in_turn, "condition")) {
    check_same(in_turn, whole, "rows in turn")
  } else if (!grepl("all rows|too large for double precision|or a category", conditionMessage(in_turn))) {
    violated("rows in turn: ", conditionMessage(in_turn))
  }
  if (chance(0.3) && rlang::is_installed(c("dbplyr", "RSQLite"))) check_table(moments, data)
  merged
}

# The same of the rows as a table of SQLite, which knows neither factors nor logical values.
check_table <- function(moments, data) {
  plain <- data[vapply(data, function(x) is.numeric(x) && is.null(dim(x)) || is.character(x) || is.factor(x) || is.logical(x), NA)]
  plain[] <- lapply(plain, function(x) if (is.factor(x)) as.character(x) else if (is.logical(x)) as.integer(x) else x)
  connection <- DBI::dbConnect(RSQLite::SQLite(), ":memory:")
  on.exit(DBI::dbDisconnect(connection))
  DBI::dbWriteTable(connection, "rows", plain)
  wanted <- tryCatch(moments(plain), bayespool_error = identity)
  found <- tryCatch(moments(dplyr::tbl(connection, "rows")), bayespool_error = identity)
  if (!inherits(wanted, "condition") && !inherits(found, "condition")) {
    check_same(found, wanted, "a table")
  } else if (inherits(wanted, "condition") && !inherits(found, "condition")) {
    violated("a table instead of ", conditionMessage(wanted))
  } else if (!inherits(wanted, "condition") && !inherits(found, "bayespool_error_formula")) {
    violated("a table: ", conditionMessage(found))
  }
}

check_same <- function(found, whole, what) {
  same <- setdiff(names(whole), c("mean", "mean_low", "within", "weight", "log_weight", "residual"))
  for (field in same) if (!identical(found[[field]], whole[[field]])) violated(field, " of ", what)
  for (field in c("weight", "log_weight")) {
    if (!isTRUE(all.equal(found[[field]], whole[[field]]))) violated(field, " of ", what)
  }
  if (!identical(colnames(found$mean), colnames(whole$mean))) violated("columns of ", what)
  check_close(found, whole)
}

# Means are right to a few units of their rounding, deviations from them to 1e-10.
check_close <- function(merged, whole) {
  d <- ncol(whole$mean)
  # Contrasts are made of each other, interactions also of numbers.
  columns <- colnames(whole$mean)
  coded <- columns %in% unlist(lapply(list(whole, whole$varying), function(part) part$terms[names(part$coding$patterns)]))
  spread <- sqrt(moments_squares(whole))
  largest <- abs(whole$mean) + spread
  for (of_several in list(coded & !grepl(":", columns, fixed = TRUE), coded & grepl(":", columns, fixed = TRUE))) {
    from <- if (any(grepl(":", columns[of_several], fixed = TRUE))) rep(TRUE, length(columns)) else of_several
    if (any(of_several)) {
      spread[, of_several] <- apply(spread[, from, drop = FALSE], 1, max)
      largest[, of_several] <- apply(largest[, from, drop = FALSE], 1, max)
    }
  }
  largest <- apply(largest, 2, max)
  rounding <- 1e-14 * rep(largest, each = nrow(spread)) + .Machine$double.xmin
  difference <- (merged$mean - whole$mean) + (merged$mean_low - whole$mean_low)
  if (any(abs(difference) > rounding)) violated("means of merged parts")
  error <- 1e-10 * spread + sqrt(if (is.null(whole$weight)) whole$n else whole$weight) * rounding
  first <- sequence(seq_len(d))
  second <- rep(seq_len(d), seq_len(d))
  bound <- error[, first] * (spread + error)[, second] + (spread + error)[, first] * error[, second]
  if (any(abs(merged$within - whole$within) > bound)) violated("products of merged parts")
}

moments_squares <- function(moments) moments$within[, cumsum(seq_len(ncol(moments$mean))), drop = FALSE]

check_summary <- function(table) {
  known <- !is.nan(table$mean)
  if (any(is.na(table$mean) & known) || any(is.infinite(table$mean) & !is.infinite(table$sd))) violated("a mean is not finite")
  if (anyNA(table$sd) || any(table$sd < 0)) violated("an sd is missing or negative")
  if (any(is.nan(table$mean) & is.finite(table$sd))) violated("a mean does not exist beside an sd that does")
  quantiles <- unlist(unclass(table)[-(1:3)])
  if (!all(is.finite(quantiles))) violated("a quantile is not finite")
  table
}

check_matrix <- function(x) {
  if (!is.matrix(x) || anyNA(x)) violated("missing values in draws")
  x
}

check_fit <- function(fit) {
  draws <- fit$draws
  if (!is.null(draws)) {
    if (!all(is.finite(draws))) violated("draws are not finite")
    size <- c(posterior::niterations(fit), posterior::nchains(fit), posterior::nvariables(fit))
    if (!identical(dim(draws), size)) violated("dimensions of draws")
  }
  if (!is.null(fit$log_evidence) && !is.finite(fit$log_evidence)) violated("evidence is not finite")
}

# The rows in another order, or their moments, give the same posterior.
check_invariance <- function(first, fit) {
  data <- first$arguments[[2]]
  weights <- first$arguments$weights
  if (!is.data.frame(data) || nrow(data) < 2 || fit$settings$prior_only || !(is.null(weights) || is.name(weights))) {
    return()
  }
  again <- first$arguments
  again$iter_sampling <- 0
  again$algorithm <- again$control <- again$iter_warmup <- NULL
  again[[2]] <- data[sample(nrow(data)), , drop = FALSE]
  # In another unit of the weights sigma, with its default prior, is larger.
  unit <- if (is.name(weights) && !any(c("sigma", "sigma_y") %in% names(first$arguments[[3]]))) 2 else 1
  if (unit > 1) again$weights <- call("*", unit^2, weights)
  other <- do.call(first$label, again)
  a <- exact_summary(fit)
  b <- exact_summary(other)
  if (!setequal(a$variable, b$variable)) violated("permuted rows: other parameters")
  b <- b[match(a$variable, b$variable), ]
  within <- grepl("^sigma(_y)?(\\[|$)", b$variable)
  b[within, -1] <- b[within, -1] / unit
  if (unit > 1) a$q50[a$variable == "icc"] <- b$q50[b$variable == "icc"] <- 0
  scale <- a$q97 - a$q3 + 1e-9 * (abs(a$q50) + max(abs(fit$moments$mean)))
  # Digits that the data themselves have lost do not count.
  y <- fit$moments$mean[, ncol(fit$moments$mean)]
  if (max(abs(y)) > 1e6 || any(fit$moments$within > 1e100)) {
    return()
  }
  if (any(abs(a$q50 - b$q50) > 1e-4 * scale + 1e-300)) violated("permuted rows: other medians")
}

# Running ------------------------------------------------------------------------------------------------------------------

deep <- paste(
  c("subscript out of bounds", "not found", "non-conformable", "NA/NaN", "missing value where",
    "argument is of length zero", "std::", "boost",
    "unused argument", "non-numeric argument", "replacement has", "arguments imply differing", "Eigen", "C\\+\\+",
    "undefined columns"),
  collapse = "|"
)

# What R says of the user's own code in a formula or a condition, such as log() of a negative number, as lm() lets it pass.
# And what ggplot2 says of the density of a single draw.
is_of_others <- function(cnd) {
  if (startsWith(conditionMessage(cnd), "Groups with fewer than two data points")) {
    return(TRUE)
  }
  call <- conditionCall(cnd)
  is.call(call) && any(all.names(call[[1]]) %in% c("log", "log1p", "scale", "ns", "poly", "cut", "range", "min", "max"))
}

is_allowed <- function(cnd) {
  if (inherits(cnd, "bayespool_error")) {
    # Whatever went wrong in the user's own code is in the parent; the message itself is the package's.
    return(!grepl(deep, rlang::cnd_header(cnd)))
  }
  inherits(cnd, c("rlib_error_dots", "rlib_error_dots_nonempty", "bayespool_warning", "bayespool_message")) ||
    grepl("^argument \"\\w+\" is missing, with no default$", conditionMessage(cnd))
}

# "ok", "refused: <class>" or "defect: <what>".
fuzz_outcome <- function(run) {
  warned <- NULL
  outcome <- tryCatch(
    withCallingHandlers(
      {
        setTimeLimit(cpu = 20, transient = TRUE)
        on.exit(setTimeLimit(cpu = Inf))
        value <- run()
        setTimeLimit(cpu = Inf)
        list(state = "ok", value = value)
      },
      warning = function(cnd) {
        if (!any(startsWith(class(cnd), "bayespool_")) && !is_of_others(cnd)) warned <<- c(warned, conditionMessage(cnd))
        invokeRestart("muffleWarning")
      },
      message = function(cnd) {
        if (!any(startsWith(class(cnd), "bayespool_"))) warned <<- c(warned, conditionMessage(cnd))
        invokeRestart("muffleMessage")
      }
    ),
    error = function(cnd) {
      setTimeLimit(cpu = Inf)
      if (is_allowed(cnd)) {
        return(list(state = paste("refused:", class(cnd)[1])))
      }
      list(state = paste0("defect: error ", class(cnd)[1], ": ", conditionMessage(cnd)))
    },
    # What the core makes of the limit when it asks R whether to stop.
    interrupt = function(cnd) list(state = "defect: more than 20 seconds")
  )
  if (!is.null(warned)) outcome$state <- paste("defect: unclassed warning or message:", warned[1])
  outcome
}

# A data frame of the calls of one case: seed, call, state.
fuzz_case <- function(seed, uses = 3) {
  withr::local_preserve_seed()
  withr::local_options(lifecycle_verbosity = "quiet")
  set.seed(seed)
  results <- list()
  note <- function(call, outcome) {
    results[[length(results) + 1]] <<- data.frame(seed = seed, call = call, state = substr(outcome$state, 1, 300))
  }
  first <- fuzz_first()
  outcome <- fuzz_outcome(first$run)
  note(first$label, outcome)
  value <- outcome$value
  table <- if (inherits(value, "bayespool_fit")) fuzz_uses else if (inherits(value, "group_moments")) fuzz_moments_uses
  if (inherits(value, "bayespool_fit")) {
    note("check_fit", fuzz_outcome(function() check_fit(value)))
    if (first$label %in% models && chance(0.15)) note("check_invariance", fuzz_outcome(function() check_invariance(first,
    value)))
  } else if (inherits(value, "compare_pooling")) {
    note("print", fuzz_outcome(function() utils::capture.output(print(value))))
    note("tidy", fuzz_outcome(function() generics::tidy(value)))
    if (requireNamespace("bayesplot", quietly = TRUE)) {
      arguments <- fuzz_picture(value$fits$complete$moments, c("groups", "sort", "prob", "interval"))
      if (!inherits(value, "compare_effects") && chance(0.4)) {
        arguments$intervals <- pick("partial", c("none", "complete"), "nosuch", NA, character(), 1)
      }
      note("plot", fuzz_outcome(function() ggplot2::ggplot_build(do.call(plot, c(list(value), arguments)))))
    }
  }
  for (name in sample(names(table), min(uses, length(table)))) {
    run <- table[[name]](value)
    note(name, fuzz_outcome(run))
  }
  do.call(rbind, results)
}
