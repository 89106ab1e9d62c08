# The estimates of compare_pooling() where groups can be compared with what was observed in them: at the average predictors.

# `groups`: one row for each group and model, as $groups has them: group, n, model, `observed` (mean of the observations of the
# group), estimate, lower, upper. `population`: estimate, lower, upper under partial pooling. All by quadrature, whatever made the
# draws of the fits.
#
# With predictors a group's mean response is that at the mean of the predictors over all observations, and `observed` is
# adjusted to it by the slopes of partial pooling: ybar_j - (xbar_j - xbar)' beta. So observed mean, estimates and population
# differ by shrinkage alone.
#
# Predictors of counts belong to groups, and their estimates are at each group's own.
compare_at_average <- function(comparison, prob, interval, call) {
  if (has_counts(comparison$fits$partial$model)) {
    compared <- compare_counts(comparison$fits, prob, interval, call)
    compared$groups$n <- compared$groups[[families[[comparison$fits$partial$model$family]]$size]]
    compared$groups$observed <- compared$groups$raw_mean
    return(compared)
  }
  fits <- lapply(comparison$fits, function(fit) {
    fit$settings$algorithm <- "exact"
    fit
  })
  moments <- fits$partial$reduced
  groups <- length(moments$group)
  predictors <- ncol(moments$mean) - 1
  x <- moments$mean[, seq_len(predictors), drop = FALSE]
  average <- weighted_means(x, moments)
  at_average <- matrix(average, groups, predictors, byrow = TRUE)
  slopes <- posterior_means(fits$partial, call = call)[fits$partial$model$slopes]
  estimates <- lapply(fits, function(fit) {
    if (predictors == 0) {
      variables <- layout_variables(fit$model, if (has_groups(fit$model)) "group" else "population")
      return(interval_table(fit, prob, interval, rep_len(variables, groups), call = call))
    }
    if (has_groups(fit$model)) {
      return(row_table(fit, at_average, seq_len(groups), noise = 0, prob, interval, call))
    }
    row_table(fit, at_average, rep(NA_integer_, groups), noise = 0, prob, interval, call)
  })
  population <- row_table(fits$partial, at_average[1, , drop = FALSE], NA_integer_, noise = 0, prob, interval, call)
  named <- function(table) data.frame(estimate = table[, "mean"], lower = table[, "lower"], upper = table[, "upper"], row.names = NULL)
  list(
    groups = data.frame(
      group = rep(factor(moments$group, levels = moments$group), 3), n = rep(moments$n, 3),
      model = factor(rep(names(fits), each = groups), levels = names(fits)),
      observed = rep(as.vector(moments$mean[, predictors + 1] - (x - at_average) %*% slopes), 3),
      named(do.call(rbind, unname(estimates)))
    ),
    population = named(population)
  )
}
