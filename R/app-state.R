# The explorer's state: the models and data to start from, what the page asks to change, and the fits that follow. No Shiny here.

# What does not change while one explores:
#   formula, family, sigma   as compare_pooling() takes them; `expr` has the user's code of `formula`, `data`, `family`, `weights`, `sigma`
#   data       moments or counts of the groups; `rows`: the data frame that they are of, or NULL
#   models     by name, in the order of compare_pooling(): `verb`, `formula` and `data` of each
#   prior      by model, as the user gave them
new_exploration <- function(formula, data, prior, family, sigma, weights, expr, call) {
  family <- read_family(family, call)
  parsed <- parse_formula(formula, call = call, family = family)
  if (is.null(parsed$group) || has_two_factors(parsed)) {
    abort_formula("{.fn explore_pooling} needs one grouping factor.", "Write {.code (1 | g)}, with {.code g} a column.", formula, call)
  }
  counts <- is_counts(family)
  with_weights <- if (counts) attach_trials(parsed, data, weights, call) else attach_weights(data, weights, call)
  reduced <- if (counts) reduce_counts(parsed, with_weights, call) else reduce_data(parsed, with_weights, FALSE, call)
  models <- explored_models(formula, parsed, reduced, call)
  check_priors_by_model(prior, names(models), "list(complete = list(sigma = dist_exponential(1)))", call)
  list(
    formula = formula, family = family, sigma = sigma, expr = expr, data = reduced, models = models, prior = prior,
    rows = if (is.data.frame(data) && rlang::quo_is_null(weights)) {
      data[stats::complete.cases(data[intersect(all.vars(formula), names(data))]), , drop = FALSE]
    },
    group_name = parsed$group,
    response = if (counts) family$observed else parsed$response
  )
}

# The models of compare_pooling(), each as a verb with a formula and data.
explored_models <- function(formula, parsed, data, call) {
  model <- function(verb, formula, data) list(verb = verb, formula = formula, data = data)
  if (!has_varying_terms(parsed)) {
    alone <- if (is_counts(parsed$family)) without_predictors(parsed, data, call) else list(formula = formula)
    verb <- if (length(parsed$terms) > 0) "varying_intercept" else "partial_pooling"
    none <- model("no_pooling", alone$formula, data)
    return(list(complete = model("complete_pooling", formula, data), none = none, partial = model(verb, formula, data)))
  }
  fits <- effect_fits(effect_models(parsed$varying), parsed, data, NULL, iter_sampling = 0)
  lapply(fits, function(fit) {
    varying <- fit$parsed$varying$terms
    own <- data
    # A factor by itself varies in the columns of its contrasts.
    if (!is.null(own$varying) && length(setdiff(varying, names(own$varying$terms))) > 0) {
      own$varying <- list(terms = stats::setNames(as.list(varying), varying))
    }
    model(fit$model$name, fit$formula, own)
  })
}

# The state that the page has sent, checked: `prior` (by model and parameter), `edits`, `dropped`, `added`, and what is looked at, `model`
# and `group`. Groups are numbered in the order of the data, then as they were added. Nothing here is ever evaluated as code.
read_state <- function(sent, exploration, call = rlang::caller_env()) {
  number <- function(x, lower, upper, whole = FALSE) {
    if (!(is.numeric(x) && length(x) == 1 && is.finite(x) && x >= lower && x <= upper && (!whole || x == round(x)))) {
      abort_bayespool("The page has sent a number that is not possible here.", "argument", call)
    }
    as.double(x)
  }
  entries <- function(x) if (is.null(x)) list() else as.list(x)
  if (!is.list(sent) || length(entries(sent$added)) > 100) {
    abort_bayespool("The page has sent what is no state of the explorer.", "argument", call)
  }
  base <- length(exploration$data$group)
  added <- vapply(entries(sent$added), number, 0, 1, base, TRUE)
  groups <- base + length(added)
  counts <- is_counts(exploration$family)
  edits <- lapply(entries(sent$edits), function(edit) {
    edit <- as.list(edit)
    list(
      at = number(edit$at, 1, groups, TRUE),
      n = if (!is.null(edit$n)) number(edit$n, if (counts) 1e-9 else 1, 1e9, exploration$family$name != "poisson"),
      mean = if (!is.null(edit$mean)) {
        number(edit$mean, if (counts) 0 else -1e100, if (exploration$family$name == "binomial") 1 else 1e100)
      }
    )
  })
  prior <- exploration$prior %||% list()
  for (entry in entries(sent$priors)) {
    at <- c(entry$model, entry$parameter)
    if (!is.character(at) || length(at) != 2 || !at[1] %in% names(exploration$models)) {
      abort_bayespool("The page has sent a prior of no parameter.", "argument", call)
    }
    prior[[at[1]]][[at[2]]] <- read_control(entry, call)
  }
  list(
    prior = prior, edits = edits, added = added, dropped = unique(vapply(entries(sent$dropped), number, 0, 1, groups, TRUE)),
    model = if (isTRUE(sent$model %in% names(exploration$models))) sent$model else utils::tail(names(exploration$models), 1),
    group = if (is.null(sent$group)) 1 else number(sent$group, 1, groups, TRUE)
  )
}

# A distribution from the name of its family and its numbers. Whether it can be a prior of the parameter, the fit says.
read_control <- function(entry, call) {
  family <- if (rlang::is_string(entry$family)) prior_families[[entry$family]]
  par <- as.double(if (is.numeric(unlist(entry$par))) unlist(entry$par))
  if (is.null(family) || !all(is.finite(par)) || length(par) != length(family$fields)) {
    abort_bayespool("The page has sent a prior that is none.", "argument", call)
  }
  switch(entry$family,
    flat = dist_uniform(-Inf, Inf), degenerate = dist_degenerate(par), ask_family(entry$family, "distribution", par)
  )
}

# Labels of all groups, those that were added among them: "Oslo 1" is a copy of "Oslo".
all_labels <- function(data, added) make.unique(c(data$group, data$group[added]), sep = " ")

# Moments or counts with what the state changes.
changed_data <- function(data, state) {
  counts <- inherits(data, "group_counts")
  choose <- if (counts) subset_counts else subset_groups
  labels <- all_labels(data, state$added)
  if (length(state$added) > 0) data <- choose(data, c(seq_along(data$group), state$added))
  data$group <- labels
  for (edit in state$edits) data <- if (counts) changed_counts(data, edit) else changed_moments(data, edit)
  # Residuals are of the rows as they were.
  if (length(state$edits) > 0) data$residual <- NULL
  if (length(state$dropped) > 0) choose(data, setdiff(seq_along(labels), state$dropped)) else data
}

# Another size with the same spread, another mean with the same predictors.
changed_moments <- function(data, edit) {
  j <- edit$at
  if (!is.null(edit$n)) {
    variance <- if (data$n[j] > 1) data$within[j, ] / (data$n[j] - 1) else colSums(data$within) / sum(data$n - 1)
    data$within[j, ] <- variance * (edit$n - 1)
    by_row <- intersect(c("weight", "log_weight"), names(data))
    data[by_row] <- lapply(unclass(data)[by_row], function(x) replace(x, j, x[j] * edit$n / data$n[j]))
    data$n[j] <- edit$n
  }
  if (!is.null(edit$mean)) data$mean[j, ncol(data$mean)] <- edit$mean
  data
}

changed_counts <- function(data, edit) {
  j <- edit$at
  mean <- edit$mean %||% (data$events[j] / data$size[j])
  data$size[j] <- edit$n %||% data$size[j]
  data$events[j] <- round(mean * data$size[j])
  data$log_constant[j] <- log_constant_of_sums(data$family, lapply(unclass(data)[c("events", "size")], `[`, j))
  data
}

# Fits of the chosen models to the state: `fits`, and for those that there are none of `problems`, messages. `memory`: an environment with
# the last fit of each model, which is used again where neither its data nor its priors have changed.
explored_fits <- function(exploration, state, memory, chosen = names(exploration$models)) {
  fits <- list()
  problems <- notes <- character()
  for (name in chosen) {
    model <- exploration$models[[name]]
    asked <- list(data = changed_data(model$data, state), prior = state$prior[[name]])
    if (!identical(memory[[name]]$asked, asked)) {
      arguments <- c(list(model$formula, asked$data, prior = asked$prior, iter_sampling = 0), own_settings(exploration, model$verb))
      memory[[name]] <- c(list(asked = asked), explain_failure(do.call(model$verb, arguments)))
    }
    fits[[name]] <- memory[[name]]$value
    problems[name] <- memory[[name]]$problem %||% NA
    notes <- union(notes, memory[[name]]$notes)
  }
  list(fits = fits, problems = problems[!is.na(problems)], notes = notes)
}

own_settings <- function(exploration, verb) {
  sigma <- if (verb == "no_pooling") list(sigma = exploration$sigma %||% c("group", "common"))
  c(if (is_counts(exploration$family)) list(family = exploration$family$name), sigma)
}

# `value`, or in its place `problem`, the package's words for why there is none; `notes`: of its warnings.
explain_failure <- function(expr) {
  notes <- character()
  words <- function(cnd) cli::ansi_strip(rlang::cnd_message(cnd, prefix = FALSE))
  value <- tryCatch(
    withCallingHandlers(suppressMessages(expr), bayespool_warning = function(cnd) {
      notes <<- c(notes, words(cnd))
      rlang::cnd_muffle(cnd)
    }),
    bayespool_error = function(cnd) structure(list(words(cnd)), class = "failure")
  )
  if (inherits(value, "failure")) list(problem = value[[1]]) else list(value = value, notes = notes)
}

# Do the rows of the data still stand behind the groups?
is_unchanged <- function(state) length(state$edits) + length(state$dropped) + length(state$added) == 0
