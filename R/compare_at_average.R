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
  whole <- comparison$fits[[length(comparison$fits)]]
  if (has_counts(whole$model)) {
    compared <- compare_counts(comparison$fits, prob, interval, call)
    compared$groups$n <- compared$groups[[families[[whole$model$family]]$size]]
    compared$groups$observed <- compared$groups$raw_mean
    return(compared)
  }
  fits <- lapply(comparison$fits, function(fit) {
    fit$settings$algorithm <- "exact"
    fit
  })
  whole <- fits[[length(fits)]]
  moments <- whole$reduced
  groups <- length(moments$group)
  predictors <- ncol(moments$mean) - 1
  x <- moments$mean[, seq_len(predictors), drop = FALSE]
  average <- weighted_means(x, moments)
  at_average <- matrix(average, groups, predictors, byrow = TRUE)
  # What only varies between groups has a mean of 0.
  slopes <- posterior_means(whole, call = call)[indexed("beta", whole$model$columns)]
  slopes[is.na(slopes)] <- 0
  estimates <- lapply(fits, function(fit) {
    if (predictors == 0) {
      variables <- layout_variables(fit$model, if (has_groups(fit$model)) "group" else "population")
      return(interval_table(fit, prob, interval, rep_len(variables, groups), call = call))
    }
    x <- at_average[, match(fit$model$columns, whole$model$columns), drop = FALSE]
    row_table(fit, x, if (has_groups(fit$model)) seq_len(groups) else rep(NA_integer_, groups), noise = 0, prob, interval, call)
  })
  population <- row_table(whole, at_average[1, , drop = FALSE], NA_integer_, noise = 0, prob, interval, call)
  named <- function(table) data.frame(estimate = table[, "mean"], lower = table[, "lower"], upper = table[, "upper"], row.names = NULL)
  list(
    groups = data.frame(
      group = rep(factor(moments$group, levels = moments$group), length(fits)), n = rep(moments$n, length(fits)),
      model = factor(rep(names(fits), each = groups), levels = names(fits)),
      observed = rep(as.vector(moments$mean[, predictors + 1] - (x - at_average) %*% slopes), length(fits)),
      named(do.call(rbind, unname(estimates)))
    ),
    population = named(population)
  )
}
