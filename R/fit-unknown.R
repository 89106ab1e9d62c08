# Arguments that a fitting function does not have: what other packages or functions mean by them, and what was probably meant.

# What the fitting functions take: these by position too, those only by name.
first_arguments <- c("formula", "data", "prior")
further_arguments <- c("family", "weights", "algorithm", "chains", "iter_sampling", "iter_warmup", "seed", "prior_only", "cores", "control")

# `dots`: as expressions.
check_unknown <- function(dots, call) {
  if (length(dots) > 0) {
    names <- rlang::names2(dots)
    hints <- as.character(unlist(lapply(unique(names[names != ""]), hint_for)))
    names[names == ""] <- "(without a name)"
    abort_bayespool(
      c(
        "Unknown argument{?s}: {.val {names}}.",
        stats::setNames(hints, rep("i", length(hints))),
        i = "Further arguments are {.arg {further_arguments}}; {.fn no_pooling} has {.arg sigma} too, {.fn meta_analysis} {.arg se} \\
             and {.arg vi} in the place of {.arg weights}. They must be named."
      ),
      "argument", call
    )
  }
}

# As cli text, or NULL.
hint_for <- function(name) {
  if (name %in% names(known_elsewhere)) {
    return(known_elsewhere[[name]])
  }
  if (name %in% names(formals(nuts_control))) {
    return(paste0("{.arg ", name, "} goes into {.code control = nuts_control(", name, " = )}."))
  }
  near <- nearest_name(name, c(first_arguments, further_arguments, "sigma"))
  if (!is.null(near)) paste0("`", escape_braces(name), "`: did you mean {.arg ", near, "}?")
}

# A name that a user typed is no code.
escape_braces <- function(text) gsub("([{}])", "\\1\\1", text)

# Arguments of other packages, and of fitting functions that others do not share.
errors_hint <- "Estimates with known standard errors, {.arg se} or {.arg vi}, are for {.fn meta_analysis}."
known_elsewhere <- list(
  se = errors_hint,
  vi = errors_hint,
  sei = errors_hint,
  weights = "{.arg weights}: in {.fn meta_analysis} the standard errors of the estimates, {.arg se} or {.arg vi}, are their weights.",
  family = "{.arg family}: of counts and proportions groups can differ in their intercept alone, as in {.fn varying_intercept}.",
  subset = "{.arg subset}: choose the rows first, as in {.code data = subset(data, condition)}.",
  iter = paste(
    "{.arg iter}: did you mean {.arg iter_sampling}, the draws of each chain that are kept? Those of warmup, for",
    "{.code algorithm = \"nuts\"}, are {.arg iter_warmup}."
  ),
  warmup = "{.arg warmup}: did you mean {.arg iter_warmup}? It is for {.code algorithm = \"nuts\"} only."
)
