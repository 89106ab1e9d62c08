# The nodes of a model's graph, and fewer of them for the picture.

# `label`: lines of text, the name first; `kind`: "random", "observed" (random and seen), "fixed" (a known value), "predictor" or
# "deterministic"; `plate`: "none", "group" or "observation"; `parents`: ids.
new_node <- function(id, label, kind = "random", plate = "none", parents = character()) {
  list(id = id, label = label, kind = kind, plate = plate, parents = parents)
}

# One field of every node.
node_field <- function(nodes, name, type) vapply(nodes, `[[`, type, name, USE.NAMES = FALSE)

# A parameter with a prior.
prior_node <- function(fit, id, name, plate = "none") {
  prior <- fit$priors[[name]]
  index <- if (plate == "group") "[j]"
  if (is_fixed(prior)) {
    return(new_node(id, c(paste0(name, index), format_prior(prior)), "fixed", plate))
  }
  new_node(id, c(paste0(name, index), paste("~", format_prior(prior))), "random", plate)
}

parameter_nodes <- function(fit) {
  model <- fit$model
  c(
    if (has_intercept(model)) list(prior_node(fit, "population", model$intercept)),
    if (has_population(model)) list(prior_node(fit, "tau", varying_term(model)$sd)),
    lapply(seq_along(model$slopes), function(k) prior_node(fit, paste0("slope_", k), model$slopes[k])),
    if (shares_sigma(model)) list(prior_node(fit, "sigma", model$scale_within$name))
  )
}

group_nodes <- function(fit) {
  model <- fit$model
  term <- varying_term(model)
  if (has_independent_groups(model)) {
    return(c(
      list(prior_node(fit, "group", term$coefficient, "group")),
      if (!shares_sigma(model)) list(prior_node(fit, "sigma", model$scale_within$name, "group"))
    ))
  }
  if (has_population(model)) population_nodes(fit, term)
}

# A group's mean, drawn from the population; or, where NUTS moves it so, made of a standardised deviation.
population_nodes <- function(fit, term) {
  intercept <- fit$model$intercept
  name <- indexed(term$coefficient, "j")
  parent <- if (has_intercept(fit$model)) "population"
  if (has_chains(fit) && fit$settings$control$parameterization == "noncentered") {
    value <- paste(c(intercept, paste0(term$sd, " eta[j]")), collapse = " + ")
    return(list(
      new_node("eta", c("eta[j]", "~ normal(0, 1)"), plate = "group"),
      new_node("group", c(name, paste("=", value)), "deterministic", "group", c(parent, "tau", "eta"))
    ))
  }
  distribution <- paste0("~ normal(", intercept %||% "0", ", ", term$sd, ")")
  list(new_node("group", c(name, distribution), plate = "group", parents = c(parent, "tau")))
}

observation_nodes <- function(fit) {
  model <- fit$model
  predictors <- model$predictors
  intercept <- if (has_groups(model)) indexed(varying_term(model)$coefficient, "j") else model$intercept
  sigma <- paste0(model$scale_within$name, if (!shares_sigma(model)) "[j]")
  slopes <- seq_along(predictors)
  mean <- if (has_predictors(model)) "m[i]" else intercept
  # One line a term: there may be many.
  terms <- c(intercept, sprintf("%s %s[i]", model$slopes, predictors))
  response <- new_node(
    "response",
    c(
      paste0(response_label(fit), "[i]"), paste0("~ ", model$outcome, "(", mean, ", ", sigma, ")"),
      if (has_predictors(model)) paste0(c("m[i] = ", rep("+ ", length(terms) - 1)), terms)
    ),
    if (is_prior_only(fit)) "random" else "observed", "observation",
    c(
      if (has_groups(model)) "group" else if (has_intercept(model)) "population",
      sprintf("slope_%d", slopes), sprintf("predictor_%d", slopes), "sigma"
    )
  )
  c(
    lapply(slopes, function(k) new_node(paste0("predictor_", k), paste0(predictors[k], "[i]"), "predictor", "observation")),
    list(response)
  )
}

# NULL where there is no such plate.
group_plate_label <- function(fit) {
  term <- varying_term(fit$model)
  if (!is.null(term)) paste0(term$factor, " j = 1, ..., ", length(term$labels))
}

observation_plate_label <- function(fit) {
  number <- format(stats::nobs(fit), big.mark = ",", scientific = FALSE)
  if (has_groups(fit$model)) {
    paste0("observation i in j (", number, " in all)")
  } else {
    paste0("observation i = 1, ..., ", number)
  }
}

# For the picture ----------------------------------------------------------------------------------------------------------

# Beside predictors the mean of an observation has a node of its own, which the text has in that of the response.
split_mean <- function(nodes) {
  names(nodes) <- vapply(nodes, `[[`, "", "id")
  response <- nodes$response
  terms <- response$label[-(1:2)]
  if (length(terms) > 0) {
    terms[1] <- sub("m[i] = ", "= ", terms[1], fixed = TRUE)
    parents <- setdiff(response$parents, "sigma")
    nodes$mean <- new_node("mean", c("m[i]", terms), "deterministic", "observation", parents)
    nodes$response$label <- response$label[1:2]
    nodes$response$parents <- c("mean", "sigma")
  }
  nodes
}

# More than three predictors share a node, as do their slopes; long terms of the mean are told in words.
merge_predictors <- function(nodes) {
  slopes <- grep("^slope_", names(nodes), value = TRUE)
  predictors <- grep("^predictor_", names(nodes), value = TRUE)
  if (length(slopes) == 0) {
    return(nodes)
  }
  terms <- nodes$mean$label[-1]
  intercept <- if (length(terms) > length(slopes)) terms[1]
  first <- if (is.null(intercept)) "=" else "+"
  if (length(slopes) > 3) {
    number <- paste0("k = 1, ..., ", length(slopes))
    known <- unique(node_field(nodes[slopes], "kind", ""))
    priors <- unique(vapply(nodes[slopes], function(node) node$label[2], ""))
    prior <- if (length(priors) == 1) priors else "priors differ"
    names <- paste(sub("[i]", "", vapply(nodes[predictors], function(node) node$label[1], ""), fixed = TRUE), collapse = ", ")
    nodes$slope_1 <- new_node("slope_1", c("beta[k]", prior, number), if (identical(known, "fixed")) "fixed" else "random")
    nodes$predictor_1 <- new_node("predictor_1", c("x[i,k]", shorten(names, 60)), "predictor", "observation")
    merged <- c(slopes[-1], predictors[-1])
    nodes[merged] <- NULL
    nodes$mean$parents <- setdiff(nodes$mean$parents, merged)
    nodes$mean$label <- c("m[i]", intercept, paste(first, "sum over k of"), "beta[k] x[i,k]")
  } else if (max(nchar(terms, "width")) > 28) {
    nodes$mean$label <- c("m[i]", intercept, paste(first, "each slope times"), "its predictor")
  }
  nodes
}
