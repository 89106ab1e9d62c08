# What a forest plot shows: studies by themselves, studies given all, weights.

check_meta_analysis <- function(fit, what, call) {
  check_fit(fit, call)
  if (!has_known_errors(fit$model)) {
    abort_bayespool(
      c(
        "{.fn {what}} shows estimates with known standard errors, as {.fn meta_analysis} fits them.",
        i = "This is a fit by {.fn {fit$model$name}}.",
        i = "{.fn plot_groups} shows the groups of any fit."
      ),
      "model", call
    )
  }
  if (is_prior_only(fit)) {
    abort_bayespool(
      c("{.fn {what}} needs a posterior.", i = "This fit has {.code prior_only = TRUE}: its studies have not seen the data."),
      "argument", call
    )
  }
}

has_moderators <- function(fit) length(predictor_variables(fit)) > 0

# The estimates of the chosen studies, and what those of each study say together, with the intervals of their standard errors.
by_themselves <- function(fit, rows, chosen, prob) {
  moments <- fit$reduced
  table <- function(group, mean, weight) {
    se <- fit$model$scale_within$known / sqrt(weight)
    reach <- stats::qnorm((1 + prob) / 2) * se
    data.frame(group = group_factor(group, moments$group, chosen), mean = mean, lower = mean - reach, upper = mean + reach, se = se)
  }
  used <- rows$group %in% chosen
  list(
    estimates = table(rows$group[used], rows$y[used], rows$weight[used]),
    studies = table(chosen, moments$mean[chosen, ncol(moments$mean)], group_weights(moments)[chosen])
  )
}

# The effects of the chosen studies, and `pooled`, that of the population and that of a new study; without `new` none of these.
given_all <- function(fit, rows, chosen, new, prob, interval, call) {
  x <- rowsum(rows$x, rows$group) / tabulate(rows$group)
  group <- c(chosen, if (!is.null(new)) c(NA_integer_, new$group))
  table <- row_table(fit, rbind(x[chosen, , drop = FALSE], new$x, new$x), group, noise = 0, prob, interval, call)
  table <- data.frame(table, row.names = NULL)
  list(
    effects = data.frame(group = group_factor(chosen, fit$reduced$group, chosen), table[seq_along(chosen), ]),
    pooled = if (!is.null(new)) data.frame(what = c("pooled effect", "new study"), table[-seq_along(chosen), ], row.names = NULL)
  )
}

# `x` and `group` of a study that is not among those, at the moderators in `newdata`; NULL where these are not given.
read_new_study <- function(fit, newdata, call) {
  if (is.null(newdata) && has_moderators(fit)) {
    return(NULL)
  }
  new <- new_group_rows(fit, newdata, NULL, call)
  if (length(new$group) != 1) {
    abort_bayespool(
      c("{.arg newdata} must have one row, the moderators of the pooled effect.", i = "It has {length(new$group)}."), "data", call
    )
  }
  new
}

# Posterior means of 1 / (s_j^2 + tau^2), in percent of their sum over all studies.
study_weights <- function(fit, call) {
  size <- group_weights(fit$reduced)
  variance <- fit$model$scale_within$known^2 / size
  precision <- if (has_quadrature(fit)) {
    exact_pooling_weights(fit_posterior(fit), size, 0.5, "central", call)[, 1] / variance
  } else {
    colMeans(1 / outer(draws_matrix(fit, call)[, varying_term(fit$model)$sd]^2, variance, `+`))
  }
  100 * precision / sum(precision)
}

# One row a study, from the top.
forest_data <- function(fit, parts, chosen, call) {
  data.frame(
    group = parts$studies$group, n = fit$reduced$n[chosen],
    weight = if (has_moderators(fit)) NA_real_ else study_weights(fit, call)[chosen],
    estimate = parts$studies$mean, estimate_lower = parts$studies$lower, estimate_upper = parts$studies$upper,
    parts$effects[c("mean", "lower", "upper")], y = rev(seq_along(chosen)), row.names = NULL
  )
}
