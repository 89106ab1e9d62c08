# plot_groups(): what it draws, read from the data of the picture.

skip_on_cran() # all of it takes long

skip_if_not_installed("ggplot2")
skip_if_not_installed("bayesplot")

use_code("pictures")

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

test_that("where slopes vary each group's line and band have its own", {
  rows <- withr::with_seed(2, {
    site <- rep(gl(6, 1, labels = letters[1:6]), 3:8)
    x <- rnorm(33)
    f <- factor(rep_len(c("low", "high"), 33))
    data.frame(site, x, z = rnorm(33), f, y = 20 + rnorm(6, 0, 3)[site] + (2 + rnorm(6))[site] * x + rnorm(33))
  })
  for (formula in list(y ~ z + x + (1 + x | site), y ~ z + (1 + x | site), y ~ z + x + (0 + x | site))) {
    fit <- quick("mixed_model", formula, rows)
    picture <- plot_groups(fit, "x", prob = 0.8)
    line <- layer(picture, "GeomLine")
    exact <- exact_summary(fit, probs = 0.5)
    mean <- stats::setNames(exact$mean, exact$variable)
    group <- letters[line$PANEL]
    intercept <- if ("beta_0j[a]" %in% names(mean)) mean[paste0("beta_0j[", group, "]")] else mean[["beta_0"]]
    z <- tapply(rows$z, rows$site, base::mean)[line$PANEL]
    truth <- intercept + mean[["beta[z]"]] * z + mean[paste0("beta_j[x,", group, "]")] * line$x
    expect_equal(line$y, as.vector(truth), tolerance = 1e-8)
    band <- layer(picture, "GeomRibbon")
    expected <- predict(fit, data.frame(site = group, x = line$x, z = as.vector(z)), interval = "confidence", level = 0.8)
    expect_equal(cbind(band$ymin, band$ymax), expected[, c("lwr", "upr")], ignore_attr = TRUE, tolerance = 1e-8)
    # Slopes differ.
    expect_gt(diff(range(mean[paste0("beta_j[x,", letters[1:6], "]")])), 0.5)
    # From moments the lines are the same, over another range.
    from_moments <- quick("mixed_model", formula, group_moments(formula, rows))
    line <- layer(plot_groups(from_moments, "x"), "GeomLine")
    at <- data.frame(site = letters[line$PANEL], x = line$x, z = as.vector(tapply(rows$z, rows$site, base::mean))[line$PANEL])
    expect_equal(line$y, unname(predict(fit, at)), tolerance = 1e-8)
  }
  by_level <- quick("mixed_model", y ~ f + (1 + f | site), rows)
  drawn <- layer(plot_groups(by_level, range = "all"), "GeomPointrange")
  exact <- exact_summary(by_level, probs = 0.5)
  mean <- stats::setNames(exact$mean, exact$variable)
  own <- rbind(mean[paste0("beta_0j[", letters[1:6], "]")], mean[paste0("beta_j[flow,", letters[1:6], "]")])
  expect_equal(drawn$y, as.vector(rbind(own[1, ], own[1, ] + own[2, ])), tolerance = 1e-8) # "high" comes first

  prior <- quick("varying_intercept_slope", y ~ x + (1 + x | site), rows, prior_only = TRUE)
  line <- layer(plot_groups(prior, ndraws = 20), "GeomLine")
  second <- line[line$PANEL == 2 & line$group == 1, ]
  draws <- draws_matrix(prior)[1, ]
  expect_equal(second$y, unname(draws[["beta_0j[b]"]] + draws[["beta_j[x,b]"]] * second$x))

  population <- plot_effects(quick("mixed_model", y ~ z + x + (1 + x | site), rows), "x")
  mean <- exact_summary(quick("mixed_model", y ~ z + x + (1 + x | site), rows), probs = 0.5)$mean
  expect_equal(population$data$mean, mean[1] + mean[2] * mean(rows$z) + mean[3] * population$data$x, tolerance = 1e-8)
  expect_error(plot_effects(quick("mixed_model", y ~ z + (1 + x | site), rows), "x"), "\"z\"", class = "bayespool_error_argument")
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
