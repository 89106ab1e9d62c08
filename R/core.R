# Every call of C++ that computes with a model or with draws. A `problem` is the list that new_problem() makes; `posterior` as
# new_posterior() makes it. What only models with several effects have is in core-effects.R.

core_check_design <- function(problem) cpp_check_design(problem)

# `log_evidence`; `missed`, the probability found where the quadrature has no nodes; `draws`, draws x variables; and `record`,
# what the quadrature found, from which the functions below take it.
core_fit <- function(posterior, draws, seed, cores, call) UseMethod("core_fit", posterior$problem)

core_fit.default <- function(posterior, draws, seed, cores, call) {
  run_core(cpp_fit(posterior$problem, posterior$propriety$orders, draws, seed, cores), call)
}

core_fit.effect_problem <- function(posterior, draws, seed, cores, call) {
  run_core(cpp_effects_fit(posterior$problem, posterior$propriety$orders, draws, seed, cores), call)
}

core_fit.count_problem <- function(posterior, draws, seed, cores, call) {
  run_core(cpp_counts_fit(posterior$problem, posterior$propriety$order, draws, seed, cores), call)
}

core_log_evidence <- function(posterior, call) UseMethod("core_log_evidence", posterior$problem)

core_log_evidence.default <- function(posterior, call) {
  run_core(cpp_log_evidence(posterior$problem, posterior$propriety$orders), call)
}

core_log_evidence.effect_problem <- function(posterior, call) {
  run_core(cpp_effects_evidence(posterior$problem, posterior$propriety$orders), call)
}

core_log_evidence.count_problem <- function(posterior, call) {
  run_core(cpp_counts_evidence(posterior$problem, posterior$propriety$order), call)
}

# What accuracy() compares a fit with: `log_evidence` and `record` with half the steps; `nodes` and `edge_mass` of the fit's own.
core_comparison <- function(posterior, call) {
  run_core(cpp_comparison(posterior$problem, posterior$propriety$orders, posterior$record), call)
}

# One row for each of `chosen`, which stand for the variables and, if there is one more, the icc: mean, sd, quantiles, and the ends of
# the shortest interval that holds `shortest`, if that is not 0. NaN where `chosen` is FALSE.
core_summary <- function(posterior, probs, shortest, chosen, deviations, call) UseMethod("core_summary", posterior$problem)

core_summary.default <- function(posterior, probs, shortest, chosen, deviations, call) {
  run_core(
    cpp_summary(
      posterior$problem, posterior$propriety$orders, posterior$record, as.double(probs), shortest, chosen, deviations,
      memory_for_nodes(posterior$problem)
    ),
    call
  )
}

core_summary.effect_problem <- function(posterior, probs, shortest, chosen, deviations, call) {
  run_core(
    cpp_effects_summary(
      posterior$problem, posterior$propriety$orders, posterior$record, as.double(probs), shortest, chosen, deviations,
      memory_for_nodes(posterior$problem)
    ),
    call
  )
}

core_summary.count_problem <- function(posterior, probs, shortest, chosen, deviations, call) {
  core_count_summary(posterior, probs, shortest, chosen, if (deviations) "deviation" else "link", call)
}

# As core_summary(); `scale` is "link", "deviation" (groups from the population), or "response".
core_count_summary <- function(posterior, probs, shortest, chosen, scale, call) {
  run_core(
    cpp_counts_summary(
      posterior$problem, posterior$propriety$order, posterior$record, as.double(probs), shortest, chosen, scale,
      getOption("mc.cores", 1L)
    ),
    call
  )
}

# Rows tau^2, sigma^2, icc: mean, sd, ends of the interval that holds `prob`.
core_variance_components <- function(posterior, prob, interval, call) {
  run_core(
    cpp_variance_components(posterior$problem, posterior$propriety$orders, posterior$record, prob, interval == "hdi"), call
  )
}

# The same of the population's weight in the means of groups of these sizes.
core_pooling_weights <- function(posterior, size, prob, interval, call) {
  run_core(
    cpp_pooling_weights(posterior$problem, posterior$propriety$orders, posterior$record, size, prob, interval == "hdi"), call
  )
}

# `columns`: rows of the problem's columns, of which the last is the response where that is `response`; `group` from 0, -1 for a new one,
# -2 for the population; `noise`: the variance of an observation there, in sigma^2, and 0 for its expected value. Columns mean, sd,
# lower, upper.
core_row_predictions <- function(posterior, columns, response, group, noise, prob, interval, cores, call) {
  run_core(
    cpp_row_predictions(
      posterior$problem, posterior$propriety$orders, posterior$record, columns, response, group, noise, prob, interval == "hdi",
      cores, memory_for_nodes(posterior$problem)
    ),
    call
  )
}

# Groups `first` less groups `second` (from 0): columns mean, sd, lower, upper, probability that the difference is positive.
core_group_contrasts <- function(posterior, first, second, prob, interval, cores, call) {
  run_core(
    cpp_group_contrasts(
      posterior$problem, posterior$propriety$orders, posterior$record, first, second, prob, interval == "hdi", cores,
      memory_for_nodes(posterior$problem)
    ),
    call
  )
}

# `coefficient` (P) times the coefficients and `multiple` times the deviations of groups `group` (from 0): mean, sd, lower, upper; of each
# of `at` the probability of more, then of each the density there.
core_combination <- function(posterior, coefficient, group, multiple, at, prob, interval, call) {
  run_core(
    cpp_combination(
      posterior$problem, posterior$propriety$orders, posterior$record, coefficient, group, multiple, at, prob, interval == "hdi",
      memory_for_nodes(posterior$problem)
    ),
    call
  )
}

# One row for each column of `mean` and `sd`, a normal distribution for each draw: mean, sd, lower, upper of the mixture.
core_mixtures_over_draws <- function(mean, sd, prob, interval) cpp_mixtures_over_draws(mean, sd, prob, interval == "hdi")

# Rows ordered by `group` (from 0, -1 for a new one). See exact_leave_rows_out().
core_leave_one_out <- function(posterior, columns, weight, group, about, prob, cores, call) {
  run_core(
    cpp_leave_one_out(
      posterior$problem, posterior$propriety$orders, posterior$record, columns, weight, group, about, prob, cores,
      memory_for_nodes(posterior$problem)
    ),
    call
  )
}

# The coordinates in which NUTS moves, in their order; see rcpp_nuts.cpp.
core_nuts_coordinates <- function(problem, centered) cpp_nuts_coordinates(problem, centered)

core_nuts <- function(problem, settings, chains, iter_warmup, iter_sampling, seed, cores, progress, call) {
  could_not_start <- function(cnd) {
    abort_bayespool(
      c(
        "NUTS could not start: {conditionMessage(cnd)}.",
        i = "Priors and data contradict each other, or their scales are beyond the range of numbers.",
        i = "See whether the priors are meant so: {.fn prior_summary} shows them."
      ),
      "numerical", call
    )
  }
  tryCatch(
    cpp_nuts(problem, settings, chains, iter_warmup, iter_sampling, seed, cores, progress),
    `bayespool::NoStart` = could_not_start, `bayespool::NoStepSize` = could_not_start
  )
}

core_log_scale_prior <- function(prior, x) cpp_log_scale_prior(prior, x)

# A list of vectors named by variable: `rhat`, `ess_bulk`, `ess_tail`. The numbers are posterior's, but posterior would take
# longer than the chains.
core_convergence <- function(draws) {
  values <- cpp_convergence(draws, posterior::niterations(draws), posterior::nchains(draws))
  lapply(values, stats::setNames, posterior::variables(draws))
}

# Size, means and cross-products of groups, see reduce_data().
core_group_moments <- function(columns, rows, code, first, groups, weight, pooled) {
  cpp_group_moments(columns, rows, code, first, groups, weight %||% numeric(), pooled)
}

# `lines`: as core_lines() makes them. Merged into the groups of `code`, from 1; and in the columns constant + map' z.
core_merge_lines <- function(lines, code, groups) cpp_merge_lines(lines, code, groups)
core_recode_columns <- function(lines, constant, map) cpp_recode_columns(lines, constant, map)

# What residual columns of these moments would be and keep, see residual_moments(), and their rows.
core_residual_columns <- function(moments, intercept) {
  cpp_residual_columns(sum(moments$n), moments$weight %||% moments$n, moments$mean, colSums(moments$within), intercept)
}
core_residual_rows <- function(columns, combination, constant) cpp_residual_rows(columns, combination, constant)

# Predictions: `task` as prediction_task() makes it; matrices of draws x rows.
core_epred <- function(task) cpp_posterior_epred(task)
core_linpred <- function(task) cpp_posterior_linpred(task)
core_predict <- function(task) cpp_posterior_predict(task)
core_predictive_error <- function(task) cpp_predictive_error(task, task$y)
core_log_lik <- function(task) cpp_log_lik(task, task$y)
core_predictive_quantiles <- function(task, probs) cpp_predictive_quantiles(task, probs)

# A random number for each row, on [0, 1).
core_random_keys <- function(rows, seed) cpp_random_keys(rows, seed)

# Bytes for the covariance matrices of the coefficients at the nodes. Few coefficients always fit.
memory_for_nodes <- function(problem) if (length(problem$coefficient_sd) < 100) Inf else available_memory()

# What the core refuses becomes an error of the package.
run_core <- function(result, call) {
  tryCatch(
    result,
    `bayespool::UnreachableMass` = function(cnd) {
      abort_bayespool(
        c(
          "The posterior cannot be computed: it has mass at standard deviations that are too small or too large for numbers.",
          i = "A prior with very heavy tails and few data do this.",
          i = "Choose a prior for the standard deviations with more definite scale, such as {.code dist_exponential()}."
        ),
        "numerical", call
      )
    },
    `bayespool::NodesTooLarge` = function(cnd) {
      abort_bayespool(
        c(
          "The covariances of the coefficients, at each node of the quadrature, would not fit in memory.",
          i = "They take {format_bytes(as.numeric(conditionMessage(cnd)))}; {format_bytes(available_memory())} are available.",
          i = "Use fewer predictors, or what is computed from draws: {.fn summary}, {.code loo(fit, method = \"psis\")}."
        ),
        "memory", call
      )
    },
    `bayespool::TooManyNodes` = function(cnd) {
      abort_bayespool(
        c(
          "The posterior takes more nodes than the quadrature may have.",
          i = "That happens where a predictor that varies between groups is far from 0, where four or more standard deviations and \\
              correlations are hardly known, or where the groups of two factors are nearly as many as the observations.",
          i = "Centre such predictors, leave correlations out with {.code ||}, give narrower priors, or use {.code algorithm = \"nuts\"}."
        ),
        "numerical", call
      )
    },
    `bayespool::NotConverged` = function(cnd) {
      abort_bayespool(
        c(
          "The quadrature did not converge.",
          i = "The posterior is not smooth enough, or numbers are too large; see whether data and priors are meant so."
        ),
        "numerical", call
      )
    }
  )
}
