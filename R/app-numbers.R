# What the explorer shows, as plain lists: the same numbers as compare_pooling() and exact_summary() of the fits. No Shiny here.

# `fits`: those that exist, the whole model, which is the last, among them.
explored_numbers <- function(exploration, state, fits, call = NULL) {
  whole <- fits[[length(fits)]]
  labels <- all_labels(exploration$data, state$added)
  compared <- compare_at_average(list(fits = fits), 0.94, "hdi", call)
  by_model <- split(compared$groups, compared$groups$model)
  list(
    groups = c(
      list(label = labels[labels %in% whole$reduced$group], at = which(labels %in% whole$reduced$group)),
      as.list(by_model[[1]][c("n", "observed")]),
      list(
        # What dragging a point moves: the group's own mean, and how far the picture is from it.
        shift = by_model[[1]]$observed - raw_means(whole$reduced),
        models = lapply(by_model, function(rows) as.list(rows[c("estimate", "lower", "upper")])), shrinkage = shrinkage_of(whole, call)
      )
    ),
    population = as.list(compared$population),
    spread = spread_numbers(whole, call),
    new_group = new_group_numbers(whole, call),
    priors = prior_numbers(fits[[state$model]] %||% whole, labels[state$group], call),
    lines = line_numbers(fits, call),
    evidence = lapply(fits, log_evidence_or_na)
  )
}

raw_means <- function(data) {
  if (inherits(data, "group_counts")) data$events / data$size else unname(data$mean[, ncol(data$mean)])
}

# The share of the variance in the population that a group's data leave. Where slopes vary there is one for each effect, and none is shown.
shrinkage_of <- function(fit, call) {
  if (!varies_in_slope(fit$model)) {
    unname(exact_pooling_weights(fit_posterior(fit), group_weights(fit$reduced), 0.94, "hdi", call)[, 1])
  }
}

log_evidence_or_na <- function(fit) tryCatch(log_marginal_likelihood(fit), bayespool_error = function(cnd) NA_real_)

# Standard deviations and, where there is one, the intraclass correlation: mean and interval of each.
spread_numbers <- function(fit, call) {
  layout <- fit$model$layout
  variables <- c(layout$variable[startsWith(layout$role, "scale")], icc_names(fit$model))
  table <- exact_interval_table(fit, 0.94, "hdi", variables, call = call)
  list(name = variables, estimate = unname(table[, "mean"]), lower = unname(table[, "lower"]), upper = unname(table[, "upper"]))
}

# Densities of a new group's mean and, of a normal outcome, of an observation there, at the average predictors.
new_group_numbers <- function(fit, call) {
  counts <- has_counts(fit$model)
  x <- average_columns(fit)
  noise <- if (counts) 0 else 0:1
  group <- rep(length(fit$reduced$group) + 1L, length(noise))
  prob <- c(0.94, 0.03, 0.15, 0.3, 0.45, 0.6, 0.75, 0.87, 0.98, 0.996)
  tables <- lapply(prob, function(p) row_table(fit, x[rep(1, length(noise)), , drop = FALSE], group, noise, p, "central", call))
  lapply(seq_along(noise), function(k) {
    ends <- vapply(tables, function(table) table[k, c("lower", "upper")], c(0, 0))
    density <- density_between(c((1 - prob) / 2, (1 + prob) / 2), c(t(ends)))
    c(density, list(mean = tables[[1]][[k, "mean"]], lower = ends[[1, 1]], upper = ends[[2, 1]]))
  })
}

average_columns <- function(fit) {
  rbind(if (has_counts(fit$model)) colMeans(columns_of_groups(fit)) else weighted_means(fit$reduced$mean, fit$reduced)[fit$model$columns])
}

# The density of a distribution with these quantiles: the slope of a smooth curve through them.
density_between <- function(p, q) {
  order <- order(p)
  p <- p[order]
  q <- q[order]
  apart <- c(TRUE, diff(q) > 0)
  if (sum(apart) < 4 || !all(is.finite(q))) {
    return(list(x = q[1], y = NA))
  }
  x <- seq(q[1], q[length(q)], length.out = 81)
  list(x = x, y = pmax(0, stats::splinefun(q[apart], p[apart], "natural")(x, deriv = 1)))
}

# The priors of a model's parameters, as the controls need them, beside the posterior. Of what each group has, it is that of `group`.
prior_numbers <- function(fit, group, call) {
  kinds <- prior_kinds(fit$model)
  probs <- c(0.0005, 0.002, 0.01, seq(0.03, 0.97, length.out = 33), 0.99, 0.998, 0.9995)
  variables <- vapply(names(kinds), function(name) {
    all <- prior_variables(fit$model, name)
    c(intersect(all, paste0(name, "[", group, "]")), all[1])[1]
  }, "")
  table <- exact_table(fit_posterior(fit), probs, chosen = match(variables, layout_variables(fit$model)), call = call)
  rows <- order(order(match(variables, layout_variables(fit$model)))) # exact_table() keeps their order
  Map(function(name, variable, row) {
    prior <- fit$priors[[name]]
    quantiles <- table[row, -(1:2)]
    fixed <- is_fixed(prior)
    posterior <- if (fixed) list(x = prior$par[[1]], y = NA) else density_between(probs, quantiles)
    x <- grid_of_prior(prior, posterior$x)
    c(control_of(prior), list(
      parameter = name, variable = variable, kind = prior$kind, x = x, prior = if (!fixed) prior_density(prior, x), posterior = posterior,
      mean = table[row, 1], unit = stats::sd(posterior$x)
    ))
  }, names(kinds), variables, rows, USE.NAMES = FALSE)
}

# Where to draw a prior: around the posterior, and as much of the prior as is not far away.
grid_of_prior <- function(prior, x) {
  if (prior$kind == "correlation") {
    return(seq(-0.999, 0.999, length.out = 81))
  }
  width <- max(diff(range(x)), abs(mean(x)) * 1e-3, 1e-12)
  seq(max(min(x) - width, if (prior$kind == "scale") width * 1e-3), max(x) + width, length.out = 81)
}

# A flat one is drawn as if it ended where the picture does.
prior_density <- function(prior, x) {
  if (!is_proper(prior)) rep(1 / diff(range(x)), length(x)) else exp(log_prior(prior, cbind(x)))[, 1]
}

# A prior as read_control() takes it: family, numbers and their names.
control_of <- function(prior) {
  family <- if (is_flat(prior)) "flat" else if (is_fixed(prior)) "degenerate" else prior$family
  entry <- prior_families[[family]]
  names <- names(if (is.null(entry$distribution)) entry$fields else formals(entry$distribution))
  list(family = family, par = as.list(unname(prior$par))[seq_along(names)], names = as.list(names))
}

# Lines over the first predictor at the average of the others: `ends`, and the values there under complete pooling, in the population
# and in each group, and by least squares in each group.
line_numbers <- function(fits, call) {
  whole <- fits[[length(fits)]]
  data <- whole$reduced
  if (has_counts(whole$model) || length(whole$model$columns) == 0) {
    return(NULL)
  }
  first <- whole$model$columns[1]
  mean <- weighted_means(data$mean, data)
  d <- ncol(data$mean)
  of <- match(first, colnames(data$mean))
  squares <- data$within[, diagonal_index(d)[of]]
  spread <- sqrt((sum(squares) + sum(group_weights(data) * (data$mean[, of] - mean[of])^2)) / sum(group_weights(data)))
  ends <- mean[[of]] + c(-2, 2) * spread
  expected <- function(fit, group) {
    x <- rbind(mean, mean)[rep(1:2, length(group)), fit$model$columns, drop = FALSE]
    x[, match(first, fit$model$columns)] <- rep(ends, length(group))
    means <- rbind(posterior_means(fit, call = call))
    group <- groups_of_model(fit, rep(group, each = 2))
    matrix(drop(expected_given(fit$model, means, x, group)), ncol = 2, byrow = TRUE)
  }
  with_response <- data$within[, diagonal_index(d)[d - 1] + of]
  slope <- ifelse(squares > group_weights(data) * (1e-10 * data$mean[, of])^2, with_response / squares, NA)
  own <- data$mean[, d] + outer(-data$mean[, of], ends, `+`) * slope
  list(
    name = first, ends = ends, complete = expected(fits[[1]], NA)[1, ], population = expected(whole, NA)[1, ],
    low = expected(whole, seq_along(data$group))[, 1], high = expected(whole, seq_along(data$group))[, 2],
    own_low = own[, 1], own_high = own[, 2], x = data$mean[, of], y = data$mean[, d]
  )
}

# Leave-one-out, a few groups at a time, so that the page is never left waiting: a list of functions, each of which does a piece
# and returns NULL, or when it is done `model`, `what` ("elpd_logo" or "elpd_loo"), its `estimate` and `se`.
explored_tasks <- function(exploration, state, fits) {
  tasks <- lapply(names(fits), function(name) task_of(name, "elpd_logo", groups_in_pieces(fits[[name]])))
  if (is.null(exploration$rows) || !is_unchanged(state)) {
    return(tasks)
  }
  c(tasks, lapply(names(fits), function(name) {
    task_of(name, "elpd_loo", in_pieces(1, 1, function(piece) loo(fits[[name]], newdata = exploration$rows)$pointwise[, "elpd_loo"]))
  }))
}

# `pieces`: a function of no arguments, which gives log densities or, at the end, NULL.
task_of <- function(model, what, pieces) {
  found <- numeric()
  function() {
    done <- explain_failure(pieces())
    found <<- c(found, done$value)
    if (!is.null(done$problem)) {
      list(model = model, what = what, problem = done$problem)
    } else if (is.null(done$value)) {
      list(model = model, what = what, estimate = sum(found), se = sqrt(length(found) * stats::var(found)))
    }
  }
}

in_pieces <- function(total, size, compute) {
  at <- 0
  function() {
    piece <- at + seq_len(min(size, total - at))
    at <<- at + length(piece)
    if (length(piece) > 0) unname(compute(piece))
  }
}

groups_in_pieces <- function(fit) {
  if (has_counts(fit$model)) {
    return(in_pieces(1, 1, function(piece) leave_count_groups_out(fit, 1L, NULL)))
  }
  term <- choose_factor(fit, NULL, NULL)
  in_pieces(length(fit$reduced$group), if (varies_in_slope(fit$model)) 1 else 5, function(piece) leave_groups_out(fit, term, NULL, piece))
}
