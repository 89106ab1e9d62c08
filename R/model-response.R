# Models of counts on the scale of the response: probabilities or rates, odds ratios or rate ratios.

# The variance of the logistic distribution: that of log odds within groups.
logistic_variance <- pi^2 / 3

on_response_scale <- function(model, scale) scale == "response" && has_counts(model)

# The variables there, as new_layout() has those of the model; `position` is that of the variable that each is made of. Standard deviations
# have no meaning there.
response_layout <- function(model) {
  family <- families[[model$family]]
  layout <- model$layout[model$layout$role %in% c("population", "slope", "group"), ]
  population <- c(mu = family$mean, hyper_mu = paste0("hyper_", family$mean), beta_0 = paste0(family$mean, "_0"))
  layout$variable <- ifelse(
    layout$role == "population", unname(population[layout$variable]),
    ifelse(layout$role == "slope", sub("^beta", family$ratio, layout$variable), indexed(family$mean, layout$label))
  )
  layout
}

# The same of draws, a matrix: draws x variables of response_layout().
response_of_draws <- function(fit, draws) {
  model <- fit$model
  layout <- response_layout(model)
  inverse <- families[[model$family]]$inverse
  theta <- draws[, layout$position, drop = FALSE]
  colnames(theta) <- layout$variable
  groups <- layout$role == "group"
  if (any(groups) && has_predictors(model)) {
    theta[, groups] <- theta[, groups] + draws[, model$slopes, drop = FALSE] %*% t(fit$reduced$x[, model$predictors, drop = FALSE])
  }
  ratios <- layout$role == "slope"
  theta[, ratios] <- exp(theta[, ratios])
  theta[, !ratios] <- inverse(theta[, !ratios])
  theta
}

# What the parameters of a model of counts are about, for people: "log odds of hits", or with `response` "probability of hits".
outcome_label <- function(fit, response) {
  words <- if (response) c(binomial = "probability", poisson = "rate") else c(binomial = "log odds", poisson = "log rate")
  paste(words[[fit$model$family]], "of", event_label(fit))
}

# What is counted: of cbind(successes, failures) the first, of a factor its level.
event_label <- function(fit) {
  if (has_two_columns(fit$parsed)) {
    return(format_expr(fit$parsed$response_expr[[2]]))
  }
  paste0(fit$parsed$response, if (!is.null(fit$reduced$success)) paste0(" = ", fit$reduced$success))
}

# The variances within groups given each draw, as sigmas_given() has those. Of counts that on the scale of log odds, which is
# known, and of Poisson counts NA: there is no one number.
variances_within <- function(model, draws) {
  if (has_counts(model)) {
    return(matrix(if (model$family == "binomial") logistic_variance else NA_real_, nrow(draws), 1))
  }
  sigmas_given(model, draws)^2
}
