# What the explorer's tests start from.

# An exploration of `formula` and `data`, of which `data_code` is the user's code.
explore <- function(formula, data, data_code = substitute(data), prior = NULL, family = "gaussian", sigma = NULL,
                    weights = rlang::quo(NULL)) {
  expr <- list(formula = without_attributes(formula), data = data_code)
  expr$weights <- if (!rlang::quo_is_null(weights)) rlang::quo_get_expr(weights)
  new_exploration(formula, data, prior, family, sigma, weights, expr, NULL)
}

# What the page sends: groups 1 and 2 dropped, another size and mean of group 3, of which there is a copy.
changes <- function(mean, ...) {
  list(edits = list(list(at = 3L, n = 60L, mean = mean)), dropped = list(1L, 2L), added = list(3L), ...)
}

fits_of <- function(exploration, sent = list()) explored_fits(exploration, read_state(sent, exploration), new.env())$fits

# The environment in which the code has run.
run_code <- function(exploration, sent = list(), data = list()) {
  code <- explored_code(exploration, read_state(sent, exploration))
  env <- list2env(data, parent = globalenv())
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  utils::capture.output(eval(parse(text = code), env))
  env
}

# That code makes the fits on the screen, to the last digit.
expect_same_fits <- function(exploration, sent, data = list()) {
  shown <- fits_of(exploration, sent)
  made <- run_code(exploration, sent, data)$comparison$fits
  expect_named(made, names(shown))
  for (name in names(shown)) {
    here <- exact_summary(shown[[name]])
    there <- exact_summary(made[[name]])
    there <- there[match(here$variable, there$variable), ]
    expect_equal(as.data.frame(here), as.data.frame(there), tolerance = 1e-12, ignore_attr = TRUE)
    expect_equal(shown[[name]]$log_evidence, made[[name]]$log_evidence, tolerance = 1e-12)
  }
}

admissions <- function() {
  table <- as.data.frame(apply(UCBAdmissions, c("Dept", "Admit"), sum))
  table$dept <- rownames(table)
  table
}
