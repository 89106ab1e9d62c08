# Families of outcomes: what `family` may be, and the words for each.

# `response`: what a response can be, as cli text. Of counts: `inverse`, of the link; `mean` and `ratio`, what that makes of a mean and the
# exponential of a slope, as names of variables; `size`, what events are out of or what they are divided by, and
# `observed`, the name of events / size; `tolerance`, how far from a whole number glm() takes a count for one.
families <- list(
  gaussian = list(name = "gaussian", link = "identity", response = "The models are for a normal outcome."),
  binomial = list(
    name = "binomial", link = "logit", inverse = stats::plogis, mean = "p", ratio = "odds_ratio", size = "trials", observed = "proportion",
    tolerance = 1e-3,
    response = paste(
      "Of {.fn binomial} it can be 0 and 1, {.code FALSE} and {.code TRUE}, a factor of two levels, {.code cbind(successes, failures)},",
      "or proportions with {.arg weights}, the numbers of trials."
    )
  ),
  poisson = list(
    name = "poisson", link = "log", inverse = exp, mean = "rate", ratio = "rate_ratio", size = "exposure", observed = "rate",
    tolerance = 1e-7,
    response = "Of {.fn poisson} it is counts: whole numbers of at least 0."
  )
)

# The entry of `families` that `family` stands for: an object such as binomial(), a function that makes one, or its name.
read_family <- function(family, call) {
  given <- if (is.function(family)) tryCatch(family(), error = function(cnd) family) else family
  if (rlang::is_string(given) && given %in% names(families)) {
    return(families[[given]])
  }
  is_family <- inherits(given, "family")
  entry <- if (is_family && rlang::is_string(given$family)) families[[given$family]]
  if (!is.null(entry) && identical(given$link, entry$link)) {
    return(entry)
  }
  found <- if (is_family) paste0(given$family, "(link = \"", given$link, "\")") else format_found(given)
  abort_bayespool(
    c(
      "{.arg family} must be {.code gaussian()}, {.code binomial()} or {.code poisson()}, each with the link that it has by default.",
      i = "Found {.code {found}}.",
      i = "The links are the identity, the logit and the logarithm."
    ),
    "argument", call
  )
}

is_counts <- function(family) family$name != "gaussian"

# Whether a formula's response is cbind(successes, failures).
has_two_columns <- function(parsed) rlang::is_call(parsed$response_expr, "cbind")
