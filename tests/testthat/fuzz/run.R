# Runs a case: which outcomes pass, and what is a defect.

deep <- paste(
  c("subscript out of bounds", "not found", "non-conformable", "NA/NaN", "missing value where",
    "argument is of length zero", "std::", "boost",
    "unused argument", "non-numeric argument", "replacement has", "arguments imply differing", "Eigen", "C\\+\\+",
    "undefined columns"),
  collapse = "|"
)

# What R says of the user's own code in a formula or a condition, such as log() of a negative number, as lm() lets it pass.
# And what ggplot2 says of the density of a single draw.
is_of_others <- function(cnd) {
  if (startsWith(conditionMessage(cnd), "Groups with fewer than two data points")) {
    return(TRUE)
  }
  call <- conditionCall(cnd)
  is.call(call) && any(all.names(call[[1]]) %in% c("log", "log1p", "scale", "ns", "poly", "cut", "range", "min", "max"))
}

is_allowed <- function(cnd) {
  if (inherits(cnd, "bayespool_error")) {
    # Whatever went wrong in the user's own code is in the parent; the message itself is the package's.
    return(!grepl(deep, rlang::cnd_header(cnd)))
  }
  inherits(cnd, c("rlib_error_dots", "rlib_error_dots_nonempty", "bayespool_warning", "bayespool_message")) ||
    grepl("^argument \"\\w+\" is missing, with no default$", conditionMessage(cnd))
}

# "ok", "refused: <class>" or "defect: <what>".
fuzz_outcome <- function(run) {
  warned <- NULL
  outcome <- tryCatch(
    withCallingHandlers(
      {
        setTimeLimit(cpu = 20, transient = TRUE)
        on.exit(setTimeLimit(cpu = Inf))
        value <- run()
        setTimeLimit(cpu = Inf)
        list(state = "ok", value = value)
      },
      warning = function(cnd) {
        if (!any(startsWith(class(cnd), "bayespool_")) && !is_of_others(cnd)) warned <<- c(warned, conditionMessage(cnd))
        invokeRestart("muffleWarning")
      },
      message = function(cnd) {
        if (!any(startsWith(class(cnd), "bayespool_"))) warned <<- c(warned, conditionMessage(cnd))
        invokeRestart("muffleMessage")
      }
    ),
    error = function(cnd) {
      setTimeLimit(cpu = Inf)
      if (is_allowed(cnd)) {
        return(list(state = paste("refused:", class(cnd)[1])))
      }
      list(state = paste0("defect: error ", class(cnd)[1], ": ", conditionMessage(cnd)))
    },
    # What the core makes of the limit when it asks R whether to stop.
    interrupt = function(cnd) list(state = "defect: more than 20 seconds")
  )
  if (!is.null(warned)) outcome$state <- paste("defect: unclassed warning or message:", warned[1])
  outcome
}

# Seeds above a million are of counts, above two million of two grouping factors, so that those below stay what they were.
fuzz_start <- function(seed) if (seed > 2e6) fuzz_first_factors() else if (seed > 1e6) fuzz_first_counts() else fuzz_first()

# A data frame of the calls of one case: seed, call, state.
fuzz_case <- function(seed, uses = 3) {
  withr::local_preserve_seed()
  withr::local_options(lifecycle_verbosity = "quiet")
  set.seed(seed)
  results <- list()
  note <- function(call, outcome) {
    results[[length(results) + 1]] <<- data.frame(seed = seed, call = call, state = substr(outcome$state, 1, 300))
  }
  first <- fuzz_start(seed)
  outcome <- fuzz_outcome(first$run)
  note(first$label, outcome)
  value <- outcome$value
  table <- if (inherits(value, "bayespool_fit")) fuzz_uses else if (inherits(value, "group_moments")) fuzz_moments_uses
  if (inherits(value, "bayespool_fit")) {
    note("check_fit", fuzz_outcome(function() check_fit(value)))
    if (first$label %in% models && inherits(value$reduced, "group_moments") && chance(0.15)) {
      note("check_invariance", fuzz_outcome(function() check_invariance(first, value)))
    }
    if (seed > 2e6 && length(value$parsed$factors) == 2 && !value$settings$prior_only && chance(0.3)) {
      note("check_swapped", fuzz_outcome(function() check_swapped(first, value)))
    }
  } else if (inherits(value, "compare_pooling")) {
    note("print", fuzz_outcome(function() utils::capture.output(print(value))))
    note("tidy", fuzz_outcome(function() generics::tidy(value)))
    if (requireNamespace("bayesplot", quietly = TRUE)) {
      arguments <- fuzz_picture(value$fits$complete$reduced, c("groups", "sort", "prob", "interval"))
      if (!inherits(value, "compare_effects") && chance(0.4)) {
        arguments$intervals <- pick("partial", c("none", "complete"), "nosuch", NA, character(), 1)
      }
      note("plot", fuzz_outcome(function() ggplot2::ggplot_build(do.call(plot, c(list(value), arguments)))))
    }
  }
  for (name in sample(names(table), min(uses, length(table)))) {
    run <- table[[name]](value)
    note(name, fuzz_outcome(run))
  }
  do.call(rbind, results)
}
