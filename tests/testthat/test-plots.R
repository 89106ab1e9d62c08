# Pictures: what they draw, read from their data, not from pixels.

skip_if_not_installed("ggplot2")
skip_if_not_installed("bayesplot")

use_code("process")

labels <- c("New York", "\u5317\u4eac", "c[1]", "z \"q\" \\")
rows <- withr::with_seed(1, {
  site <- factor(rep(labels, c(12, 1, 5, 7)), levels = labels)
  x <- rnorm(25, 10, 2)
  data.frame(site, x, z = rnorm(25), f = factor(rep_len(c("low", "high"), 25)), y = 20 + x + rnorm(4)[site] + rnorm(25))
})
quick <- function(model, formula, data = rows, ...) {
  do.call(model, list(formula, data, iter_sampling = 100, seed = 1, ...))
}
means <- y ~ 1 + (1 | site)
lines <- y ~ x + (1 | site)
partial <- quick("partial_pooling", means)
varying <- quick("varying_intercept", lines)

is_picture <- function(x) inherits(x, "ggplot")
# The data of the first layer with this geom, as drawn.
layer <- function(picture, geom) {
  drawn <- which(vapply(picture$layers, function(x) inherits(x$geom, geom), NA))
  ggplot2::layer_data(picture, drawn[1])
}
panel_labels <- function(picture) as.character(ggplot2::ggplot_build(picture)$layout$layout$group)
draws_matrix <- function(fit) unclass(posterior::as_draws_matrix(fit))

# plot() -------------------------------------------------------------------------------------------------------------------

test_that("intervals are exact, with panels for means, slopes and standard deviations", {
  picture <- plot(update(partial, iter_sampling = 0), interval = "central")
  expect_true(is_picture(picture))
  expect_named(picture$data, c("parameter", "panel", "group", "median", "lower", "upper", "inner_lower", "inner_upper"))
  expect_identical(as.character(picture$data$parameter), variables(partial))
  expect_identical(picture$data$group, c(NA, labels, NA, NA))
  exact <- exact_summary(partial, probs = c(0.03, 0.25, 0.5, 0.75, 0.97))[seq_along(variables(partial)), -(1:3)]
  drawn <- picture$data[c("lower", "inner_lower", "median", "inner_upper", "upper")]
  expect_equal(unname(as.matrix(drawn)), unname(as.matrix(exact)), tolerance = 1e-12)
  expect_match(picture$labels$caption, "50% and 94% central interval by quadrature")
  expect_identical(levels(picture$data$panel), c("means", "standard deviations"))
  expect_identical(levels(plot(varying)$data$panel), c("intercepts", "slopes", "standard deviations"))

  # The shortest interval is nowhere wider than the central one, and narrower where the posterior is skew.
  shortest <- plot(partial)$data
  width <- function(data) data$upper - data$lower
  expect_true(all(width(shortest) < width(picture$data) + 1e-8))
  expect_lt(width(shortest)[7], 0.95 * width(picture$data)[7])

  picture <- plot(partial, pars = "mu[\u5317\u4eac]", prob_inner = 0.8, prob = 0.9, interval = "central")
  exact <- exact_summary(partial, probs = c(0.05, 0.1))
  expect_equal(c(picture$data$lower, picture$data$inner_lower), unlist(exact[exact$variable == "mu[\u5317\u4eac]", 4:5], use.names = FALSE))
  expect_length(unique(ggplot2::layer_data(picture)$PANEL), 1)
})

test_that("intervals of NUTS are those of its draws", {
  chains <- suppressWarnings(quick("partial_pooling", means, algorithm = "nuts", chains = 2, iter_warmup = 200))
  picture <- plot(chains)
  hdi <- HDInterval::hdi(draws_matrix(chains), credMass = 0.94)
  expect_equal(picture$data$lower, unname(hdi[1, ]))
  expect_equal(picture$data$upper, unname(hdi[2, ]))
  expect_match(picture$labels$caption, "of the draws")
})

test_that("parameters of very different size have panels of their own", {
  wide <- transform(rows, thousands = 1000 * x, z = z)
  fit <- quick("varying_intercept", y ~ thousands + z + f + (1 | site), wide)
  data <- plot(fit)$data
  expect_identical(levels(data$panel), c("intercepts", "slopes (1)", "slopes (2)", "standard deviations"))
  expect_identical(as.character(data$panel[data$parameter == "beta[thousands]"]), "slopes (1)")
  expect_setequal(as.character(data$panel[data$parameter %in% c("beta[z]", "beta[flow]")]), "slopes (2)")
  # As many x axes, each with its own range.
  ranges <- lapply(ggplot2::ggplot_build(plot(fit))$layout$panel_params, function(panel) panel$x.range)
  expect_length(unique(ranges), 4)
  # Each panel is as high as its rows need.
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  drawn <- ggplot2::ggplotGrob(plot(fit, groups = labels[c(1, 3, 4)]))
  heights <- as.numeric(drawn$heights[grepl("null", as.character(drawn$heights))])
  expect_equal(heights, c(4, 1, 2, 2))
  expect_identical(scale_of_size(c(5, 0.1, 100, 0.9, 51)), c(2, 1, 3, 1, 3))
})

test_that("pars and regex_pars choose as in bayesplot, groups by label or place", {
  shown <- function(...) as.character(plot(partial, ...)$data$parameter)
  expect_identical(shown(regex_pars = "^sigma"), c("sigma_y", "sigma_mu"))
  expect_identical(shown(pars = "hyper_mu", regex_pars = c("New", "_y$")), c("hyper_mu", "mu[New York]", "sigma_y"))
  drawn <- plot(partial, "trace", pars = "sigma_mu", regex_pars = "^hyper")$data
  expect_setequal(as.character(drawn$parameter), c("hyper_mu", "sigma_mu"))
  expect_identical(shown(groups = "c[1]"), c("hyper_mu", "mu[c[1]]", "sigma_y", "sigma_mu"))
  by_mean <- labels[order(tapply(rows$y, rows$site, mean))]
  expect_identical(shown(groups = 2:3, sort = "mean"), c("hyper_mu", paste0("mu[", by_mean[2:3], "]"), "sigma_y", "sigma_mu"))
  separate <- quick("no_pooling", means, rows[rows$site != labels[2], ])
  expect_identical(
    as.character(plot(separate, groups = labels[c(4, 1)])$data$parameter),
    c("mu[New York]", "mu[z \"q\" \\]", "sigma[New York]", "sigma[z \"q\" \\]")
  )
  expect_error(plot(partial, regex_pars = "^nu"), "matches no variable", class = "bayespool_error_argument")
  expect_error(plot(partial, regex_pars = 3), class = "bayespool_error_argument")
  expect_error(plot(partial, regex_pars = "("), class = "bayespool_error_argument")
})

test_that("traces and densities show up to nine variables, those of no single group first", {
  expect_message(picture <- plot(quick("no_pooling", means, rows[rows$site != labels[2], ]), "trace"), NA)
  expect_length(unique(picture$data$parameter), 6)
  many <- data.frame(g = rep(1:10, 3), y = rep(c(-1, 0, 1), each = 10) + 1:10)
  fit <- quick("partial_pooling", y ~ 1 + (1 | g), many)
  expect_message(picture <- plot(fit, "density"), class = "bayespool_message_pars")
  expect_identical(levels(factor(picture$data$Parameter)), c("hyper_mu", "sigma_y", "sigma_mu", paste0("mu[", 1:6, "]")))
  picture <- plot(fit, "trace", pars = c("sigma_mu", "mu[10]"))
  expect_equal(ggplot2::layer_data(picture)$y, as.vector(as_draws_array(fit)[, , c("sigma_mu", "mu[10]")]))
})

test_that("divergences of NUTS are marked in the trace, and its densities are by chain", {
  funnel <- data.frame(g = rep(1:3, each = 2), y = c(1, 2, 1.4, 1.6, 1.1, 1.8))
  fit <- suppressWarnings(partial_pooling(
    y ~ 1 + (1 | g), funnel, algorithm = "nuts", control = nuts_control("centered"), chains = 2, iter_sampling = 200,
    iter_warmup = 200, seed = 1
  ))
  divergent <- subset(bayesplot::nuts_params(fit, pars = "divergent__"), Value == 1)$Iteration
  expect_gt(length(divergent), 0)
  picture <- plot(fit, "trace", pars = "sigma_mu") # one mark for an iteration that diverged in both chains
  marked <- layer(picture, "GeomRug")$x
  expect_setequal(marked[!is.na(marked)], divergent)
  expect_length(unique(ggplot2::layer_data(plot(fit, "density", pars = "sigma_mu"))$group), 2)
  expect_length(unique(ggplot2::layer_data(plot(partial, "density", pars = "sigma_mu"))$group), 1)
})

test_that("plot() says what it cannot do", {
  expect_error(plot(partial, "violin"), "`type` must be", class = "bayespool_error_argument")
  expect_error(plot(partial, pars = "nu"), class = "bayespool_error_argument")
  expect_error(plot(partial, prob = 2), class = "bayespool_error_argument")
  expect_error(plot(partial, prob_inner = "a"), class = "bayespool_error_argument")
  expect_error(plot(partial, colour = "red"), class = "bayespool_error_argument")
  expect_error(plot(partial, interval = "short"), class = "bayespool_error_argument")
  expect_error(plot(partial, groups = "nowhere"), "nowhere", class = "bayespool_error_argument")
  expect_error(plot(update(partial, iter_sampling = 0), "trace"), class = "bayespool_error_draws")
})

test_that("pictures have the theme that the user chose, and leave it as it was", {
  before <- bayesplot::bayesplot_theme_set(bayesplot::theme_default())
  on.exit(bayesplot::bayesplot_theme_set(before))
  expect_identical(plot(partial)$theme$panel.grid$colour, ggplot2::theme_minimal()$panel.grid$colour)
  expect_identical(plot(partial, "density")$theme$panel.background, ggplot2::theme_minimal()$panel.background)
  expect_identical(bayesplot::bayesplot_theme_get(), bayesplot::theme_default())
  bayesplot::bayesplot_theme_set(ggplot2::theme_dark())
  for (picture in list(plot(partial), plot(partial, "density"), plot_groups(partial), pp_check(partial))) {
    expect_identical(picture$theme$panel.background, ggplot2::theme_dark()$panel.background)
  }
  expect_identical(bayesplot::bayesplot_theme_get(), ggplot2::theme_dark())
})

# pp_check() ---------------------------------------------------------------------------------------------------------------

check <- function(...) suppressMessages(pp_check(...))

test_that("pp_check() compares the rows with predictions of the same seed", {
  picture <- check(partial, seed = 3)
  data <- picture$data
  expect_equal(data$value[data$is_y], rows$y)
  expect_equal(range(data$rep_id[!data$is_y]), c(1, 50))
  predicted <- posterior_predict(partial, ndraws = 50, seed = 3)
  expect_equal(data$value[!data$is_y], predicted[cbind(data$rep_id, data$y_id)[!data$is_y, ]])
  number <- function(...) max(check(partial, ...)$data$rep_id, na.rm = TRUE)
  expect_equal(number(ndraws = 7), 7)
  expect_equal(number("hist"), 8)
  expect_equal(number("scatter"), 8)
  expect_equal(nrow(check(partial, "stat")$data), 400)
  few <- quick("partial_pooling", means, chains = 1)
  few$draws <- posterior::subset_draws(few$draws, iteration = 1:3)
  few$settings$iter_sampling <- 3L
  expect_equal(max(check(few)$data$rep_id, na.rm = TRUE), 3)
})

test_that("every type draws", {
  skip_on_cran() # long
  types <- check_types()
  expect_true(all(c("groups", "dens_overlay", "stat_grouped", "loo_pit_qq", "error_scatter_avg_vs_x") %in% types))
  more <- rows[rep(seq_len(25), 2), ]
  fit <- quick("varying_intercept", lines, more)
  for (type in types) {
    expect_true(is_picture(suppressWarnings(check(fit, type, seed = 1))), label = type)
  }
})

test_that("groups and x come from the fit", {
  picture <- check(varying, "stat_grouped", stat = "max", seed = 1)
  expect_identical(levels(picture$data$group), labels)
  observed <- suppressMessages(layer(picture, "GeomVline"))
  expect_equal(observed$xintercept, as.vector(tapply(rows$y, rows$site, max)))
  pooled <- quick("complete_pooling", means)
  expect_identical(levels(check(pooled, "stat_grouped")$data$group), labels)

  expect_equal(check(varying, "intervals", x = "x")$data$x, rows$x)
  drawn <- layer(check(varying, "error_scatter_avg_vs_x"), "GeomPoint")
  expect_true(isTRUE(all.equal(drawn$x, rows$x)) || isTRUE(all.equal(drawn$y, rows$x))) # versions have it on either axis
  expect_identical(check(varying, "intervals", x = "x")$labels$x, "x")
})

test_that("leave-one-out types weight the draws", {
  picture <- suppressWarnings(check(partial, "loo_pit_qq", seed = 2))
  yrep <- posterior_predict(partial, seed = 2)
  weights <- weights(suppressWarnings(loo::psis(-log_lik(partial), r_eff = rep(1, 25))), log = FALSE)
  pit <- colSums(weights * (yrep <= rep(rows$y, each = nrow(yrep))))
  expect_equal(sort(layer(picture, "GeomPoint")$sample), sort(pit), tolerance = 1e-10)
})

test_that("type \"groups\": intervals of the predictions, by group, those outside marked twice", {
  for (fit in list(partial, varying)) for (interval in c("hdi", "central")) {
    picture <- check(update(fit, iter_sampling = 0), "groups", prob = 0.5, interval = interval)
    data <- picture$data
    expect_equal(data$y, rows$y)
    expect_identical(data$group, rows$site)
    table <- predictive_table(fit, prob = 0.5, interval = interval)
    for (name in c("lower", "upper", "mean")) expect_equal(data[[name]], table[[name]], tolerance = 1e-10)
    outside <- !table$inside
    expect_true(any(outside) && !all(outside))
    expect_identical(data$where == "outside", outside)
    expect_match(picture$labels$subtitle, paste(sum(outside), "of 25 observations"))
    # Group by group in the order of the means, one place each.
    expect_equal(round(data$place), as.integer(rows$site))
    expect_identical(order(data$place), order(rows$site, data$mean))
    points <- layer(picture, "GeomPoint")
    expect_length(unique(points$shape[outside]), 1)
    expect_false(points$shape[outside][1] %in% points$shape[!outside])
    expect_false(points$colour[outside][1] %in% points$colour[!outside])
    expect_true(all(points$shape %in% 0:14)) # hollow
  }
  pooled <- quick("complete_pooling", y ~ 1)
  expect_equal(round(check(pooled, "groups")$data$place), rep(1, 25))
  expect_match(check(partial, "groups", interval = "central")$labels$caption, "94% central interval", fixed = TRUE)
  expect_match(check(partial, "groups")$labels$caption, "94% highest density interval", fixed = TRUE)
})

test_that("each group has a ribbon of the same width, whatever its size", {
  ribbon <- layer(check(partial, "groups", seed = 1), "GeomRibbon")
  edges <- vapply(split(ribbon$x, ribbon$group), range, numeric(2))
  expect_equal(unname(edges), rbind(1:4 - 0.45, 1:4 + 0.45))
  # Even: without predictors it is as high everywhere.
  for (end in c("ymin", "ymax")) expect_true(all(tapply(ribbon[[end]], ribbon$group, function(y) diff(range(y))) == 0))
})

test_that("groups can be chosen and sorted", {
  picture <- check(varying, "groups", groups = labels[c(3, 1)])
  expect_identical(levels(picture$data$group), labels[c(1, 3)])
  expect_equal(picture$data$y, rows$y[rows$site %in% labels[c(1, 3)]])
  expect_match(picture$labels$subtitle, "of 17 observations")
  expect_equal(round(range(layer(picture, "GeomPoint")$x)), c(1, 2))
  sorted <- check(partial, "groups", sort = "mean")$data
  expect_identical(levels(sorted$group), labels[order(tapply(rows$y, rows$site, mean))])
  expect_error(check(partial, "groups", groups = "Atlantis"), "New York", class = "bayespool_error_argument")
  expect_error(check(partial, "groups", groups = character()), class = "bayespool_error_argument")
  expect_error(check(partial, "groups", sort = NA), class = "bayespool_error_argument")
  expect_error(check(partial, "groups", interval = "equal"), class = "bayespool_error_argument")
})

test_that("pp_check() takes new rows, also of new groups", {
  old <- rows[rows$site != labels[4], ]
  new <- rows[rows$site %in% labels[3:4], ]
  fit <- quick("partial_pooling", means, old)
  picture <- check(fit, "groups", newdata = new)
  expect_equal(picture$data$y, new$y)
  expect_identical(levels(picture$data$group), labels[3:4])
  one_each <- data.frame(site = labels[3:4])
  bounds <- predictive_table(fit, one_each)
  expect_equal(picture$data$lower, rep(bounds$lower, c(5, 7)), tolerance = 1e-10)
  expect_equal(picture$data$upper, rep(bounds$upper, c(5, 7)), tolerance = 1e-10)
  at <- ggplot2::ggplot_build(picture)$layout$panel_params[[1]]$x
  expect_identical(at$get_labels(), c(labels[3], paste(labels[4], "(new)")))

  # Moments keep no rows, but these are new.
  from_moments <- quick("partial_pooling", means, group_moments(means, old))
  expect_equal(check(from_moments, "groups", newdata = new)$data$y, new$y)
  # Groups that are only named, or not even that.
  pooled <- quick("complete_pooling", means, old)
  expect_identical(levels(check(pooled, "groups", newdata = new)$data$group), labels[3:4])
  expect_identical(levels(check(pooled, "groups", newdata = new["y"])$data$group), "all")

  data <- check(fit, newdata = new, seed = 3)$data
  expect_equal(data$value[data$is_y], new$y)
  predicted <- posterior_predict(fit, new, ndraws = 50, seed = 3)
  expect_equal(data$value[!data$is_y], predicted[cbind(data$rep_id, data$y_id)[!data$is_y, ]])
  expect_identical(levels(check(fit, "stat_grouped", newdata = new)$data$group), labels[3:4])
  expect_equal(check(varying, "intervals", x = "x", newdata = new)$data$x, new$x)

  expect_error(check(fit, "groups", newdata = new["site"]), "response", class = "bayespool_error_data")
  expect_error(check(fit, "groups", newdata = new[0, ]), "no rows", class = "bayespool_error_data")
  expect_error(check(fit, newdata = 1), class = "bayespool_error_data")
  expect_error(check(quick("no_pooling", means, old), "groups", newdata = new), class = "bayespool_error_model")
  expect_error(check(fit, "loo_pit_qq", newdata = new), "newdata", class = "bayespool_error_argument")
})

test_that("long labels stand beside the picture, short ones below it", {
  long <- rows
  levels(long$site) <- paste(labels, strrep("long ", 9))
  picture <- check(quick("partial_pooling", means, long), "groups", seed = 1)
  expect_s3_class(picture$coordinates, "CoordFlip")
  expect_equal(round(-layer(picture, "GeomPoint")$x), as.integer(rows$site)) # from the top down
  expect_false(inherits(check(partial, "groups")$coordinates, "CoordFlip"))
})

test_that("pp_check() of a prior is a prior predictive check", {
  prior <- update(partial, prior_only = TRUE)
  picture <- check(prior, "groups", interval = "central", seed = 1)
  expect_identical(picture$labels$title, "Prior predictive check")
  drawn <- posterior_predict(prior, data.frame(site = labels), seed = 1)
  for (j in 1:4) expect_within_mcse(drawn[, j] > picture$data$upper[match(j, as.integer(rows$site))], 0.03)
  expect_null(check(partial)$labels$title)
})

test_that("pp_check() is one function with bayesplot's, in whatever order they are attached", {
  skip_on_cran() # other processes
  orders <- list(character(), "library(bayesplot)", c("detach(package:bayespool)", "library(bayesplot)", "library(bayespool)"))
  for (order in orders) {
    process <- start_process(c(
      order,
      "fit <- partial_pooling(yield ~ 1 + (1 | block), npk, seed = 1)",
      "own <- pp_check(fit, 'groups', seed = 1)",
      "theirs <- pp_check(npk$yield, rbind(npk$yield, rev(npk$yield)), bayesplot::ppc_hist)",
      "also <- bayesplot::pp_check(fit, 'groups', seed = 1)",
      "done(list(own = own$data$y, theirs = class(theirs), also = identical(also$data, own$data)))"
    ))
    result <- process$wait()
    expect_equal(result$own, npk$yield)
    expect_true("ggplot" %in% result$theirs)
    expect_true(result$also)
  }
})

test_that("without bayesplot pictures are classed errors, but a graph is drawn", {
  skip_on_cran() # another process
  skip_on_os("windows")
  # A library of all packages but this.
  folder <- withr::local_tempdir()
  packages <- unlist(lapply(.libPaths(), list.files, full.names = TRUE))
  packages <- packages[!duplicated(basename(packages)) & basename(packages) != "bayesplot"]
  file.symlink(packages, file.path(folder, basename(packages)))
  process <- start_process(c(
    paste0("assign('.lib.loc', '", folder, "', envir = environment(.libPaths))"),
    "fit <- partial_pooling(yield ~ 1 + (1 | block), npk, seed = 1)",
    "class_of <- function(call) tryCatch(class(call), error = class)",
    "done(list(class_of(pp_check(fit)), class_of(pp_check(1, 2)), class_of(plot_groups(fit)), class_of(plot(model_graph(fit)))))"
  ))
  found <- process$wait()
  for (k in 1:3) expect_true("bayespool_error_package" %in% found[[k]])
  expect_true("ggplot" %in% found[[4]])
})

test_that("pp_check() says what it cannot do", {
  expect_error(check(partial, "violin"), "violin_grouped", class = "bayespool_error_argument")
  expect_error(check(partial, "bars"), class = "bayespool_error_argument")
  expect_error(check(partial, c("hist", "stat")), class = "bayespool_error_argument")
  expect_error(check(partial, "hist", x = "x"), "has no", class = "bayespool_error_argument")
  expect_error(check(partial, "groups", x = "x"), "has no", class = "bayespool_error_argument")
  expect_error(check(partial, "error_scatter_avg_vs_x"), "The fit has none", class = "bayespool_error_argument")
  two <- quick("varying_intercept", y ~ x + z + f + (1 | site))
  expect_error(check(two, "error_scatter_avg_vs_x"), "\"x\" and \"z\"", class = "bayespool_error_argument")
  expect_error(check(two, "intervals", x = "f"), class = "bayespool_error_argument")
  expect_error(check(partial, "groups", prob = 1), class = "bayespool_error_argument")
  expect_error(check(partial, "groups", size = 1), class = "bayespool_error_argument")
  expect_error(check(partial, "loo_pit_qq", ndraws = 3), class = "bayespool_error_argument")
  expect_error(check(update(partial, prior_only = TRUE), "loo_pit_qq"), "prior_only", class = "bayespool_error_argument")
  expect_error(check(quick("complete_pooling", y ~ 1), "stat_grouped"), class = "bayespool_error_argument")
  expect_error(check(quick("partial_pooling", means, group_moments(means, rows))), "moments", class = "bayespool_error_data")
  expect_error(check(update(partial, iter_sampling = 0)), class = "bayespool_error_draws")
})

# plot_groups() ------------------------------------------------------------------------------------------------------------

exact_ends <- function(fit, variables, prob) {
  table <- exact_summary(fit, probs = c((1 - prob) / 2, (1 + prob) / 2))
  table[match(variables, table$variable), c(2, 4, 5)]
}

test_that("without predictors: points of the data, mean and interval of each group's mean, without draws", {
  separate <- quick("no_pooling", means)
  common <- quick("complete_pooling", means)
  for (fit in list(partial, separate, common)) {
    picture <- plot_groups(update(fit, iter_sampling = 0), prob = 0.8, interval = "central")
    expect_equal(layer(picture, "GeomPoint")$x, rows$y)
    interval <- layer(picture, "GeomPointrange")
    exact <- exact_ends(fit, if (identical(fit, common)) rep("mu", 4) else paste0("mu[", labels, "]"), 0.8)
    expect_equal(unname(as.matrix(interval[c("x", "xmin", "xmax")])), unname(as.matrix(exact)), tolerance = 1e-10)
    # The first group is at the top.
    expect_equal(as.numeric(interval$y), 4:1)
    expect_match(picture$labels$caption, "80% central interval")
  }
  chains <- suppressWarnings(quick("partial_pooling", means, algorithm = "nuts", chains = 2, iter_warmup = 200))
  picture <- plot_groups(chains)
  hdi <- HDInterval::hdi(draws_matrix(chains)[, paste0("mu[", labels, "]")], credMass = 0.94)
  expect_equal(layer(picture, "GeomPointrange")$xmin, unname(hdi[1, ]))
  expect_match(picture$labels$caption, "from draws")
})

test_that("a line over a predictor is the expected value in the group", {
  pooled <- quick("complete_pooling", lines)
  separate <- quick("no_pooling", lines)
  for (fit in list(varying, pooled, separate)) {
    picture <- plot_groups(update(fit, iter_sampling = 0))
    expect_setequal(panel_labels(picture), labels)
    band <- layer(picture, "GeomRibbon")
    at <- data.frame(site = labels[band$PANEL], x = band$x)
    expect_equal(layer(picture, "GeomLine")$y, unname(predict(fit, at)))
    hdi <- HDInterval::hdi(posterior_epred(fit, at), credMass = 0.94)
    # 400 draws have an error of about a tenth of the width.
    expect_lt(max(abs(band$ymax - hdi[2, ]) / (band$ymax - band$ymin)), 0.2)
    expect_lt(max(abs(band$ymin - hdi[1, ]) / (band$ymax - band$ymin)), 0.2)
    points <- layer(picture, "GeomPoint")
    expect_equal(points$x, rows$x[order(rows$site)])
    expect_equal(points$y, rows$y[order(rows$site)])
  }
  chains <- suppressWarnings(quick("varying_intercept", lines, algorithm = "nuts", chains = 2, iter_warmup = 200))
  band <- layer(plot_groups(chains), "GeomRibbon")
  expected <- posterior_epred(chains, data.frame(site = labels[band$PANEL], x = band$x))
  hdi <- HDInterval::hdi(expected, credMass = 0.94)
  expect_equal(band$ymin, unname(hdi[1, ]))
  expect_equal(band$ymax, unname(hdi[2, ]))
  expect_equal(layer(plot_groups(chains), "GeomLine")$y, colMeans(expected))
})

test_that("a line reaches over its group's own data unless all are asked for", {
  ends <- function(picture) vapply(split(picture$data$x, picture$data$group), range, numeric(2))
  own <- vapply(split(rows$x, rows$site), range, numeric(2))
  drawn <- ends(plot_groups(varying))
  expect_equal(drawn[, c(1, 3, 4)], own[, c(1, 3, 4)])
  # One observation: a tenth of the whole range around it.
  expect_equal(unname(diff(drawn[, 2])), diff(range(rows$x)) / 10)
  expect_equal(mean(drawn[, 2]), own[[1, 2]])
  expect_equal(unname(ends(plot_groups(varying, range = "all"))), matrix(range(rows$x), 2, 4))

  by_level <- quick("varying_intercept", y ~ f + (1 | site))
  expect_identical(as.character(subset(plot_groups(by_level)$data, group == labels[2])$x), as.character(rows$f[13]))
  expect_identical(nrow(plot_groups(by_level, range = "all")$data), 8L)
})

test_that("other predictors are at their means in the group, interactions averaged over its rows", {
  expect_line <- function(formula, x, values) {
    fit <- quick("varying_intercept", formula)
    picture <- plot_groups(fit, x = x, range = "all")
    others <- setdiff(all.vars(formula), c("y", "site", x))
    if (length(others) > 0) expect_match(picture$labels$caption, paste(others, collapse = ", "), fixed = TRUE)
    drawn <- if (is.numeric(rows[[x]])) layer(picture, "GeomLine") else layer(picture, "GeomPointrange")
    for (value in values) for (site in labels) {
      here <- drawn[drawn$PANEL == match(site, labels), ]
      at <- rows[rows$site == site, ]
      at[[x]] <- if (is.numeric(value)) here$x[value] else factor(value, levels(rows$f))
      place <- if (is.numeric(value)) value else match(value, levels(rows$f))
      expect_equal(here$y[place], mean(predict(fit, at)), tolerance = 1e-10)
    }
  }
  expect_line(y ~ x + z + f + (1 | site), "z", c(1, 17, 30))
  expect_line(y ~ x * f + z + (1 | site), "x", c(1, 17))
  expect_line(y ~ x * f + z + (1 | site), "f", c("low", "high"))
  expect_line(y ~ poly(x, 2) + (1 | site), "x", c(1, 17, 30))
  no_intercept <- quick("complete_pooling", y ~ 0 + x)
  line <- layer(plot_groups(no_intercept), "GeomLine")
  expect_equal(line$y, line$x * exact_summary(no_intercept)$mean[1])
})

test_that("fits from moments show the means of the groups", {
  moments <- group_moments(lines, rows)
  picture <- plot_groups(quick("partial_pooling", means, moments))
  points <- layer(picture, "GeomPoint")
  group_means <- as.vector(tapply(rows$y, rows$site, mean))
  expect_equal(points$x, group_means)
  expect_equal(picture$data$n, as.vector(table(rows$site)))
  expect_identical(order(points$size), order(picture$data$n))

  fit <- quick("varying_intercept", lines, moments)
  picture <- plot_groups(fit)
  points <- layer(picture, "GeomPoint")
  expect_equal(points$x, as.vector(tapply(rows$x, rows$site, mean)))
  expect_equal(points$y, group_means)
  line <- layer(picture, "GeomLine")
  expect_equal(line$y, unname(predict(fit, data.frame(site = labels[line$PANEL], x = line$x))))
  own <- vapply(split(rows$x, rows$site), function(x) mean(x) + c(-2, 2) * stats::sd(x), numeric(2))
  expect_equal(unname(vapply(split(line$x, line$PANEL), range, numeric(2)))[, c(1, 3, 4)], unname(own[, c(1, 3, 4)]))
  everywhere <- layer(plot_groups(fit, range = "all"), "GeomLine")
  expect_lt(min(everywhere$x), min(points$x))
  expect_length(unique(everywhere$x), 30)

  named <- stats::setNames(rows, c("site", "the x", "z", "f", "y"))
  formula <- y ~ `the x` + z + (1 | site)
  fit <- quick("varying_intercept", formula, group_moments(formula, named))
  line <- layer(plot_groups(fit), "GeomLine")
  z <- as.vector(tapply(rows$z, rows$site, mean))
  at <- data.frame(site = labels[line$PANEL], `the x` = line$x, z = z[line$PANEL], check.names = FALSE)
  expect_equal(line$y, unname(predict(fit, at)))
})

test_that("with prior_only the picture shows single draws", {
  prior <- update(varying, prior_only = TRUE)
  picture <- plot_groups(prior, ndraws = 20)
  line <- layer(picture, "GeomLine")
  expect_equal(nrow(unique(line[c("PANEL", "group")])), 4 * 20)
  first <- line[line$PANEL == 1 & line$group == 1, ]
  draws <- draws_matrix(prior)[1, ]
  expect_equal(first$y, unname(draws[["beta_0j[New York]"]] + draws[["beta[x]"]] * first$x))
  prior <- update(partial, prior_only = TRUE)
  picture <- plot_groups(prior, ndraws = 1000)
  drawn <- ggplot2::layer_data(picture, 2)
  expect_equal(drawn$x, as.vector(t(draws_matrix(prior)[, paste0("mu[", labels, "]")])))
})

test_that("plot_groups() says what it cannot do", {
  expect_error(plot_groups(rows), class = "bayespool_error_argument")
  expect_error(plot_groups(partial, "x"), "has none", class = "bayespool_error_argument")
  expect_error(plot_groups(varying, "z"), "\"x\"", class = "bayespool_error_argument")
  expect_error(plot_groups(varying, prob = 0), class = "bayespool_error_argument")
  expect_error(plot_groups(varying, ndraws = 0), class = "bayespool_error_argument")
  expect_error(plot_groups(varying, range = "some"), class = "bayespool_error_argument")
  expect_error(plot_groups(varying, interval = 1), class = "bayespool_error_argument")
  expect_error(plot_groups(varying, groups = 0), class = "bayespool_error_argument")
  expect_error(plot_groups(update(varying, prior_only = TRUE, iter_sampling = 0)), class = "bayespool_error_draws")
  for (formula in list(y ~ f + (1 | site), y ~ poly(x, 2) + (1 | site), y ~ x * z + (1 | site))) {
    fit <- quick("varying_intercept", formula, group_moments(formula, rows))
    expect_error(plot_groups(fit), "single observations", class = "bayespool_error_data")
  }
})

# Data, shrinkage, a new group -------------------------------------------------------------------------------------------

test_that("plot_data() shows rows, or moments", {
  missing <- rbind(rows, data.frame(site = labels[1], x = 1, z = 1, f = "low", y = NA))
  expect_message(picture <- plot_data(means, missing), "Dropped 1 row")
  expect_equal(picture$data$y, rows$y)
  expect_equal(ggplot2::layer_data(picture, 3)$x, as.vector(tapply(rows$y, rows$site, mean)))
  expect_equal(layer(picture, "GeomBoxplot")$xmiddle, rev(as.vector(tapply(rows$y, rows$site, median))))

  picture <- plot_data(means, group_moments(lines, rows))
  line <- layer(picture, "GeomLinerange")
  expect_equal(line$xmax - line$xmin, 2 * c(tapply(rows$y, rows$site, sd)[1], 0, tapply(rows$y, rows$site, sd)[3:4]),
               ignore_attr = TRUE)
  expect_equal(layer(picture, "GeomPoint")$x, as.vector(tapply(rows$y, rows$site, mean)))

  expect_error(plot_data(y ~ 1, rows), class = "bayespool_error_formula")
  expect_error(plot_data(lines, rows), "plot_groups", class = "bayespool_error_formula")
  expect_error(plot_data(y ~ 1 + (1 | nowhere), rows), class = "bayespool_error_data")
})

test_that("a new group: its mean, and an observation in it", {
  picture <- plot_new_group(partial, seed = 5)
  new <- data.frame(site = "never seen")
  drawn <- split(picture$data$value, picture$data$what)
  expect_identical(names(drawn), c("mean of a new group", "observation in a new group"))
  expect_equal(drawn[[1]], as.vector(posterior_epred(partial, new, seed = 5)))
  expect_equal(drawn[[2]], as.vector(posterior_predict(partial, new, seed = 5)))
  interval <- layer(picture, "GeomLinerange")
  expect_equal(interval$xmin[1], HDInterval::hdi(drawn[[1]], credMass = 0.94)[["lower"]])
  expect_equal(layer(picture, "GeomPoint")$x, unname(vapply(drawn, mean, 0)))

  # A group of that name is not mistaken for it.
  taken <- rows
  levels(taken$site)[1] <- "new group"
  again <- plot_new_group(quick("partial_pooling", means, taken), seed = 5)
  expect_equal(again$data$value, picture$data$value)

  picture <- plot_new_group(varying, newdata = data.frame(x = 3), seed = 5)
  expect_equal(picture$data$value[1:400], as.vector(posterior_epred(varying, data.frame(x = 3, site = "new"), seed = 5)))
  pooled <- plot_new_group(quick("complete_pooling", means), seed = 5)
  expect_identical(unique(pooled$data$what), "new observation")
})

test_that("a new group beside what was observed in it", {
  new <- data.frame(site = "never seen", x = c(9, 10, 14), y = c(28, 30, 80))
  picture <- plot_new_group(partial, new, seed = 5)
  points <- which(vapply(picture$layers, function(x) inherits(x$geom, "GeomPoint"), NA))
  observed <- ggplot2::layer_data(picture, points[2])
  expect_equal(observed$x, new$y)
  expect_identical(unique(as.integer(observed$PANEL)), 2L)
  expect_true(all(observed$y < 0))
  interval <- layer(picture, "GeomLinerange")[2, ]
  outside <- new$y < interval$xmin | new$y > interval$xmax
  expect_identical(outside, c(FALSE, FALSE, TRUE))
  expect_false(observed$shape[3] == observed$shape[1] || observed$colour[3] == observed$colour[1])
  expect_equal(ggplot2::layer_data(picture, points[3])$x, mean(new$y))
  expect_match(picture$labels$subtitle, "never seen: 1 of 3 observations", fixed = TRUE)
  # The prediction does not depend on what was observed.
  expect_equal(picture$data[1:400, ], plot_new_group(partial, seed = 5)$data[1:400, ])

  # With predictors: the mean over the rows, and an observation of one of them.
  picture <- plot_new_group(varying, new, seed = 5)
  values <- split(picture$data$value, picture$data$what)
  expect_equal(values[[1]], rowMeans(posterior_epred(varying, new, seed = 5)))
  predicted <- posterior_predict(varying, new, seed = 5)
  expect_equal(values[[2]][1:4], c(predicted[1, 1], predicted[2, 2], predicted[3, 3], predicted[4, 1]))
  pooled <- plot_new_group(quick("complete_pooling", means), new["y"], seed = 5)
  expect_match(pooled$labels$subtitle, "^1 of 3 observations")
  expect_silent(ggplot2::ggplot_build(pooled))
})

test_that("plot_new_group() says what it cannot do", {
  expect_error(plot_new_group(quick("no_pooling", means)), class = "bayespool_error_model")
  expect_error(plot_new_group(varying), "\"x\"", class = "bayespool_error_data")
  expect_error(plot_new_group(varying, rows), "New York", class = "bayespool_error_data")
  expect_error(plot_new_group(varying, rows[0, ]), "no rows", class = "bayespool_error_data")
  expect_error(plot_new_group(varying, 3), class = "bayespool_error_data")
  expect_error(plot_new_group(varying, data.frame(x = 1:2, site = c("a", "b"))), "one group", class = "bayespool_error_data")
  expect_error(plot_new_group(partial, data.frame(site = "a", y = NA_real_)), "response", class = "bayespool_error_data")
  expect_error(plot_new_group(partial, prob = 2), class = "bayespool_error_argument")
  expect_error(plot_new_group(update(partial, iter_sampling = 0)), class = "bayespool_error_draws")
})

test_that("drawing leaves R's random numbers alone", {
  withr::local_seed(1)
  before <- .Random.seed
  new_group <- plot_new_group(partial, seed = 1)
  for (picture in list(plot_data(means, rows), plot_groups(partial), plot_groups(varying), new_group)) {
    ggplot2::ggplot_build(picture)
  }
  expect_identical(.Random.seed, before)
})

test_that("fifty groups keep a label each, in smaller print", {
  many <- data.frame(g = rep(sprintf("group %d", 1:50), 2), y = c(1:50, 2:51))
  fit <- quick("partial_pooling", y ~ 1 + (1 | g), many)
  picture <- plot_groups(fit)
  expect_length(ggplot2::ggplot_build(picture)$layout$panel_params[[1]]$y$get_labels(), 50)
  expect_lt(as.numeric(picture$theme$axis.text.y$size), as.numeric(plot_groups(partial)$theme$axis.text.y$size %||% 1))
  expect_length(ggplot2::ggplot_build(check(fit, "groups"))$layout$panel_params[[1]]$x$get_labels(), 50)
})

test_that("one draw of the prior makes a picture", {
  skip_if_not_installed("ggplot2")
  fit <- partial_pooling(yield ~ 1 + (1 | block), npk, prior_only = TRUE, chains = 1, iter_sampling = 1, seed = 1)
  drawn <- ggplot2::layer_data(plot_groups(fit), 2)
  expect_equal(drawn$x, as.vector(posterior::as_draws_matrix(fit)[, paste0("mu[", 1:6, "]")]))
})
