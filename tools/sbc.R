# Simulation-based calibration in full: every model, many priors and group sizes. The last figures are in bench/sbc/README.md.
#
# Run from the root of the repository, with the package installed:
#   Rscript tools/sbc.R exact [simulations]    every cell by the exact algorithm; draws bench/sbc/exact.png
#   Rscript tools/sbc.R nuts [simulations]     fewer cells, by NUTS; draws bench/sbc/nuts.png
#   Rscript tools/sbc.R necks [simulations]    the two cells where NUTS is known to fail
#   Rscript tools/sbc.R weights [simulations]  rows of unequal weight and of known errors, by the exact algorithm
#   Rscript tools/sbc.R counts [simulations]   counts and proportions, by the exact algorithm
#   Rscript tools/sbc.R factors [simulations]  two grouping factors, by the exact algorithm and by NUTS
#   Rscript tools/sbc.R three [simulations]    three correlated effects, a lattice in six dimensions: about half an hour
#   Rscript tools/sbc.R breaks [simulations]   samplers that are wrong on purpose, five seeds each
# Each prints a table. Ranks are kept in bench/results; what is there is not run again.

suppressPackageStartupMessages(library(bayespool))
for (file in list.files("tests/testthat/sbc", full.names = TRUE)) source(file)

# Cells -------------------------------------------------------------------------------------------------------------------

# Of the form of the defaults, for data of unit scale; and those of the course.
unit <- list(
  mu = dist_normal(0, 2.5), beta_0 = dist_normal(0, 2.5), beta_0j = dist_normal(0, 2.5), hyper_mu = dist_normal(0, 2.5),
  beta = dist_normal(0, 2.5), sigma = dist_exponential(1), sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1),
  sigma_0 = dist_exponential(1), sigma_beta = dist_exponential(1), rho = dist_lkj(1)
)
course <- unit
course[c("mu", "hyper_mu", "beta_0", "beta")] <- list(
  dist_normal(0, 50), dist_normal(40, 20), dist_normal(40, 20), dist_normal(0, 5)
)
stress <- list(x_mean = 40, x_sd = 8) # not centred, as the course has it

balanced <- list(`2` = c(8, 8), `5` = rep(8, 5), `30` = rep(5, 30))
unbalanced <- list(`2` = c(1, 12), `5` = c(1, 2, 4, 9, 20), `30` = rep(c(1, 2, 3, 5, 9, 16), 5))

# A cell with the priors that its model has; `changed` replaces some of them.
make_cell <- function(model, sizes, priors = unit, ..., predictors = NULL, intercept = TRUE, changed = list()) {
  with_predictors <- length(predictors) > 0
  names <- c(
    switch(model,
      complete_pooling = if (with_predictors) "beta_0" else "mu", no_pooling = if (with_predictors) "beta_0j" else "mu",
      partial_pooling = if (intercept) "hyper_mu", meta_analysis = if (with_predictors) "beta_0" else "hyper_mu", "beta_0"
    ),
    if (with_predictors) "beta",
    switch(model, complete_pooling = , no_pooling = "sigma", meta_analysis = NULL, "sigma_y"),
    switch(model,
      partial_pooling = "sigma_mu", meta_analysis = if (with_predictors) "sigma_0" else "sigma_mu",
      varying_intercept = "sigma_0", varying_slope = "sigma_beta",
      varying_intercept_slope = , mixed_model = c("sigma_0", "sigma_beta", "rho")
    )
  )
  priors[names(changed)] <- changed # modifyList() would look into a distribution and leave it as it was
  sbc_cell(model, sizes, priors[stats::na.omit(names)], predictors, intercept, ...)
}

# The same cell for 2, 5 and 30 groups, of equal and of unequal size.
across_groups <- function(name, model, ..., which = c("balanced", "unbalanced")) {
  cells <- list()
  for (kind in which) {
    for (groups in names(balanced)) {
      cells[[sprintf("%s, %s groups, %s", name, groups, kind)]] <- make_cell(model, get(kind)[[groups]], ...)
    }
  }
  cells
}

five <- unbalanced[["5"]]
families <- list(
  `half-normal` = dist_normal(0, 1), `normal around 1, cut` = dist_normal(1, 1), `half-t` = dist_student_t(3, 0, 1),
  `half-Cauchy` = dist_cauchy(0, 1), gamma = dist_gamma(2, 2), `inverse gamma` = dist_inverse_gamma(3, scale = 2),
  `log-normal` = dist_lognormal(0, 0.7), uniform = dist_uniform(0, 3), `uniform off 0` = dist_uniform(0.5, 3)
)
with_families <- lapply(families, function(prior) {
  make_cell("partial_pooling", five, changed = list(sigma_y = prior, sigma_mu = prior))
})
names(with_families) <- paste("partial, 5 groups, sds", names(families))

exact_cells <- c(
  list(
    `complete` = make_cell("complete_pooling", 20),
    `complete, 1 row` = make_cell("complete_pooling", 1),
    `complete, course` = make_cell("complete_pooling", 60, course),
    `complete, predictor` = make_cell("complete_pooling", 20, predictors = "x"),
    `complete, 2 predictors, half-Cauchy` =
      make_cell("complete_pooling", 20, predictors = c("x", "z"), changed = list(sigma = dist_cauchy(0, 1))),
    `complete, predictor, 2 rows` = make_cell("complete_pooling", 2, predictors = "x")
  ),
  across_groups("none", "no_pooling", sigma = "group"),
  list(
    `none, 5 groups, course` = make_cell("no_pooling", five + 5, course, changed = list(sigma = dist_exponential(2)),
                                         sigma = "group"),
    `none, 5 groups, inverse gamma` = make_cell("no_pooling", five, sigma = "group",
                                                changed = list(sigma = families[["inverse gamma"]]))
  ),
  across_groups("none, common sigma", "no_pooling", sigma = "common"),
  across_groups("none, predictor", "no_pooling", predictors = "x", which = "unbalanced"),
  across_groups("partial", "partial_pooling"),
  list(
    `partial, 5 groups of 1` = make_cell("partial_pooling", rep(1, 5)),
    `partial, 1 group` = make_cell("partial_pooling", 8),
    `partial, 5 groups, course` = make_cell("partial_pooling", c(6, 30, 25, 40, 20), course),
    `partial, 5 groups, known sigma_y` = make_cell("partial_pooling", five, changed = list(sigma_y = dist_degenerate(1.5))),
    `partial, 5 groups, known sigma_mu` = make_cell("partial_pooling", five, changed = list(sigma_mu = dist_degenerate(0.5))),
    `partial, 5 groups, known hyper_mu` = make_cell("partial_pooling", five, changed = list(hyper_mu = dist_degenerate(1)))
  ),
  across_groups("partial, no mean", "partial_pooling", intercept = FALSE, which = "unbalanced"),
  with_families,
  across_groups("varying", "varying_intercept", predictors = "x"),
  across_groups("varying, 2 predictors", "varying_intercept", predictors = c("x", "z"), which = "unbalanced"),
  list(
    `varying, 5 groups, course` = do.call(
      make_cell, c(list("varying_intercept", c(6, 30, 25, 40, 20), course, predictors = "x"), stress)
    ),
    `varying, 2 groups, half-Cauchy` = make_cell(
      "varying_intercept", unbalanced[["2"]], predictors = "x",
      changed = list(sigma_y = dist_cauchy(0, 1), sigma_0 = dist_cauchy(0, 1))
    )
  )
)

# Several effects a group. Apart, so that the cells before keep their seeds.
# Two groups whose effects differ by a hundred times what the data leave open make a ridge of correlations near 1 that takes more nodes
# than there may be: sigma_y is not near 0 there.
effect_cells <- c(
  across_groups("slope", "varying_slope", predictors = c("x", "z"), which = "unbalanced"),
  across_groups("intercept and slope", "varying_intercept_slope", predictors = "x", changed = list(sigma_y = dist_gamma(5, 5)))
)

# Rows of unequal weight, estimates with known errors. Apart too.
weighted_cells <- list(
  `none, 5 groups, weights` = make_cell("no_pooling", five, sigma = "group", weighted = TRUE),
  `partial, 5 groups, weights` = make_cell("partial_pooling", five, weighted = TRUE),
  `varying, 30 groups, weights` = make_cell("varying_intercept", unbalanced[["30"]], predictors = "x", weighted = TRUE),
  `slope, 5 groups, weights` = make_cell("varying_slope", five, predictors = c("x", "z"), weighted = TRUE),
  `meta-analysis, 5 studies` = make_cell("meta_analysis", rep(1, 5)),
  `meta-analysis, 30 studies, half-Cauchy` = make_cell("meta_analysis", rep(1, 30), changed = list(sigma_mu = dist_cauchy(0, 0.5))),
  `meta-analysis, moderator, several estimates` = make_cell("meta_analysis", five, predictors = "x")
)

# Counts and proportions, from a few trials to many.
of_counts <- list(mu = dist_normal(0, 1.5), hyper_mu = dist_normal(0, 1.5), sigma_mu = dist_exponential(1))
of_groups <- list(beta_0 = dist_normal(0, 1.5), beta = dist_normal(0, 1), sigma_0 = dist_exponential(1))
trials <- list(`5` = c(1, 4, 10, 45, 200), `30` = rep(c(1, 2, 5, 12, 40), 6))
count_cells <- list(
  `binomial, complete` = sbc_count_cell("complete_pooling", "binomial", trials[["5"]], of_counts["mu"]),
  `binomial, none` = sbc_count_cell("no_pooling", "binomial", trials[["5"]], of_counts["mu"]),
  `binomial, partial, 2 groups` = sbc_count_cell("partial_pooling", "binomial", c(3, 20), of_counts[-1]),
  `binomial, partial, 5 groups` = sbc_count_cell("partial_pooling", "binomial", trials[["5"]], of_counts[-1]),
  `binomial, partial, 30 groups` = sbc_count_cell("partial_pooling", "binomial", trials[["30"]], of_counts[-1]),
  `binomial, partial, 30 groups of 1` = sbc_count_cell("partial_pooling", "binomial", rep(1, 30), of_counts[-1]),
  `binomial, partial, 5 groups, 1e6 trials` = sbc_count_cell("partial_pooling", "binomial", rep(1e6, 5), of_counts[-1]),
  `binomial, partial, 5 groups, half-Cauchy` =
    sbc_count_cell("partial_pooling", "binomial", trials[["5"]], list(hyper_mu = dist_normal(0, 1.5), sigma_mu = dist_cauchy(0, 1))),
  `binomial, varying, 5 groups` = sbc_count_cell("varying_intercept", "binomial", trials[["5"]], of_groups, TRUE),
  `binomial, varying, 30 groups` = sbc_count_cell("varying_intercept", "binomial", trials[["30"]], of_groups, TRUE),
  `Poisson, none` = sbc_count_cell("no_pooling", "poisson", c(0.2, 1, 5, 30), of_counts["mu"]),
  `Poisson, partial, 5 groups` = sbc_count_cell("partial_pooling", "poisson", c(0.1, 0.5, 2, 10, 80), of_counts[-1]),
  `Poisson, partial, 30 groups` = sbc_count_cell("partial_pooling", "poisson", rep(c(0.1, 1, 10), 10), of_counts[-1]),
  `Poisson, varying, 30 groups, uniform` = sbc_count_cell(
    "varying_intercept", "poisson", rep(c(0.1, 1, 10), 10), replace(of_groups, "sigma_0", list(dist_uniform(0, 2))), TRUE
  )
)

# Two grouping factors, crossed and nested. Where NUTS has them too: away from 0, as for the centered form.
of_factors <- unit[c("beta_0", "beta", "sigma_y", "sigma_0")]
factors_away <- replace(of_factors, c("sigma_y", "sigma_0"), list(dist_gamma(5, 5), dist_gamma(5, 5)))
factor_cells <- list(
  `crossed, 12 x 8, unbalanced` = sbc_two_cell(sparse_pairs(12, 8), of_factors),
  `crossed, 12 x 8, one prior each` = sbc_two_cell(
    sparse_pairs(12, 8), c(of_factors[1:3], list(`sigma_0[subject]` = dist_gamma(2, 2), `sigma_0[item]` = dist_uniform(0, 2)))
  ),
  `crossed, 12 x 8, weights` = sbc_two_cell(sparse_pairs(12, 8), of_factors, weighted = TRUE),
  `crossed, 4 x 3, half-Cauchy` = sbc_two_cell(sparse_pairs(4, 3), replace(of_factors, "sigma_0", list(dist_cauchy(0, 1)))),
  `crossed, 5 x 5 of one row` = sbc_two_cell(data.frame(subject = rep(1:5, 5), item = rep(1:5, each = 5)), of_factors),
  `nested, 6 schools` = sbc_two_cell(nested_pairs(6), of_factors, nested = TRUE),
  `nested, 3 schools, half-Cauchy` = sbc_two_cell(
    nested_pairs(3), replace(of_factors, c("sigma_y", "sigma_0"), list(dist_cauchy(0, 1), dist_cauchy(0, 1))), nested = TRUE
  )
)
factor_nuts_cells <- list(
  `crossed, 12 x 8, NUTS` = sbc_two_cell(sparse_pairs(12, 8), factors_away),
  `crossed, 12 x 8, NUTS, centered` = sbc_two_cell(sparse_pairs(12, 8), factors_away),
  `nested, 6 schools, NUTS` = sbc_two_cell(nested_pairs(6), factors_away, nested = TRUE)
)

# Chains take longer: fewer cells. Not those where NUTS is known to fail, which are apart below, nor the centered form where
# standard deviations can be near 0 or groups are small.
away_from_0 <- list(sigma_y = dist_gamma(5, 5), sigma_0 = dist_gamma(5, 5), sigma_mu = dist_gamma(5, 5))
nuts_cells <- exact_cells[c(
  "complete", "complete, course", "complete, predictor", "none, common sigma, 5 groups, unbalanced",
  "none, predictor, 5 groups, unbalanced", "partial, 2 groups, unbalanced", "partial, 5 groups, balanced",
  "partial, 5 groups, unbalanced", "partial, 30 groups, unbalanced", "partial, 5 groups, course",
  "partial, no mean, 5 groups, unbalanced", "partial, 5 groups, sds half-normal", "partial, 5 groups, sds half-t",
  "partial, 5 groups, sds inverse gamma", "partial, 5 groups, sds uniform", "partial, 5 groups, sds uniform off 0",
  "varying, 5 groups, unbalanced", "varying, 2 predictors, 5 groups, unbalanced", "varying, 30 groups, unbalanced"
)]
# The standard deviation of single rows has a narrow neck at 0.
neck_cells <- exact_cells[c("none, 5 groups, unbalanced", "partial, 5 groups of 1")]
more_cells <- list(
  `none, 5 groups from 2 rows` = make_cell("no_pooling", five + 1, sigma = "group"),
  `partial, 5 groups, centered` = make_cell("partial_pooling", rep(20, 5), changed = away_from_0),
  `partial, 30 groups, centered` = make_cell("partial_pooling", rep(20, 30), changed = away_from_0),
  `varying, 5 groups, centered` = make_cell("varying_intercept", rep(20, 5), predictors = "x", changed = away_from_0),
  `varying, 30 groups, centered` =
    make_cell("varying_intercept", rep(20, 30), predictors = c("x", "z"), changed = away_from_0)
)

# The quadrature's error there is estimated, not small.
three_cells <- list(
  `three effects, 30 groups` = make_cell(
    "mixed_model", rep(8, 30), predictors = c("x", "z"),
    changed = list(sigma_y = dist_gamma(5, 5), sigma_0 = dist_gamma(5, 5), sigma_beta = dist_gamma(5, 5))
  )
)

# Samplers that are wrong ---------------------------------------------------------------------------------------------------

many_groups <- make_cell("partial_pooling", rep(5, 100), changed = list(sigma_mu = dist_gamma(5, 5)))

# Run ---------------------------------------------------------------------------------------------------------------------

# The ranks of each cell are kept as they come, so that a run that was broken off can go on.
kept <- function(name, make) {
  dir.create("bench/results", showWarnings = FALSE)
  file <- sprintf("bench/results/sbc %s.rds", name)
  if (!file.exists(file)) saveRDS(make(), file)
  readRDS(file)
}

run_cell <- function(name, algorithm, cells, sims) {
  sampler <- if (algorithm == "exact") sbc_exact else sbc_nuts(if (grepl("centered", name)) "centered" else "noncentered")
  all <- c(
    exact_cells, more_cells, effect_cells, three_cells, weighted_cells, count_cells, factor_cells, factor_nuts_cells
  )
  seed <- 1e5 * match(name, names(all))
  run <- kept(sprintf("%s %d %s", algorithm, sims, name), function() {
    time <- system.time(ranks <- sbc_ranks(cells[[name]], sims, seed, sampler))
    list(ranks = ranks, seconds = time[["user.self"]])
  })
  p <- sbc_p_values(run$ranks)
  cat(sprintf("| %s | %d | %s | %.2g | %.2g | %.0f |\n",
              name, length(p), names(p)[which.min(p)], min(p), min(1, min(p) * length(p)), run$seconds))
  run$p <- p
  run
}

# Difference of the distribution of ranks from the uniform, one line a quantity, with the band that holds all lines of a cell
# with a probability of 95 %.
draw_differences <- function(runs, file) {
  lines <- lapply(names(runs), function(name) {
    ranks <- runs[[name]]$ranks
    draws <- attr(ranks, "draws")
    share <- apply(ranks, 2, rank_counts, draws = draws) / nrow(ranks)
    kind <- ifelse(grepl("^sigma", colnames(ranks)), "standard deviation",
                   ifelse(colnames(ranks) %in% c("log_lik", "icc"), "log likelihood, icc", "mean or slope"))
    data.frame(cell = name, quantity = rep(colnames(ranks), each = draws), kind = rep(kind, each = draws),
               at = rank_points(draws), difference = as.vector(share - rank_points(draws)))
  })
  bands <- lapply(names(runs), function(name) {
    ranks <- runs[[name]]$ranks
    draws <- attr(ranks, "draws")
    leaves <- function(log_gamma) leave_probability(rank_band(exp(log_gamma), nrow(ranks), draws), nrow(ranks), draws)
    wanted <- 0.05 / ncol(ranks)
    gamma <- stats::uniroot(function(x) leaves(x) - wanted, c(log(wanted) - 12, log(wanted)), tol = 1e-3)$root
    band <- rank_band(exp(gamma), nrow(ranks), draws)
    data.frame(cell = name, at = rank_points(draws), lower = band$lower / nrow(ranks) - rank_points(draws),
               upper = band$upper / nrow(ranks) - rank_points(draws))
  })
  in_order <- function(parts) {
    parts <- do.call(rbind, parts)
    parts$cell <- factor(parts$cell, names(runs))
    parts
  }
  plot <- ggplot2::ggplot(in_order(lines), ggplot2::aes(at)) +
    ggplot2::geom_ribbon(ggplot2::aes(ymin = lower, ymax = upper), in_order(bands), fill = "grey85") +
    ggplot2::geom_line(ggplot2::aes(y = difference, group = quantity, colour = kind), linewidth = 0.3) +
    ggplot2::facet_wrap("cell", ncol = 6, labeller = ggplot2::label_wrap_gen(24)) +
    ggplot2::scale_colour_manual(values = c(`mean or slope` = "#1b6ca8", `standard deviation` = "#c8553d",
                                            `log likelihood, icc` = "black"), name = NULL) +
    ggplot2::scale_x_continuous(breaks = c(0, 1)) +
    ggplot2::labs(x = "rank / (draws + 1)", y = "share of simulations, minus uniform") +
    ggplot2::theme_minimal(base_size = 9) +
    ggplot2::theme(legend.position = "top", panel.grid.minor = ggplot2::element_blank(),
                   panel.spacing.x = ggplot2::unit(14, "pt"))
  ggplot2::ggsave(file, plot, width = 9.5, height = 1 + 1.35 * ceiling(length(runs) / 6), dpi = 90, bg = "white")
}

run_cells <- function(algorithm, cells, sims, picture = TRUE) {
  cat("| cell | quantities | worst | its p | times their number | seconds |\n|---|---|---|---|---|---|\n")
  runs <- lapply(stats::setNames(nm = names(cells)), run_cell, algorithm, cells, sims)
  p <- unlist(lapply(runs, `[[`, "p"))
  cat(sprintf("\n%d cells, %d quantities, %d simulations a cell: smallest p %.2g, times the number of quantities %.2g.\n",
              length(cells), length(p), sims, min(p), min(1, min(p) * length(p))))
  if (picture) draw_differences(runs, sprintf("bench/sbc/%s.png", algorithm))
}

# The judgement of wrong samplers, over several seeds.
run_breaks <- function(sims, seeds = 5) {
  cat("| wrong | rejected | worst in the median run | its p times the number of quantities |\n|---|---|---|---|\n")
  for (name in c("nothing", names(sbc_breaks))) {
    sampler <- if (name == "nothing") sbc_exact else sbc_broken(sbc_breaks[[name]])
    p <- lapply(seq_len(seeds), function(k) {
      file <- sprintf("break %d %s %d", sims, sub(" %", "", name, fixed = TRUE), k)
      sbc_p_values(kept(file, function() sbc_ranks(many_groups, sims, 1e7 + 1e5 * k, sampler)))
    })
    adjusted <- vapply(p, function(p) min(1, min(p) * length(p)), 0)
    middle <- order(adjusted)[(seeds + 1) %/% 2]
    shown <- if (adjusted[middle] < 1e-10) "< 1e-10" else sprintf("%.2g", adjusted[middle]) # below is rounding
    cat(sprintf("| %s | %d of %d | %s | %s |\n",
                name, sum(adjusted < 1e-5), seeds, names(which.min(p[[middle]])), shown))
  }
}

arguments <- commandArgs(trailingOnly = TRUE)
task <- match.arg(arguments[1], c("exact", "nuts", "necks", "weights", "counts", "factors", "three", "breaks"))
usual <- c(exact = 1000L, nuts = 200L, necks = 1000L, weights = 1000L, counts = 1000L, factors = 1000L, three = 200L, breaks = 400L)
sims <- if (length(arguments) > 1) as.integer(arguments[2]) else usual[[task]]
switch(task,
  exact = run_cells("exact", c(exact_cells, effect_cells), sims),
  nuts = run_cells("nuts", c(nuts_cells, more_cells), sims),
  necks = run_cells("nuts", neck_cells, sims, picture = FALSE),
  weights = run_cells("exact", weighted_cells, sims, picture = FALSE),
  counts = run_cells("exact", count_cells, sims, picture = FALSE),
  factors = {
    run_cells("exact", factor_cells, sims, picture = FALSE)
    run_cells("nuts", factor_nuts_cells, min(sims, usual[["nuts"]]), picture = FALSE)
  },
  three = run_cells("exact", three_cells, sims, picture = FALSE),
  breaks = run_breaks(sims)
)
