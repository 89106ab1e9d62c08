# Pictures of fits of counts, read from their data.

skip_if_not_installed("ggplot2")
skip_if_not_installed("bayesplot")
use_code("counts")
hits <- cbind(hits, at_bats - hits) ~ 1 + (1 | player)
rates <- failures ~ age + offset(log(hours)) + (1 | pump)
batting <- partial_pooling(hits, batters, family = binomial(), seed = 1)
failing <- varying_intercept(rates, pumps, family = poisson(), seed = 1)
layers <- function(picture, geom) {
  drawn <- which(vapply(picture$layers, function(x) inherits(x$geom, geom), NA))
  lapply(drawn, function(i) ggplot2::layer_data(picture, i))
}

test_that("groups are drawn with what was observed and their probability", {
  picture <- plot_groups(batting, sort = "mean")
  expect_identical(levels(picture$data$group), players[order(batters$hits)])
  expect_equal(picture$data$y, sort(batters$hits / 45))
  summary <- summary(batting, scale = "response")
  line <- layers(picture, "GeomLinerange")[[1]]
  expect_equal(line$xmin, summary$hdi_lower[-1][order(batters$hits)], tolerance = 1e-8)
  points <- layers(picture, "GeomPoint")
  expect_equal(points[[2]]$x, summary$mean[-1][order(batters$hits)], tolerance = 1e-8)
  expect_identical(picture$labels$x, "probability of hits")
  expect_match(picture$labels$caption, "Diamond: observed proportion", fixed = TRUE)
  expect_identical(levels(plot_groups(failing, sort = "size", groups = 1:3)$layers[[3]]$data$group), c("4", "1", "3"))
  expect_error(plot_groups(batting, x = "age"), class = "bayespool_error_argument")

  complete <- complete_pooling(hits, batters, family = binomial(), iter_sampling = 0)
  expect_length(unique(layers(plot_groups(complete), "GeomLinerange")[[1]]$xmin), 1)
  counts <- partial_pooling(hits, group_counts(hits, batters, binomial()), family = binomial(), iter_sampling = 0)
  expect_equal(plot_groups(counts)$data, plot_groups(batting)$data)
})

test_that("with a predictor they stand at its values, on the population's line", {
  picture <- plot_groups(failing)
  expect_identical(range(picture$data$x), c(1, 3))
  sample <- posterior::as_draws_matrix(failing)
  rate <- exp(sample[, "beta_0"] + 3 * sample[, "beta[age]"])
  expect_within_mcse(rate, picture$data$mean[30])
  expect_within_mcse(rate < picture$data$upper[30] & rate > picture$data$lower[30], 0.94)
  summary <- summary(failing, scale = "response", regex_pars = "^rate\\[")
  estimates <- layers(picture, "GeomLinerange")[[1]]
  expect_equal(estimates$ymin, summary$hdi_lower, tolerance = 1e-8)
  # Pumps of one age stand beside one another, none at the place of another.
  expect_identical(round(estimates$x), pumps$age)
  expect_false(anyDuplicated(estimates$x) > 0)
  effect <- plot_effects(failing)
  expect_equal(effect$data$mean, picture$data$mean)
  expect_identical(effect$labels$y, "rate of failures")
  # From counts alone the same line.
  reduced <- varying_intercept(rates, group_counts(rates, pumps, poisson()), family = poisson(), iter_sampling = 0)
  expect_equal(plot_effects(reduced)$data, effect$data, tolerance = 1e-8)

  kinds <- transform(pumps, kind = ifelse(age > 1, "old", "new"))
  by_kind <- varying_intercept(failures ~ kind + offset(log(hours)) + (1 | pump), kinds, family = poisson(), seed = 1)
  picture <- plot_groups(by_kind)
  expect_identical(as.character(picture$data$x), c("new", "old"))
  expect_identical(round(as.numeric(layers(picture, "GeomLinerange")[[1]]$x)), ifelse(pumps$age > 1, 2, 1))
})

test_that("prior draws are on the scale of the response", {
  prior <- partial_pooling(hits, batters, family = binomial(), prior_only = TRUE, seed = 1)
  drawn <- layers(plot_groups(prior, ndraws = 20), "GeomPoint")[[1]]
  expect_identical(nrow(drawn), 20L * 18L)
  expect_true(all(drawn$x > 0 & drawn$x < 1))
  line <- complete_pooling(
    cbind(hits, at_bats - hits) ~ z + (1 | player), transform(batters, z = rep(1:3, 6)), family = binomial(), prior_only = TRUE, seed = 1
  )
  curves <- layers(plot_groups(line, ndraws = 20), "GeomLine")[[1]]
  expect_length(unique(curves$group), 20)
  expect_true(all(curves$y >= 0 & curves$y <= 1))
})

test_that("arrows of shrinkage go from the observed proportion to the estimate", {
  comparison <- compare_pooling(hits, batters, family = binomial(), iter_sampling = 0)
  picture <- plot(comparison, sort = "data")
  arrow <- layers(picture, "GeomSegment")[[1]]
  expect_equal(arrow$x, batters$hits / 45)
  expect_equal(arrow$xend, comparison$groups$estimate[comparison$groups$model == "partial"], tolerance = 1e-10)
  expect_identical(picture$labels$x, "probability of hits")
  of_rates <- compare_pooling(rates, pumps, family = poisson(), iter_sampling = 0)
  picture <- plot(of_rates, intervals = c("partial", "none", "complete"), sort = "data")
  marks <- layers(picture, "GeomSegment")[[1]]
  expect_equal(marks$x, c(of_rates$population$estimate, of_rates$groups$estimate[of_rates$groups$model == "complete"]), tolerance = 1e-8)
  # In the row of its group, the first at the top.
  expect_equal(as.numeric(marks$y + marks$yend) / 2, rep(10:1, 2))
  expect_length(layers(picture, "GeomVline"), 0)
})

test_that("a new group has a probability", {
  picture <- plot_new_group(batting, data.frame(player = "Rookie", hits = 20, at_bats = 45))
  line <- layers(picture, "GeomLinerange")[[1]]
  expect_within_mcse(picture$data$value > line$xmin & picture$data$value < line$xmax, 0.94)
  points <- layers(picture, "GeomPoint")
  expect_within_mcse(picture$data$value, points[[1]]$x)
  expect_equal(points[[2]]$x, 20 / 45)
  expect_identical(picture$labels$subtitle, "Rookie: 20 of 45 trials")
  expect_identical(picture$labels$x, "probability of hits in a new group")
  expect_error(plot_new_group(failing, data.frame(age = 1:2)), class = "bayespool_error_data")
  expect_error(plot_new_group(failing), class = "bayespool_error_data")
  expect_error(plot_new_group(batting, data.frame(player = "Alvis")), class = "bayespool_error_data")
})

test_that("intervals and contrasts name the scale", {
  expect_identical(levels(plot(batting)$data$panel), c("log odds", "standard deviations"))
  expect_identical(levels(plot(failing)$data$panel)[1], "intercepts: logarithms of rates")
  expect_identical(levels(plot(batting, groups = 1:2, sort = "mean")$data$parameter)[2:3], c("mu[Alvis]", "mu[Munson]"))
  contrasts <- group_contrasts(batting, reference = "Unser", scale = "response")
  expect_identical(plot(contrasts)$labels$x, "difference in the probability of hits from Unser")
})

test_that("graphs have trials or exposures in the place of sigma", {
  graph <- model_graph(batting)
  expect_match(graph, "hits[i]\\n~ binomial(n[i], p[i])\\nlogit p[i] = mu[j]", fixed = TRUE)
  expect_match(graph, "sigma -> response", fixed = TRUE)
  expect_no_match(graph, "sigma_y", fixed = TRUE)
  expect_match(model_graph(failing), "~ poisson(e[i] rate[i])\\nlog rate[i] = beta_0j[j]\\n+ beta[age] age[i]", fixed = TRUE)
  single <- partial_pooling(am ~ 1 + (1 | cyl), mtcars, family = binomial(), iter_sampling = 0)
  expect_match(model_graph(single), "am[i]\\n~ bernoulli(p[i])", fixed = TRUE)
  expect_no_match(model_graph(single), "trials", fixed = TRUE)
  without <- partial_pooling(carb ~ 1 + (1 | cyl), mtcars, family = poisson(), iter_sampling = 0)
  expect_match(model_graph(without), "~ poisson(rate[i])", fixed = TRUE)
  for (fit in list(batting, failing, single, without, no_pooling(hits, batters, family = binomial(), iter_sampling = 0))) {
    expect_s3_class(ggplot2::ggplot_build(plot(model_graph(fit))), "ggplot_built")
  }
})
