# What every comparison of models has: priors by model, estimates, the table of models, and how these are printed.

# `example`: code of a list of priors.
check_priors_by_model <- function(prior, models, example, call) {
  if (is.null(prior)) {
    return(invisible())
  }
  valid <- is.list(prior) && !is.object(prior) && !is.null(names(prior)) && all(names(prior) %in% models) &&
    !anyDuplicated(names(prior))
  if (!valid) {
    found <- if (is.list(prior)) names(prior)
    abort_bayespool(
      c(
        "{.arg prior} must be a list with a list of priors for each model.",
        i = "The models are {.val {models}}{if (!is.null(found)) '; found '}{.val {found}}.",
        i = paste0("Example: {.code prior = ", example, "}.")
      ),
      "prior", call
    )
  }
}

# `estimate`, `lower` and `upper` of variables in an interval_table().
summary_rows <- function(summary, variables) {
  rows <- match(variables, rownames(summary))
  data.frame(estimate = summary[rows, "mean"], lower = summary[rows, "lower"], upper = summary[rows, "upper"], row.names = NULL)
}

# `table`: one row a model; `notes`: what is missing in it, and why.
compare_models <- function(fits) {
  notes <- character()
  # NA, and a note, where something does not exist for a model.
  attempt <- function(fit, what, expr) {
    tryCatch(expr, bayespool_error = function(cnd) {
      reason <- cli::ansi_strip(rlang::cnd_header(cnd))
      notes <<- union(notes, paste0(what, " (", fit$model$title, "): ", reason))
      NULL
    })
  }
  rows <- lapply(fits, function(fit) {
    if (is_prior_only(fit)) {
      return(model_row(NULL, NULL, NULL))
    }
    evidence <- attempt(fit, "Log evidence", log_marginal_likelihood(fit))
    by_group <- attempt(fit, "Leaving out groups", loo(fit, unit = "group"))
    by_row <- if (has_rows(fit)) attempt(fit, "Leaving out observations", loo(fit))
    model_row(evidence, by_row, by_group)
  })
  table <- data.frame(model = factor(names(fits), levels = names(fits)), do.call(rbind, unname(rows)))
  table$bayes_factor <- exp(table$log_evidence - max(table$log_evidence, -Inf, na.rm = TRUE))
  if (is_prior_only(fits$complete)) {
    notes <- "The fits leave the data out (prior_only = TRUE), so there is nothing to predict."
  } else if (!has_rows(fits$complete)) {
    notes <- c(notes, "Leaving out observations needs the rows of the data, and these fits were made from group moments.")
  }
  list(table = table, notes = notes)
}

model_row <- function(evidence, by_row, by_group) {
  estimate <- function(loo, row, column) if (is.null(loo)) NA_real_ else loo$estimates[row, column]
  data.frame(
    log_evidence = evidence %||% NA_real_, bayes_factor = NA_real_,
    elpd_loo = estimate(by_row, "elpd_loo", "Estimate"), se_elpd_loo = estimate(by_row, "elpd_loo", "SE"),
    p_loo = estimate(by_row, "p_loo", "Estimate"),
    elpd_logo = estimate(by_group, "elpd_logo", "Estimate"), se_elpd_logo = estimate(by_group, "elpd_logo", "SE")
  )
}

print_head <- function(fits) {
  fit <- fits[[length(fits)]]
  number <- c("Two", "Three", "Four", "Five", "Six", "Seven", "Eight")[length(fits) - 1]
  groups <- length(fit$reduced$group)
  counts <- has_counts(fit$model)
  cat(
    number, " models of ", if (counts) event_label(fit) else fit$reduced$response, " by ", grouping_factor(fit), ": ",
    if (counts) describe_events(fit$reduced) else paste(format(sum(fit$reduced$n), big.mark = ","), "observations"),
    " in ", format(groups, big.mark = ","), " groups", if (is_prior_only(fit)) " (prior only)", "\n\n", sep = ""
  )
}

# `table`: group, its size, and columns of numbers.
print_groups <- function(table, digits, n_rows) {
  shown <- utils::head(table, n_rows)
  numbers <- lapply(shown[-(1:2)], format_numbers, digits)
  columns <- c(lapply(shown[2], format, big.mark = ","), numbers)
  print(as_frame(c(list(group = fit_labels(shown$group, columns)), columns), nrow(shown)), row.names = FALSE)
  rest <- nrow(table) - nrow(shown)
  if (rest > 0) cat("... and ", format(rest, big.mark = ","), " more; see $groups\n", sep = "")
}

print_models <- function(comparison) {
  if (!is_prior_only(comparison$fits$complete)) {
    cat("\nHow well the models predict these data (larger is better)\n")
    models <- comparison$models
    models$model <- shorten(as.character(models$model), 16)
    models$bayes_factor <- signif(models$bayes_factor, 2)
    logs <- c("log_evidence", "elpd_loo", "se_elpd_loo", "p_loo", "elpd_logo")
    models[logs] <- lapply(models[logs], function(column) formatC(column, digits = 1, format = "f"))
    names(models)[match("bayes_factor", names(models))] <- "relative"
    print(models[setdiff(names(models), "se_elpd_logo")], row.names = FALSE)
    print_note(
      "relative: evidence as a share of the best model's; elpd: log density of the predictions of observations (loo) ",
      "and of whole groups (logo), each left out in turn. See loo_compare() for differences."
    )
  }
  for (note in comparison$notes) print_note("Note: ", note)
}

# Rows of tidy().
long_rows <- function(model, group, term, estimates) {
  data.frame(
    model = model, group = group, term = term, estimate = estimates$estimate, conf.low = estimates$lower, conf.high = estimates$upper,
    row.names = NULL
  )
}
