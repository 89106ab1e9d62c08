# The explorer's code: R that gives what is on the screen. It is built of calls, never of text, so labels cannot become code.

# Lines of R.
explored_code <- function(exploration, state) {
  expr <- exploration$expr
  unchanged <- is_unchanged(state)
  counts <- is_counts(exploration$family)
  named <- Filter(Negate(is.null), list(
    prior = prior_code(state$prior, names(exploration$models)), sigma = exploration$sigma,
    family = if (counts) exploration$family$name, weights = if (unchanged) expr$weights
  ))
  compared <- c(list(expr$formula, if (unchanged) expr$data else quote(explored)), named, list(iter_sampling = 0))
  whole <- as.call(list(quote(`$`), quote(comparison$fits), as.name(utils::tail(names(exploration$models), 1))))
  c(
    "library(bayespool)",
    if (!unchanged) changes_code(exploration, state, counts),
    "comparison <- compare_pooling(",
    paste0("  ", argument_lines(compared), c(rep(",", length(compared) - 1), "")),
    ")",
    "comparison",
    code_lines(list(as.call(list(quote(exact_summary), whole)))),
    "plot(comparison)"
  )
}

# Each argument of a call on a line.
argument_lines <- function(arguments) {
  code <- vapply(arguments, function(argument) paste(trimws(code_lines(list(argument))), collapse = " "), "")
  ifelse(rlang::names2(arguments) == "", code, paste(rlang::names2(arguments), "=", code))
}

# `calls`: a list of them.
code_lines <- function(calls) unlist(lapply(calls, deparse, width.cutoff = 100L, control = c("keepNA", "keepInteger", "niceNames")))

prior_code <- function(prior, models) {
  by_model <- Filter(function(priors) length(priors) > 0, prior[intersect(models, names(prior))])
  if (length(by_model) > 0) {
    as.call(c(quote(list), lapply(by_model, function(priors) as.call(c(quote(list), lapply(priors, distribution_code))))))
  }
}

# `dist_normal(0, 1)` of that object.
distribution_code <- function(dist) {
  object <- unclass(dist)[[1]]
  name <- class(object)[1]
  par <- unclass(object)[prior_families[[sub("^dist_", "", name)]]$fields]
  as.call(c(as.name(name), unname(lapply(par, as.double))))
}

# The data as the state changes them.
changes_code <- function(exploration, state, counts) {
  expr <- exploration$expr
  reduce <- c(
    list(if (counts) quote(group_counts) else quote(group_moments), expr$formula, expr$data),
    if (counts) list(family = exploration$family$name), if (!is.null(expr$weights)) list(weights = expr$weights)
  )
  labels <- all_labels(exploration$data, state$added)
  copies <- utils::tail(labels, length(state$added))
  edited <- changed_data(exploration$data, list(added = state$added, edits = list(), dropped = numeric()))
  edits <- character()
  for (edit in state$edits) {
    edits <- c(edits, edit_code(edited, edit, labels, counts))
    edited <- if (counts) changed_counts(edited, edit) else changed_moments(edited, edit)
  }
  c(
    code_lines(list(call("<-", quote(explored), as.call(reduce)))),
    unlist(Map(function(at, label) {
      code_lines(list(
        bquote(copy <- explored[.(labels[at])]), bquote(copy$group <- .(label)), quote(copy$group_levels <- NULL),
        quote(explored <- c(explored, copy))
      ))
    }, state$added, copies)),
    if (length(edits) > 0 && !is.null(exploration$data$residual)) "explored$residual <- NULL",
    edits,
    if (length(state$dropped) > 0) {
      dropped <- labels[state$dropped]
      dropped <- if (length(dropped) > 1) as.call(c(quote(c), dropped)) else dropped
      code_lines(list(bquote(explored <- explored[setdiff(explored$group, .(dropped))])))
    }
  )
}

edit_code <- function(data, edit, labels, counts) {
  find <- bquote(j <- match(.(labels[edit$at]), explored$group))
  if (counts) {
    new <- changed_counts(data, edit)
    constant <- if (data$family == "binomial") {
      quote(lchoose(explored$size[j], explored$events[j]))
    } else {
      quote(explored$events[j] * log(explored$size[j]) - lfactorial(explored$events[j]))
    }
    return(code_lines(list(
      find, bquote(explored$size[j] <- .(new$size[edit$at])), bquote(explored$events[j] <- .(new$events[edit$at])),
      bquote(explored$log_constant[j] <- .(constant))
    )))
  }
  size <- if (!is.null(edit$n)) {
    own <- quote(explored$within[j, ] / (explored$n[j] - 1))
    spread <- bquote(.(if (data$n[edit$at] > 1) own else quote(colSums(explored$within) / sum(explored$n - 1))) * .(edit$n - 1))
    by_row <- lapply(intersect(c("weight", "log_weight"), names(data)), function(name) {
      column <- call("$", quote(explored), as.name(name))
      bquote(.(column)[j] <- .(column)[j] * .(edit$n) / explored$n[j])
    })
    c(list(bquote(explored$within[j, ] <- .(spread))), by_row, list(bquote(explored$n[j] <- .(edit$n))))
  }
  mean <- if (!is.null(edit$mean)) list(bquote(explored$mean[j, .(colnames(data$mean)[ncol(data$mean)])] <- .(edit$mean)))
  code_lines(c(list(find), size, mean))
}
