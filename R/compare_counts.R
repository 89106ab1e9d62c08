# What compare_pooling() says of counts: probabilities or rates of groups under each model, beside those observed.

# `groups`, but for the shrinkage, and `population`; by quadrature, whatever made the draws of the fits.
compare_counts <- function(fits, prob, interval, call) {
  fits <- lapply(fits, function(fit) {
    fit$settings$algorithm <- "exact"
    fit
  })
  whole <- fits[[length(fits)]]
  counts <- whole$reduced
  family <- families[[counts$family]]
  labels <- factor(counts$group, levels = counts$group)
  estimates <- lapply(fits, function(fit) {
    if (!has_groups(fit$model)) {
      return(population_rows(fit, prob, interval, call))
    }
    layout <- response_layout(fit$model)
    variables <- layout$variable[layout$role == "group"]
    summary_rows(response_interval_table(fit, prob, interval, variables, call), variables)
  })
  population <- population_rows(whole, prob, interval, call)
  groups <- data.frame(group = rep(labels, length(fits)), n = rep(counts$n, length(fits)))
  groups[[family$size]] <- rep(counts$size, length(fits))
  list(
    groups = data.frame(
      groups, raw_mean = rep(counts$events / counts$size, length(fits)),
      model = factor(rep(names(fits), each = length(labels)), levels = names(fits)),
      do.call(rbind, unname(estimates))
    ),
    population = if (has_predictors(whole$model)) data.frame(group = labels, population) else population[1, ]
  )
}

# What the population expects of each group, given its predictors: one row a group.
population_rows <- function(fit, prob, interval, call) {
  x <- columns_of_groups(fit)
  table <- row_table(fit, x, rep(NA_integer_, nrow(x)), noise = 0, prob, interval, call)
  data.frame(estimate = table[, "mean"], lower = table[, "lower"], upper = table[, "upper"], row.names = NULL)
}

# Formula and data of no pooling, in which each group has a mean already: without the predictors, but with the same rows. Rows that the
# other models cannot use belong to no group.
without_predictors <- function(parsed, data, call) {
  terms <- c(
    list(1), lapply(parsed$offset, function(offset) call("offset", offset)), list(call("(", call("|", 1, factor_expr(parsed))))
  )
  formula <- parsed$formula
  formula[[3]] <- Reduce(function(left, right) call("+", left, right), terms)
  if (is.data.frame(data) && length(parsed$terms) > 0) {
    data <- mark_missing_by_class(data, all.vars(parsed$formula))
    complete <- stats::complete.cases(eval_predictors(parsed, data, call)$frame)
    data[[group_columns(parsed)[1]]][!complete] <- NA
  }
  list(formula = formula, data = data)
}

# The predictors' columns of each group.
columns_of_groups <- function(fit) fit$reduced$x[, fit$model$predictors, drop = FALSE]
