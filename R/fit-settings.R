# The settings of a run, checked once: the arguments that all fitting functions share.

# `dots`: arguments that no fitting function has.
new_settings <- function(algorithm, chains, iter_sampling, iter_warmup, seed, prior_only, cores, control, dots, call) {
  algorithm <- choose_one(algorithm, c("exact", "nuts"), call)
  check_unknown(dots, call)
  check_positive_count(chains, call)
  check_argument(iter_sampling, is_count(iter_sampling), "a whole number of at least 0", call)
  check_argument(iter_warmup, is_count(iter_warmup), "a whole number of at least 0", call)
  check_seed(seed, call)
  check_flag(prior_only, call)
  check_positive_count(cores, call)
  check_number_of_draws(chains, iter_sampling, iter_warmup, call)
  check_argument(control, inherits(control, "bayespool_nuts_control"), "made by {.fn nuts_control}", call)
  if (algorithm == "exact") {
    check_no_nuts_arguments(iter_warmup, control, call)
  }
  list(
    algorithm = algorithm, chains = as.integer(chains), iter_sampling = as.integer(iter_sampling),
    iter_warmup = as.integer(iter_warmup), seed = seed, prior_only = prior_only, cores = as.integer(cores), control = control
  )
}

# The arguments that give these settings again, for update().
settings_arguments <- function(settings) {
  if (settings$algorithm == "exact") settings[setdiff(names(settings), c("iter_warmup", "control"))] else settings
}

# How many draws a run keeps in each chain.
iterations_kept <- function(settings) {
  settings$iter_sampling + if (settings$algorithm == "nuts" && settings$control$save_warmup) settings$iter_warmup else 0
}

check_number_of_draws <- function(chains, iter_sampling, iter_warmup, call) {
  if (as.double(chains) * (iter_sampling + iter_warmup) > .Machine$integer.max) {
    abort_bayespool(
      c(
        "Too many draws: {.arg chains} times {.arg iter_sampling} (and {.arg iter_warmup}) must be below 2^31.",
        i = "Found {chains} times {iter_sampling} (and {iter_warmup}).",
        i = "Ask for fewer draws, or for none with {.code iter_sampling = 0}: {.fn exact_summary} needs none."
      ),
      "memory", call
    )
  }
}

# The settings of NUTS mean nothing to the exact algorithm: other values than the defaults are a mistake there.
check_no_nuts_arguments <- function(iter_warmup, control, call) {
  given <- c("iter_warmup", "control")[c(iter_warmup != 1000, !identical(control, nuts_control()))]
  if (length(given) > 0) {
    abort_bayespool(
      c(
        "{.arg {given}} {?is/are} for {.code algorithm = \"nuts\"} only.",
        i = "The exact algorithm has no chains that need warmup or settings."
      ),
      "argument", call
    )
  }
}
