# plot() of a fit, plot_data(), and what all pictures share: what they draw, read from their data, not from pixels.

skip_if_not_installed("ggplot2")
skip_if_not_installed("bayesplot")

use_code("pictures")

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

test_that("slopes that vary, their standard deviations and correlations have panels", {
  labels <- letters[1:6]
  rows <- withr::with_seed(2, {
    site <- rep(gl(6, 1, labels = labels), 3:8)
    x <- rnorm(33)
    data.frame(site, x, z = rnorm(33), y = 20 + rnorm(6, 0, 3)[site] + (2 + rnorm(6))[site] * x + rnorm(33))
  })
  slopes <- quick("mixed_model", y ~ z + x + (1 + x | site), rows)
  data <- plot(slopes)$data
  panels <- split(as.character(data$parameter), data$panel)
  expect_identical(panels, list(
    intercepts = c("beta_0", paste0("beta_0j[", labels, "]")), slopes = "beta[z]",
    "slopes of x" = c("beta[x]", paste0("beta_j[x,", labels, "]")), "standard deviations" = c("sigma_y", "sigma_0"),
    "standard deviations of slopes" = "sigma_beta[x]", correlations = "rho[x]"
  ))
  exact <- exact_summary(slopes, probs = 0.5)
  expect_equal(data$median, exact$q50, tolerance = 1e-10)
  some <- plot(slopes, pars = "rho[x]", regex_pars = "^beta_j", groups = 1:2, sort = "size")$data
  expect_identical(as.character(some$parameter), c("rho[x]", paste0("beta_j[x,", labels[6:5], "]")))
  chosen <- plot(slopes, "density", groups = labels[1])
  expect_identical(levels(chosen$data$Parameter), c(
    "beta_0", "beta[z]", "beta[x]", paste0(c("beta_0j[", "beta_j[x,"), labels[1], "]"), "sigma_y", "sigma_0", "sigma_beta[x]", "rho[x]"
  ))
  expect_error(plot_data(y ~ 1 + (1 + x | site), rows), "no predictors", class = "bayespool_error_formula")
  # Under one another where labels are long.
  columns <- function(picture) max(ggplot2::ggplot_build(picture)$layout$layout$COL)
  long <- rows
  levels(long$site) <- paste(strrep("long ", 9), 1:6)
  expect_identical(c(columns(plot(slopes)), columns(plot(quick("mixed_model", y ~ z + x + (1 + x | site), long)))), 2:1)
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
  slopes <- quick("mixed_model", y ~ x + (1 + x | site), rows)
  shown <- as.character(plot(slopes, sort = "mean", regex_pars = "j\\[")$data$parameter)
  expect_identical(shown, c(paste0("beta_0j[", by_mean, "]"), paste0("beta_j[x,", by_mean, "]")))
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
  truth <- rbind(predict(partial, new, interval = "confidence"), predict(partial, new, interval = "prediction"))
  expect_equal(cbind(interval$xmin, interval$xmax), truth[, c("lwr", "upr")], ignore_attr = TRUE)
  expect_equal(layer(picture, "GeomPoint")$x, unname(truth[, "fit"]))

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
  interval <- layer(picture, "GeomLinerange")
  average <- predict(varying, transform(new, x = mean(x)), interval = "confidence")
  expect_equal(c(interval$xmin[1], interval$xmax[1]), average[1, c("lwr", "upr")], ignore_attr = TRUE)
  expect_equal(interval$xmin[2], HDInterval::hdi(values[[2]], credMass = 0.94)[["lower"]])
  pooled <- plot_new_group(quick("complete_pooling", means), new["y"], seed = 5)
  expect_match(pooled$labels$subtitle, "^1 of 3 observations")
  # Observations are outside of the interval at their own predictors, as in the other tables and pictures.
  many <- data.frame(site = "never seen", x = rep(c(0, 10, 20), 20), y = seq(10, 50, length.out = 60))
  for (prob in c(0.5, 0.94)) {
    outside <- sum(!predictive_table(varying, many, prob = prob)$inside)
    expect_true(outside > 0 && outside < 60)
    picture <- plot_new_group(varying, many, prob = prob, seed = 5)
    expect_match(picture$labels$subtitle, paste0("never seen: ", outside, " of 60 "), fixed = TRUE)
    checked <- pp_check(varying, type = "groups", newdata = many, prob = prob)
    expect_match(checked$labels$subtitle, paste0("^", outside, " of 60 "))
    expect_match(picture$labels$caption, "own predictors")
  }
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
  expect_length(ggplot2::ggplot_build(pp_check(fit, "groups"))$layout$panel_params[[1]]$x$get_labels(), 50)
})

test_that("one draw of the prior makes a picture", {
  skip_if_not_installed("ggplot2")
  fit <- partial_pooling(yield ~ 1 + (1 | block), npk, prior_only = TRUE, chains = 1, iter_sampling = 1, seed = 1)
  drawn <- ggplot2::layer_data(plot_groups(fit), 2)
  expect_equal(drawn$x, as.vector(posterior::as_draws_matrix(fit)[, paste0("mu[", 1:6, "]")]))
})
