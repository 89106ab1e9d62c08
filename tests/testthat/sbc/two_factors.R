# Cells of two grouping factors: see simulate.R.

# `pairs`: the levels of both factors of each row, two columns of whole numbers, named as the factors; in a nested design those of the
# second count within the first. Rows have a predictor x from N(0, 1) and, if `weighted`, weights from 0.1 to 10.
sbc_two_cell <- function(pairs, priors, nested = FALSE, weighted = FALSE) {
  columns <- names(pairs)
  factors <- c(columns[1], if (nested) paste(columns, collapse = ":") else columns[2])
  list(
    model = "mixed_model", pairs = pairs, factors = factors, priors = priors,
    formula = stats::as.formula(sprintf("y ~ x + (1 | %s) + (1 | %s)", factors[1], factors[2])),
    arguments = if (weighted) list(weights = quote(w)),
    known = names(priors)[vapply(priors, stats::family, "") == "degenerate"]
  )
}

# The level of each row, by factor.
levels_of_rows <- function(cell) {
  columns <- Map(function(code, name) paste0(substr(name, 1, 1), code), cell$pairs, names(cell$pairs))
  stats::setNames(lapply(strsplit(cell$factors, ":"), function(own) do.call(paste, c(columns[own], sep = ":"))), cell$factors)
}

simulate_two_factors <- function(cell, seed) {
  withr::local_seed(seed)
  drawn <- function(name) draw_prior(cell$priors[[name]], 1, startsWith(name, "sigma"))
  sds <- sprintf("sigma_0[%s]", cell$factors)
  prior_of <- function(name) if (name %in% names(cell$priors)) name else "sigma_0"
  taus <- stats::setNames(vapply(sds, function(name) drawn(prior_of(name)), 0), sds)
  effects <- unlist(unname(Map(function(level, factor, tau) {
    labels <- unique(level)
    stats::setNames(stats::rnorm(length(labels), 0, tau), sprintf("b_0[%s,%s]", factor, labels))
  }, levels_of_rows(cell), cell$factors, taus)))
  truth <- c(beta_0 = drawn("beta_0"), `beta[x]` = drawn("beta"), effects, sigma_y = drawn("sigma_y"), taus)
  data <- cell$pairs
  data[] <- Map(function(code, name) paste0(substr(name, 1, 1), code), data, names(data))
  data$x <- stats::rnorm(nrow(data))
  if (!is.null(cell$arguments$weights)) data$w <- 10^stats::runif(nrow(data), -1, 1)
  given <- two_factors_given(cell, data, t(truth))
  data$y <- stats::rnorm(nrow(data), given$mean, given$sd)
  list(truth = truth, data = data)
}

# Mean and sd of each row, draws x rows.
two_factors_given <- function(cell, data, parameters) {
  mean <- outer(parameters[, "beta[x]"], data$x) + parameters[, "beta_0"]
  levels <- levels_of_rows(cell)
  for (factor in names(levels)) mean <- mean + parameters[, sprintf("b_0[%s,%s]", factor, levels[[factor]]), drop = FALSE]
  list(mean = mean, sd = outer(parameters[, "sigma_y"], 1 / sqrt(if (is.null(data$w)) rep(1, nrow(data)) else data$w)))
}

# The parameters that are not known, the share of both factors in the variance, and the log likelihood.
two_factors_quantities <- function(cell, data, parameters) {
  given <- two_factors_given(cell, data, parameters)
  y <- rep(data$y, each = nrow(parameters))
  log_lik <- rowSums(matrix(stats::dnorm(y, given$mean, given$sd, log = TRUE), nrow(parameters)))
  between <- rowSums(parameters[, sprintf("sigma_0[%s]", cell$factors), drop = FALSE]^2)
  cbind(
    parameters[, setdiff(colnames(parameters), cell$known), drop = FALSE],
    icc = between / (between + parameters[, "sigma_y"]^2), log_lik = log_lik
  )
}

# Of `first` x `second` levels cells with 0 to 3 rows, about half of them empty; all levels occur.
sparse_pairs <- function(first, second) {
  cells <- expand.grid(second = seq_len(second), first = seq_len(first))
  rows <- pmax(0, (5 * cells$first + 3 * cells$second + cells$first * cells$second) %% 7 - 3)
  rows[cells$second == (cells$first - 1) %% second + 1] <- 1
  cells <- cells[rep(seq_len(nrow(cells)), rows), ]
  data.frame(subject = cells$first, item = cells$second)
}
# Schools with 1, 2, 3, ... classes of 1 to 4 rows.
nested_pairs <- function(schools) {
  classes <- data.frame(school = rep(seq_len(schools), seq_len(schools)), class = sequence(seq_len(schools)))
  classes[rep(seq_len(nrow(classes)), 1 + seq_len(nrow(classes)) %% 4), ]
}
