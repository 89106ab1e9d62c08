# The nodes of a model's graph, and fewer of them for the picture.

# `label`: lines of text, the name first; `kind`: "random", "observed" (random and seen), "fixed" (a known value), "predictor" or
# "deterministic"; `plate`: "none", "observation" or that of a grouping factor, "group", with two "group_1" and "group_2"; `parents`: ids.
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

# Names of the nodes of what there is one of for each direction or grouping factor: "tau" alone where there is one.
numbered <- function(id, k) if (length(k) == 1) id else paste0(id, "_", k)

# The nodes and the plates of the grouping factors that have effects.
group_ids <- function(model) if (has_groups(model)) numbered("group", seq_along(varying_terms(model)))

# What counts the groups of each factor.
group_index <- c("j", "k")

# The ids of the population's coefficients of all columns of the model: "slope_1", ..., or, where the column's effect varies between
# groups, "center_1", ...; NA where the population has none. `columns`: ids of the columns themselves.
column_nodes <- function(model) {
  varies <- model$columns %in% if (has_population(model)) effect_directions(model)
  number <- ifelse(varies, cumsum(varies), cumsum(!varies))
  in_population <- seq_along(model$columns) <= length(model$predictors)
  list(
    varies = varies, column = paste0(ifelse(varies, "direction_", "predictor_"), number),
    slope = ifelse(in_population, paste0(ifelse(varies, "center_", "slope_"), number), NA)
  )
}

# Names of the coefficients of a group.
of_group <- function(coefficients, index = "j") vapply(coefficients, with_label, "", index, USE.NAMES = FALSE)

parameter_nodes <- function(fit) {
  model <- fit$model
  sds <- if (has_population(model)) effect_sds(model)
  slopes <- column_nodes(model)$slope
  c(
    if (has_intercept(model)) list(prior_node(fit, "population", model$intercept)),
    if (length(sds) > 0) Map(function(id, name) prior_node(fit, id, name), numbered("tau", seq_along(sds)), sds),
    if (length(effect_correlations(model)) > 0) list(correlation_node(fit, varying_term(model))),
    lapply(seq_along(model$slopes), function(k) prior_node(fit, slopes[k], model$slopes[k])),
    if (shares_sigma(model) && "scale_within" %in% model$layout$role) list(prior_node(fit, "sigma", model$scale_within$name))
  )
}

# One node for the correlation matrix: it has one prior.
correlation_node <- function(fit, term) {
  name <- if (length(term$correlation) == 1) term$correlation else correlation_name
  new_node("rho", c(name, paste("~", format_prior(fit$priors[[correlation_name]]))))
}

group_nodes <- function(fit) {
  model <- fit$model
  if (has_two_terms(model)) {
    return(unlist(lapply(1:2, deviation_nodes, fit = fit), recursive = FALSE))
  }
  term <- varying_term(model)
  if (has_independent_groups(model)) {
    return(c(
      list(prior_node(fit, "group", term$coefficient, "group")),
      if (!shares_sigma(model)) list(prior_node(fit, "sigma", model$scale_within$name, "group"))
    ))
  }
  if (has_population(model)) population_nodes(fit, term)
}

moves_standardised <- function(fit) has_chains(fit) && fit$settings$control$parameterization == "noncentered"

# What the groups of the k-th of two factors differ by from the population.
deviation_nodes <- function(fit, k) {
  term <- varying_terms(fit$model)[[k]]
  plate <- group_ids(fit$model)[k]
  index <- group_index[k]
  parents <- paste0("tau_", k)
  name <- of_group(term$coefficient, index)
  if (!moves_standardised(fit)) {
    return(list(new_node(plate, c(name, paste0("~ normal(0, ", term$sd, ")")), "random", plate, parents)))
  }
  eta <- sub("^b_0", "eta", name)
  list(
    new_node(paste0("eta_", k), c(eta, "~ normal(0, 1)"), plate = plate),
    new_node(plate, c(name, paste("=", term$sd, eta)), "deterministic", plate, c(parents, paste0("eta_", k)))
  )
}

# The coefficients of a group, drawn from the population; or, where NUTS moves them so, made of standardised deviations.
population_nodes <- function(fit, term) {
  model <- fit$model
  nodes <- column_nodes(model)
  of_intercept <- term$directions == intercept_direction
  column <- match(term$directions, model$columns)
  means <- c(model$slopes, rep(NA, length(model$columns) - length(model$slopes)))[column]
  if (has_intercept(model)) means[of_intercept] <- model$intercept
  parents <- c(
    if (has_intercept(model) && any(of_intercept)) "population", stats::na.omit(nodes$slope[column]),
    numbered("tau", seq_along(term$sd)), if (length(term$correlation) > 0) "rho"
  )
  noncentered <- moves_standardised(fit)
  label <- if (length(term$sd) == 1) one_effect(term, means, noncentered) else several_effects(term, means, noncentered)
  if (!noncentered) {
    return(list(new_node("group", label, plate = "group", parents = parents)))
  }
  number <- if (length(term$sd) > 1) paste0(", ", length(term$sd), " times")
  list(
    new_node("eta", c("eta[j]", paste0("~ normal(0, 1)", number)), plate = "group"),
    new_node("group", label, "deterministic", "group", c(parents, "eta"))
  )
}

# `mean`: the population's, NA where it has none.
one_effect <- function(term, mean, noncentered) {
  c(
    of_group(term$coefficient),
    if (noncentered) {
      paste("=", paste(c(stats::na.omit(mean), paste0(term$sd, " eta[j]")), collapse = " + "))
    } else {
      paste0("~ normal(", if (is.na(mean)) "0" else mean, ", ", term$sd, ")")
    }
  )
}

# The vector b[j] of a group's effects; L is the Cholesky factor of their correlation matrix.
several_effects <- function(term, means, noncentered) {
  correlated <- length(term$correlation) > 0
  means[is.na(means)] <- "0"
  list_of <- function(names) paste(names, collapse = ", ")
  c(
    "b[j]", paste0("= (", list_of(of_group(term$coefficient)), ")"),
    if (!noncentered) "~ normal" else if (correlated) "= mean + sd (L eta[j])" else "= mean + sd eta[j]",
    paste("mean", list_of(means)), paste("sd", list_of(term$sd)),
    if (!correlated) {
      if (!noncentered) "independent"
    } else if (noncentered) {
      paste("L L' = correlation", list_of(term$correlation))
    } else {
      paste("correlation", list_of(term$correlation))
    }
  )
}

observation_nodes <- function(fit) {
  model <- fit$model
  nodes <- column_nodes(model)
  two <- has_two_terms(model)
  term <- if (!two) varying_term(model)
  own_intercept <- intercept_direction %in% term$directions
  intercept <- if (two) {
    c(model$intercept, vapply(1:2, function(k) of_group(varying_terms(model)[[k]]$coefficient, group_index[k]), ""))
  } else if (own_intercept) {
    of_group(term$coefficient[1])
  } else {
    model$intercept
  }
  known_errors <- has_known_errors(model)
  sigma <- if (known_errors) "s[i]" else paste0(model$scale_within$name, if (!shares_sigma(model)) "[j]")
  coefficients <- c(model$slopes, rep(NA, sum(is.na(nodes$slope))))
  own <- match(model$columns[nodes$varies], term$directions)
  coefficients[nodes$varies] <- of_group(term$coefficient[own])
  with_mean <- length(model$columns) > 0 || has_counts(model) || two
  size <- if (has_counts(model)) size_node(fit)
  # One line a term: there may be many.
  terms <- c(intercept, sprintf("%s %s[i]", coefficients, model$columns))
  outcome <- if (has_counts(model)) {
    count_outcome(model, size)
  } else {
    list(distribution = paste0("normal(", if (with_mean) "m[i]" else intercept, ", ", sigma, ")"), mean = "m[i]")
  }
  response <- new_node(
    "response",
    c(
      paste0(if (has_counts(model)) event_label(fit) else response_label(fit), "[i]"), paste("~", outcome$distribution),
      if (with_mean) paste0(c(paste(outcome$mean, "= "), rep("+ ", length(terms) - 1)), terms)
    ),
    if (is_prior_only(fit)) "random" else "observed", "observation",
    c(
      group_ids(model), if (has_intercept(model) && !own_intercept) "population",
      nodes$slope[!nodes$varies], nodes$column, if (!has_counts(model) || !is.null(size)) "sigma"
    )
  )
  c(
    Map(function(id, name) new_node(id, paste0(name, "[i]"), "predictor", "observation"), nodes$column, model$columns),
    if (known_errors) list(new_node("sigma", c(sigma, "known"), "predictor", "observation")),
    if (!is.null(size)) list(size),
    list(response)
  )
}

# What counts are out of, or in: it stands where sigma does of a normal outcome. NULL for trials of one, and without an exposure.
size_node <- function(fit) {
  counts <- fit$reduced
  if (counts$family == "binomial") {
    return(if (any(counts$size != counts$n)) new_node("sigma", c("n[i]", "trials"), "predictor", "observation"))
  }
  if (!is.null(counts$offset)) new_node("sigma", c("e[i]", "exposure"), "predictor", "observation")
}

# The distribution of a count, and the link of its parameter.
count_outcome <- function(model, size) {
  if (model$family == "binomial") {
    return(list(distribution = if (is.null(size)) "bernoulli(p[i])" else "binomial(n[i], p[i])", mean = "logit p[i]"))
  }
  list(distribution = if (is.null(size)) "poisson(rate[i])" else "poisson(e[i] rate[i])", mean = "log rate[i]")
}

# The plates of grouping factors, if any: labels by id; of nested factors the outer one first.
group_plates <- function(fit) {
  terms <- varying_terms(fit$model)
  index <- group_index[seq_along(terms)]
  labels <- vapply(seq_along(terms), function(k) paste0(terms[[k]]$factor, " ", index[k], " = 1, ..., ", length(terms[[k]]$labels)), "")
  outer <- outer_factor(fit)
  if (length(outer) > 0) {
    inner <- 3 - outer
    labels[inner] <- paste0(terms[[inner]]$factor, " ", index[inner], " in ", index[outer], " (", length(terms[[inner]]$labels), " in all)")
    return(stats::setNames(labels, group_ids(fit$model))[c(outer, inner)])
  }
  stats::setNames(labels, group_ids(fit$model))
}

# Which of two factors the other is nested in: each level of the other is in one level of it. None where they are crossed.
outer_factor <- function(fit) {
  if (has_two_terms(fit$model)) utils::head(which(c(is_nested(fit, 2), is_nested(fit, 1))), 1)
}

observation_plate_label <- function(fit) {
  number <- format(stats::nobs(fit), big.mark = ",", scientific = FALSE)
  if (!has_groups(fit$model)) {
    return(paste0("observation i = 1, ..., ", number))
  }
  outer <- outer_factor(fit)
  groups <- if (length(outer) > 0) group_index[3 - outer] else group_index[seq_along(varying_terms(fit$model))]
  paste0("observation i in ", paste(groups, collapse = " and "), " (", number, " in all)")
}

# For the picture ----------------------------------------------------------------------------------------------------------

# Beside predictors, and of counts, the mean of an observation has a node of its own, which the text has in that of the response.
split_mean <- function(nodes) {
  names(nodes) <- vapply(nodes, `[[`, "", "id")
  response <- nodes$response
  terms <- response$label[-(1:2)]
  if (length(terms) > 0) {
    mean <- sub(" = .*", "", terms[1])
    terms[1] <- sub(".* = ", "= ", terms[1])
    parents <- setdiff(response$parents, "sigma")
    nodes$mean <- new_node("mean", c(mean, terms), "deterministic", "observation", parents)
    nodes$response$label <- response$label[1:2]
    nodes$response$parents <- c("mean", intersect("sigma", response$parents))
  }
  nodes
}

# More than three predictors share a node, or two beside three that vary, as do their slopes; with more than two effects of a group
# what these have each is shared. Long terms of the mean are told in words.
merge_predictors <- function(nodes) {
  ids <- function(role) grep(paste0("^", role, "_"), names(nodes), value = TRUE)
  slopes <- ids("slope")
  predictors <- ids("predictor")
  directions <- ids("direction")
  centers <- ids("center")
  sds <- ids("tau")
  if (length(predictors) + length(directions) == 0) {
    return(nodes)
  }
  terms <- sub("^[=+] ", "", nodes$mean$label[-1])
  columns <- grep("^(predictor|direction)_", nodes$mean$parents, value = TRUE)
  intercept <- utils::head(terms, -length(columns))
  names(terms) <- c(rep("", length(intercept)), columns)
  shared <- terms[predictors]
  own <- terms[directions]
  if (length(predictors) > 3 || length(predictors) > 1 && length(columns) > 4) {
    index <- if ("group_2" %in% names(nodes)) "l" else "k" # of two factors the second has k
    number <- paste0(index, " = 1, ..., ", length(slopes))
    shared <- sprintf("sum over %s of\nbeta[%s] x[i,%s]", index, index, index)
    predictor <- c(sprintf("x[i,%s]", index), shorten(names_of(nodes[predictors]), 60))
    nodes <- share_node(nodes, predictors, predictor)
    nodes <- share_node(nodes, slopes, c(sprintf("beta[%s]", index), shared_prior(nodes[slopes]), number))
  }
  if (length(directions) > 3) {
    own <- "sum over l of\nits slope times z[i,l]"
    nodes <- share_node(nodes, directions, c("z[i,l]", shorten(names_of(nodes[directions]), 60)))
  }
  if (length(sds) > 2) {
    nodes <- share_node(nodes, sds, c("sd", shorten(names_of(nodes[sds]), 60), shared_prior(nodes[sds])))
    nodes <- share_node(nodes, centers, c("beta", shorten(names_of(nodes[centers]), 60), shared_prior(nodes[centers])))
  }
  rest <- c(shared, own)
  if (max(nchar(unlist(strsplit(rest, "\n")), "width")) > 26) rest <- "each slope times\nits predictor"
  terms <- c(intercept, rest)
  terms <- paste0(c("= ", rep("+ ", length(terms) - 1)), terms)
  nodes$mean$label <- c(nodes$mean$label[1], unlist(strsplit(terms, "\n")))
  nodes
}

# One node with this label in the place of several, which all nodes then follow from.
share_node <- function(nodes, ids, label) {
  if (length(ids) < 2) {
    return(nodes)
  }
  nodes[[ids[1]]]$label <- label
  if (length(unique(node_field(nodes[ids], "kind", ""))) > 1) nodes[[ids[1]]]$kind <- "random"
  nodes[ids[-1]] <- NULL
  lapply(nodes, function(node) {
    node$parents <- setdiff(node$parents, ids[-1])
    node
  })
}

names_of <- function(nodes) paste(sub("[i]", "", vapply(nodes, function(node) node$label[1], ""), fixed = TRUE), collapse = ", ")

shared_prior <- function(nodes) {
  priors <- unique(vapply(nodes, function(node) node$label[2], ""))
  if (length(priors) == 1) priors else "priors differ"
}

# An intercept that all groups share does not point to a group: it stands beside the slopes.
place_shared_intercept <- function(nodes) {
  groups <- nodes[grep("^group", names(nodes))]
  if (length(groups) > 0 && !is.null(nodes$population) && !"population" %in% unlist(lapply(groups, `[[`, "parents"))) {
    names(nodes)[names(nodes) == "population"] <- nodes$population$id <- "slope_0"
    nodes$mean$parents <- sub("^population$", "slope_0", nodes$mean$parents)
  }
  nodes
}
