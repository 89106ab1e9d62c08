# plot() and print() of compare_pooling(): shrinkage, read from the data of the picture.

skip_if_not_installed("ggplot2")
skip_if_not_installed("bayesplot")

rows <- withr::with_seed(2, {
  site <- factor(rep(c("a", "b", "c", "d"), c(12, 1, 5, 7)))
  x <- rnorm(25, c(10, 14, 8, 11)[site], 2)
  data.frame(site, x, f = factor(rep_len(c("low", "high"), 25)), y = 20 + x + rnorm(4)[site] + rnorm(25))
})
means <- y ~ 1 + (1 | site)
lines <- y ~ x + f + (1 | site)
without <- compare_pooling(means, rows, iter_sampling = 0)
with <- compare_pooling(lines, rows, iter_sampling = 0)

layers <- function(picture, geom) {
  drawn <- which(vapply(picture$layers, function(x) inherits(x$geom, geom), NA))
  lapply(drawn, function(i) ggplot2::layer_data(picture, i))
}

test_that("arrows go from the observed mean to that under partial pooling", {
  picture <- plot(without, sort = "data")
  arrow <- layers(picture, "GeomSegment")[[1]]
  expect_equal(arrow$x, as.vector(tapply(rows$y, rows$site, mean)))
  partial <- without$groups[without$groups$model == "partial", ]
  expect_equal(arrow$xend, partial$estimate, tolerance = 1e-10)
  population <- without$population$estimate
  expect_identical(sign(arrow$xend - arrow$x), sign(population - arrow$x))
  expect_setequal(
    layers(picture, "GeomVline")[[1]]$xintercept, c(population, without$groups$estimate[without$groups$model == "complete"][1])
  )
  expect_length(unique(layers(picture, "GeomPoint")[[1]]$fill), 2)
  expect_identical(picture$labels$x, "mean of y")
  # By the observed mean from the top down, unless asked otherwise.
  expect_identical(levels(plot(without)$data$group), levels(rows$site)[order(tapply(rows$y, rows$site, mean))])
  expect_identical(levels(plot(without, sort = "size")$data$group), c("a", "d", "c", "b"))
})

test_that("with predictors all means are at the average of the predictors", {
  data <- plot(with, sort = "data", interval = "central")$data
  fits <- with$fits
  # Dummy columns are averaged as others are: the mean of predictions with the group exchanged.
  at <- function(group) transform(rows, site = group)
  for (model in c("none", "partial", "complete")) {
    expected <- vapply(levels(rows$site), function(group) mean(predict(fits[[model]], at(group))), 0)
    expect_equal(data[[paste0("estimate_", model)]], unname(expected), tolerance = 1e-10)
  }
  slopes <- exact_summary(fits$partial)
  slopes <- slopes$mean[match(c("beta[x]", "beta[flow]"), slopes$variable)]
  columns <- cbind(rows$x, rows$f == "low")
  moved <- rows$y - drop(sweep(columns, 2, colMeans(columns)) %*% slopes)
  expect_equal(data$observed, as.vector(tapply(moved, rows$site, mean)), tolerance = 1e-10)
  # So each arrow points at the population's mean there.
  population <- mean(predict(fits$partial, rows, re_formula = NA))
  expect_equal(layers(plot(with), "GeomVline")[[1]]$xintercept[1], population, tolerance = 1e-10)
  expect_true(all((data$estimate_partial - data$observed) * (population - data$observed) > 0))
  # Intervals, against the fit with predictors that have their origin there: a flat prior of the intercept does not mind.
  flat <- list(partial = list(beta_0 = dist_uniform(-Inf, Inf)))
  centred <- transform(rows, x = x - mean(x))
  shifted <- plot(compare_pooling(y ~ x + (1 | site), rows, prior = flat, iter_sampling = 0), sort = "data", interval = "central")$data
  there <- compare_pooling(y ~ x + (1 | site), centred, prior = flat, iter_sampling = 0)$fits$partial
  exact <- exact_summary(there, probs = c(0.03, 0.97))
  exact <- exact[startsWith(exact$variable, "beta_0j"), c("mean", "q3", "q97")]
  drawn <- shifted[c("estimate_partial", "lower_partial", "upper_partial")]
  expect_equal(unname(as.matrix(drawn)), unname(as.matrix(exact)), tolerance = 1e-8)
})

test_that("draws do not matter, nor what made them", {
  chains <- suppressWarnings(compare_pooling(
    lines, rows, algorithm = "nuts", chains = 1, iter_sampling = 20, iter_warmup = 100, seed = 1
  ))
  expect_equal(plot(chains)$data, plot(with)$data, tolerance = 1e-10)
})

test_that("intervals of each model can be shown", {
  expect_length(layers(plot(without), "GeomLinerange"), 1)
  expect_length(layers(plot(without, intervals = NULL), "GeomLinerange"), 0)
  all <- plot(without, intervals = c("partial", "none", "complete"), prob = 0.5, interval = "central", sort = "data")
  ends <- layers(all, "GeomLinerange")
  exact <- function(model, variable) {
    table <- exact_summary(without$fits[[model]], probs = c(0.25, 0.75))
    table[match(variable, table$variable), 4:5]
  }
  groups <- paste0("mu[", levels(rows$site), "]")
  expect_equal(unname(as.matrix(ends[[1]][c("xmin", "xmax")])), unname(as.matrix(exact("partial", groups))), tolerance = 1e-10)
  expect_equal(unname(as.matrix(ends[[2]][c("xmin", "xmax")])), unname(as.matrix(exact("none", groups))), tolerance = 1e-10)
  band <- layers(all, "GeomRect")[[1]]
  expect_equal(c(band$xmin, band$xmax), unlist(exact("complete", "mu"), use.names = FALSE), tolerance = 1e-10)
  expect_match(gsub("\n", " ", all$labels$caption), "50% central interval under partial pooling .*no pooling .*complete pooling")
  expect_match(plot(without)$labels$caption, "94% highest density interval")
})

test_that("the legend of sizes has the smallest and the largest group", {
  scale <- ggplot2::ggplot_build(plot(without))$plot$scales$get_scales("size")
  expect_true(all(c(1, 12) %in% scale$get_breaks()))
  equal <- compare_pooling(yield ~ 1 + (1 | block), npk, iter_sampling = 0)
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  expect_s3_class(ggplot2::ggplotGrob(plot(equal)), "gtable")
})

test_that("each layer has the variables to facet by", {
  picture <- plot(without, intervals = c("partial", "none")) + ggplot2::facet_wrap("n > 5", scales = "free_y")
  built <- ggplot2::ggplot_build(picture)
  expect_identical(nrow(built$layout$layout), 2L)
  expect_identical(as.vector(table(layers(picture, "GeomSegment")[[1]]$PANEL)), c(2L, 2L))
})

test_that("arguments are checked", {
  expect_error(plot(without, intervals = "all"), class = "bayespool_error_argument")
  expect_error(plot(without, prob = 1), class = "bayespool_error_argument")
  expect_error(plot(without, interval = "hpd"), class = "bayespool_error_argument")
  expect_error(plot(without, groups = "e"), class = "bayespool_error_argument")
  expect_error(plot(without, wrong = 1), class = "bayespool_error_argument")
})

test_that("printed columns can be compared", {
  printed <- utils::capture.output(print(with, digits = 4))
  row <- strsplit(trimws(printed[grep("^ +a +12", printed)]), " +")[[1]]
  data <- plot(with, sort = "data")$data[1, ]
  expect_equal(as.numeric(row[3:6]), unlist(data[c("observed", "estimate_complete", "estimate_none", "estimate_partial")],
                                            use.names = FALSE), tolerance = 1e-5)
  expect_match(printed, "at the average predictors", all = FALSE)
})
