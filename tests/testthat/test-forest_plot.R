# forest_plot() and funnel_plot(): what is drawn is what other functions say.

skip_on_cran() # all of it takes long

skip_if_not_installed("ggplot2")
skip_if_not_installed("bayesplot")

use_code("pictures")

schools <- data.frame(
  school = LETTERS[1:8], effect = c(28, 8, -3, 7, -1, 1, 18, 12), se = c(15, 10, 16, 11, 9, 11, 10, 18), x = c(1, 3, 2, 5, 4, 2, 6, 1)
)
meta <- function(formula, data = schools, ..., iter_sampling = 0) {
  meta_analysis(formula, data, se = se, iter_sampling = iter_sampling, seed = 1, ...)
}
weak <- list(hyper_mu = dist_normal(0, 20), sigma_mu = dist_cauchy(0, 10))
fit <- meta(effect ~ 1 + (1 | school), prior = weak)
# The data of all layers with this geom, as drawn.
layers_of <- function(picture, geom) {
  lapply(which(vapply(picture$layers, function(x) inherits(x$geom, geom), NA)), function(i) ggplot2::layer_data(picture, i))
}
columns_of <- function(table, columns) unname(as.matrix(as.data.frame(table)[columns]))
ends_of <- function(table, interval) columns_of(table, paste0(interval, c("_lower", "_upper")))
caption_of <- function(picture) gsub("\n", " ", picture$labels$caption)
# Numbers of the right axis.
texts_of <- function(picture) {
  scale <- ggplot2::ggplot_build(picture)$layout$panel_scales_y[[1]]
  if (inherits(scale$secondary.axis, "AxisSecondary")) scale$secondary.axis$labels
}
builds <- function(picture) {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  expect_no_warning(ggplot2::ggplotGrob(picture))
}

test_that("rows are estimates with normal intervals, and exact effects of studies", {
  for (interval in c("hdi", "central")) {
    picture <- forest_plot(fit, prob = 0.8, interval = interval)
    expect_true(is_picture(picture))
    data <- picture$data
    normal <- schools$effect + outer(schools$se, stats::qnorm(c(0.1, 0.9)))
    expect_equal(data$estimate, schools$effect)
    expect_equal(columns_of(data, c("estimate_lower", "estimate_upper")), normal)
    exact <- summary(fit, pars = paste0("mu[", LETTERS[1:8], "]"), prob = 0.8, interval = interval)
    expect_equal(data$mean, exact$mean, tolerance = 1e-10)
    expect_equal(columns_of(data, c("lower", "upper")), ends_of(exact, interval), tolerance = 1e-8)
    lines <- layers_of(picture, "GeomLinerange")
    expect_equal(columns_of(lines[[1]], c("xmin", "xmax")), normal)
    expect_equal(columns_of(lines[[2]], c("xmin", "xmax")), ends_of(exact, interval), tolerance = 1e-8)
    points <- layers_of(picture, "GeomPoint")
    expect_equal(points[[1]]$x, schools$effect)
    expect_equal(points[[2]]$x, exact$mean, tolerance = 1e-10)
    # The effect below the estimate, in one row.
    expect_true(all(points[[1]]$y > points[[2]]$y & round(points[[1]]$y) == round(points[[2]]$y)))
    expect_identical(round(points[[1]]$y), 8:1 + 0)
    # They differ in shape, which grey print keeps.
    expect_length(intersect(points[[1]]$shape, points[[2]]$shape), 0)
    expect_match(caption_of(picture), if (interval == "hdi") "80% highest density interval" else "80% central interval")
    builds(picture)
  }
})

test_that("the diamond is the pooled effect and the bar that of a new study", {
  picture <- forest_plot(fit)
  pooled <- summary(fit, pars = "hyper_mu")
  diamond <- layer(picture, "GeomPolygon")
  expect_equal(diamond$x, c(pooled$hdi_lower, pooled$mean, pooled$hdi_upper, pooled$mean), tolerance = 1e-8)
  expect_true(all(diamond$y < 0.5))
  new <- predict(fit, data.frame(school = "new"), interval = "confidence")
  bar <- layers_of(picture, "GeomLinerange")[[3]]
  expect_equal(c(bar$xmin, bar$xmax), unname(new[1, c("lwr", "upr")]), tolerance = 1e-8)
  lines <- layers_of(picture, "GeomVline")
  expect_equal(unname(vapply(lines, function(x) x$xintercept, 0)), c(0, pooled$mean), tolerance = 1e-10)
  expect_length(layers_of(forest_plot(fit, refline = NULL), "GeomVline"), 1)
  expect_equal(layers_of(forest_plot(fit, refline = 5), "GeomVline")[[1]]$xintercept, 5)
})

test_that("weights are shares of the mean precision around the pooled effect", {
  # Integrated over the density of tau, which the estimates have given tau and, with this prior, mu.
  density <- function(tau) {
    vapply(tau, function(tau) {
      variance <- schools$se^2 + tau^2
      precision <- sum(1 / variance) + 1 / 20^2
      mean <- sum(schools$effect / variance) / precision
      exp(-0.5 * (sum(log(variance)) + log(precision) + sum(schools$effect^2 / variance) - precision * mean^2)) / (1 + (tau / 10)^2)
    }, 0)
  }
  integral <- function(f) stats::integrate(function(tau) f(tau) * density(tau) * 1e10, 0, Inf, rel.tol = 1e-10)$value
  precision <- vapply(schools$se, function(se) integral(function(tau) 1 / (se^2 + tau^2)), 0)
  expect_equal(forest_plot(fit)$data$weight, 100 * precision / sum(precision), tolerance = 1e-6)
  # Of all studies, also those that are not shown.
  expect_equal(forest_plot(fit, groups = c("B", "E"))$data$weight, (100 * precision / sum(precision))[c(2, 5)], tolerance = 1e-6)
  # Without heterogeneity the estimates' own.
  common <- meta(effect ~ 1 + (1 | school), prior = list(sigma_mu = dist_degenerate(0)))
  expect_equal(forest_plot(common)$data$weight, 100 * schools$se^-2 / sum(schools$se^-2), tolerance = 1e-10)
})

test_that("the columns at the right say the same", {
  picture <- forest_plot(fit)
  text <- texts_of(picture)
  expect_length(text, 11)
  expect_identical(text[1], "       estimate [94%]  weight")
  expect_length(unique(nchar(text)), 1)
  numbers <- regmatches(text, gregexpr("-?[0-9]+[.][0-9]+", text))
  data <- picture$data
  for (i in 1:8) {
    shown <- c(data$estimate[i], data$estimate_lower[i], data$estimate_upper[i], data$weight[i])
    expect_equal(as.numeric(numbers[[i + 1]]), c(round(shown[1:3], 2), round(shown[4], 1)))
  }
  pooled <- summary(fit, pars = "hyper_mu")
  expect_equal(as.numeric(numbers[[10]]), round(c(pooled$mean, pooled$hdi_lower, pooled$hdi_upper), 2))
})

test_that("another scale moves all numbers, and text with them", {
  small <- transform(schools, effect = effect / 10, se = se / 10)
  fit <- meta(effect ~ 1 + (1 | school), small)
  plain <- forest_plot(fit)
  ratios <- forest_plot(fit, transf = exp)
  columns <- c("estimate", "estimate_lower", "estimate_upper", "mean", "lower", "upper")
  expect_equal(as.list(ratios$data[columns]), lapply(plain$data[columns], exp))
  expect_identical(ratios$data[c("group", "n", "weight", "y")], plain$data[c("group", "n", "weight", "y")])
  # On a logarithmic axis, with round numbers.
  expect_equal(10^layer(ratios, "GeomPolygon")$x, exp(layer(plain, "GeomPolygon")$x))
  expect_equal(layer(ratios, "GeomVline")$xintercept, 0)
  axis <- ggplot2::ggplot_build(ratios)$layout$panel_params[[1]]$x
  labels <- axis$get_labels()
  expect_true("1" %in% labels)
  expect_equal(as.numeric(labels), 10^axis$get_breaks())
  expect_identical(ratios$labels$x, "exp(effect)")
  first <- regmatches(texts_of(ratios)[2], gregexpr("[0-9]+[.][0-9]+", texts_of(ratios)[2]))[[1]]
  expect_equal(as.numeric(first[1:3]), round(exp(unlist(plain$data[1, columns[1:3]], use.names = FALSE)), 2))
  builds(ratios)

  correlations <- forest_plot(fit, transf = tanh, refline = NULL)
  expect_equal(layer(correlations, "GeomPolygon")$x, tanh(layer(plain, "GeomPolygon")$x))
  # The lower end stays below the upper one.
  turned <- forest_plot(fit, transf = function(x) -x)
  expect_equal(turned$data$lower, -plain$data$upper)
  expect_equal(turned$data$estimate_upper, -plain$data$estimate_lower)
  expect_match(turned$labels$x, "transformed")

  expect_error(forest_plot(fit, transf = "exp"), class = "bayespool_error_argument")
  expect_error(forest_plot(fit, transf = abs), "turns", class = "bayespool_error_argument")
  expect_error(forest_plot(fit, transf = function(x) 1), "finite number", class = "bayespool_error_argument")
  expect_error(suppressWarnings(forest_plot(fit, transf = sqrt)), "finite number", class = "bayespool_error_argument")
})

test_that("axes of ratios have round numbers, not too few or many", {
  expect_equal(ratio_breaks(c(0.15, 6)), c(0.2, 0.5, 1, 2, 5))
  expect_equal(ratio_breaks(c(0.9, 1.25)), seq(0.9, 1.25, by = 0.05))
  expect_equal(ratio_breaks(c(1e-3, 1e3)), 10^(-3:3))
  for (upper in 10^c(20, 200)) {
    breaks <- ratio_breaks(c(1 / upper, upper))
    expect_true(length(breaks) >= 5 && length(breaks) <= 11)
    expect_equal(log10(breaks), round(log10(breaks)))
  }
})

test_that("studies are chosen and sorted", {
  shown <- function(...) as.character(forest_plot(fit, ...)$data$group)
  expect_identical(shown(), LETTERS[1:8])
  expect_identical(shown(sort = "mean"), c("C", "E", "F", "D", "B", "H", "G", "A"))
  expect_identical(shown(sort = "size"), LETTERS[order(schools$se)])
  expect_identical(shown(groups = c("G", "A")), c("A", "G"))
  expect_identical(shown(groups = 2:3, sort = "mean"), c("E", "F"))
  some <- forest_plot(fit, groups = c("G", "A"))
  expect_equal(layers_of(some, "GeomPoint")[[1]]$x, c(28, 18))
  expect_equal(layer(some, "GeomPolygon")$x, layer(forest_plot(fit), "GeomPolygon")$x)
  expect_identical(ggplot2::ggplot_build(some)$layout$panel_params[[1]]$y$get_labels(), c("A", "G", "pooled effect", "new study"))
})

test_that("a study with several estimates has a mark for each, and one effect", {
  more <- rbind(schools, data.frame(school = c("C", "C", "H"), effect = c(4, 11, 2), se = c(8, 20, 9), x = c(3, 4, 1)))
  picture <- forest_plot(meta(effect ~ 1 + (1 | school), more, prior = weak))
  expect_identical(picture$data$n, c(1, 1, 3, 1, 1, 1, 1, 2))
  points <- layers_of(picture, "GeomPoint")
  expect_equal(points[[1]]$x, more$effect)
  expect_identical(nrow(points[[2]]), 8L)
  of_c <- points[[1]]$y[more$school == "C"]
  expect_identical(round(of_c), c(6, 6, 6))
  expect_true(all(diff(of_c) < 0) && min(of_c) > points[[2]]$y[3])
  # What they say together.
  own <- stats::aggregate(cbind(w = se^-2, wy = effect * se^-2) ~ school, more, sum)
  expect_equal(picture$data$estimate, own$wy / own$w)
  expect_equal(picture$data$estimate_upper, own$wy / own$w + stats::qnorm(0.97) / sqrt(own$w))
  # As one estimate with that error.
  once <- data.frame(school = own$school, effect = own$wy / own$w, se = 1 / sqrt(own$w))
  merged <- forest_plot(meta(effect ~ 1 + (1 | school), once, prior = weak))
  expect_equal(picture$data[c("weight", "mean", "lower", "upper")], merged$data[c("weight", "mean", "lower", "upper")], tolerance = 1e-7)
  expect_match(caption_of(picture), "mean of several")
  builds(picture)
})

test_that("with moderators effects are at these, and what is pooled only where asked for", {
  regression <- meta(effect ~ x + (1 | school))
  picture <- forest_plot(regression)
  expected <- fitted(regression, interval = "confidence")
  expect_equal(picture$data$mean, unname(expected[, "fit"]), tolerance = 1e-10)
  expect_equal(columns_of(picture$data, c("lower", "upper")), unname(expected[, c("lwr", "upr")]), tolerance = 1e-8)
  expect_true(all(is.na(picture$data$weight)))
  expect_length(layers_of(picture, "GeomPolygon"), 0)
  expect_no_match(caption_of(picture), "Diamond")
  expect_no_match(texts_of(picture), "weight")
  builds(picture)

  there <- forest_plot(regression, newdata = data.frame(x = 3))
  population <- predict(regression, data.frame(x = 3), interval = "confidence", re_formula = NA)
  expect_equal(layer(there, "GeomPolygon")$x, unname(population[c(2, 1, 3, 1)]), tolerance = 1e-8)
  new <- predict(regression, data.frame(x = 3, school = "new"), interval = "confidence")
  bar <- layers_of(there, "GeomLinerange")[[3]]
  expect_equal(c(bar$xmin, bar$xmax), unname(new[1, 2:3]), tolerance = 1e-8)

  # Several estimates at different moderators: the mean of their expected values.
  more <- rbind(schools, data.frame(school = "C", effect = 5, se = 12, x = 8))
  several <- meta(effect ~ x + (1 | school), more)
  expect_equal(forest_plot(several)$data$mean[3], mean(fitted(several)[c(3, 9)]), tolerance = 1e-10)
  slopes <- meta(effect ~ x + (1 + x | school), more)
  expect_equal(forest_plot(slopes)$data$mean[3], mean(fitted(slopes)[c(3, 9)]), tolerance = 1e-8)

  expect_error(forest_plot(regression, newdata = data.frame(z = 1)), class = "bayespool_error_data")
  expect_error(forest_plot(regression, newdata = data.frame(x = 1:2)), "one row", class = "bayespool_error_data")
})

test_that("after NUTS all is of the draws", {
  chains <- suppressWarnings(meta(effect ~ 1 + (1 | school), prior = weak, algorithm = "nuts", iter_sampling = 300, iter_warmup = 300))
  picture <- forest_plot(chains)
  draws <- draws_matrix(chains)
  expect_equal(picture$data$mean, unname(colMeans(draws[, paste0("mu[", LETTERS[1:8], "]")])))
  expect_equal(layer(picture, "GeomPolygon")$x[2], mean(draws[, "hyper_mu"]))
  precision <- vapply(schools$se, function(se) mean(1 / (se^2 + draws[, "sigma_mu"]^2)), 0)
  expect_equal(picture$data$weight, 100 * precision / sum(precision))
  expect_match(caption_of(picture), "from draws")
  expect_match(caption_of(funnel_plot(chains)), "from draws")
  expect_error(forest_plot(update(chains, iter_sampling = 0)), class = "bayespool_error_draws")
  expect_error(funnel_plot(update(chains, iter_sampling = 0)), class = "bayespool_error_draws")
})

test_that("many studies and long labels have room", {
  many <- withr::with_seed(1, data.frame(
    school = paste(strrep("a long name ", 4), 101:180), effect = rnorm(80), se = rexp(80) + 0.1, x = 0
  ))
  formula <- effect ~ 1 + (1 | school)
  picture <- forest_plot(meta(formula, rbind(many, many[1, ])))
  expect_no_match(caption_of(picture), "number")
  expect_null(texts_of(picture))
  expect_match(caption_of(picture), "height of 10 inches")
  expect_true(all(layers_of(picture, "GeomPoint")[[1]]$y > 0.5))
  builds(picture)
  some <- forest_plot(meta(formula, many), groups = 1:40)
  expect_length(texts_of(some), 43)
  builds(some)
  few <- forest_plot(meta(formula, many[1:5, ]))
  expect_match(ggplot2::ggplot_build(few)$layout$panel_params[[1]]$y$get_labels()[1], "\n")
  builds(few)
})

test_that("a posterior without means has intervals alone", {
  flat <- meta(effect ~ 1 + (1 | school), schools[1:3, ], prior = list(hyper_mu = dist_normal(0, Inf), sigma_mu = dist_uniform(0, Inf)))
  picture <- forest_plot(flat)
  expect_length(layers_of(picture, "GeomPolygon"), 0)
  pooled <- summary(flat, pars = "hyper_mu")
  bars <- layers_of(picture, "GeomLinerange")[[3]]
  expect_equal(c(bars$xmin[1], bars$xmax[1]), c(pooled$hdi_lower, pooled$hdi_upper), tolerance = 1e-8)
  builds(picture)
  funnel <- funnel_plot(flat)
  expect_length(layers_of(funnel, "GeomVline"), 0)
  builds(funnel)
  prior <- list(beta_0 = dist_normal(0, Inf), beta = dist_normal(0, Inf), sigma_0 = dist_uniform(0, Inf))
  expect_error(funnel_plot(meta(effect ~ x + (1 | school), schools[1:4, ], prior = prior)), "do not exist", class = "bayespool_error_model")
})

test_that("the funnel holds new estimates of each standard error", {
  for (interval in c("hdi", "central")) {
    picture <- funnel_plot(fit, prob = 0.9, interval = interval)
    expect_true(is_picture(picture))
    expect_equal(picture$data$x, schools$effect)
    expect_equal(picture$data$se, schools$se)
    points <- layer(picture, "GeomPoint")
    expect_equal(points$y, -schools$se)
    funnel <- picture$layers[[1]]$data
    chosen <- c(1, 41, 101)
    expect_equal(range(funnel$se), c(0, 1.05 * 18))
    new <- data.frame(school = "new", se = funnel$se[chosen[-1]])
    table <- predictive_table(fit, new, prob = 0.9, interval = interval)
    expect_equal(funnel$lower[chosen[-1]], table$lower, tolerance = 1e-8)
    expect_equal(funnel$upper[chosen[-1]], table$upper, tolerance = 1e-8)
    # At the top the effect of a new study.
    top <- layers_of(forest_plot(fit, prob = 0.9, interval = interval), "GeomLinerange")[[3]]
    expect_equal(unlist(funnel[1, c("lower", "upper")], use.names = FALSE), c(top$xmin, top$xmax), tolerance = 1e-8)
    expect_equal(layer(picture, "GeomVline")$xintercept, exact_summary(fit, pars = "hyper_mu")$mean, tolerance = 1e-10)
    builds(picture)
  }
})

test_that("with moderators the funnel is around residuals", {
  regression <- meta(effect ~ x + (1 | school))
  picture <- funnel_plot(regression)
  expect_equal(picture$data$x, schools$effect - unname(predict(regression, schools, re_formula = NA)), tolerance = 1e-10)
  expect_equal(layer(picture, "GeomVline")$xintercept, 0)
  funnel <- picture$layers[[1]]$data
  average <- data.frame(school = "new", x = mean(schools$x), se = funnel$se[61])
  table <- predictive_table(regression, average)
  expect_equal(unlist(funnel[61, -1], use.names = FALSE), c(table$lower, table$upper) - table$mean, tolerance = 1e-8)
  expect_match(picture$labels$x, "residual")
  builds(picture)
})

test_that("they say what they cannot draw", {
  prior_only <- update(fit, prior_only = TRUE, iter_sampling = 10)
  for (plot in list(forest_plot, funnel_plot)) {
    expect_error(plot(partial), "plot_groups", class = "bayespool_error_model")
    expect_error(plot(schools), class = "bayespool_error_argument")
    expect_error(plot(prior_only), "posterior", class = "bayespool_error_argument")
    expect_error(plot(fit, prob = 1), class = "bayespool_error_argument")
    expect_error(plot(fit, interval = "short"), class = "bayespool_error_argument")
  }
  expect_error(forest_plot(fit, groups = "Z"), "Z", class = "bayespool_error_argument")
  expect_error(forest_plot(fit, sort = "weight"), class = "bayespool_error_argument")
  expect_error(forest_plot(fit, refline = "a"), class = "bayespool_error_argument")
})

# Three trials of a vaccine (Colditz et al. 1994): cases and others, with and without it.
test_that("odds ratios have the intervals that tables of counts give them", {
  counts <- data.frame(
    trial = c("a", "b", "c"), cases = c(4, 6, 62), well = c(119, 300, 13536), cases_c = c(11, 29, 248), well_c = c(128, 274, 12619)
  )
  ratio <- with(counts, cases * well_c / (well * cases_c))
  counts$yi <- log(ratio)
  counts$vi <- with(counts, 1 / cases + 1 / well + 1 / cases_c + 1 / well_c)
  picture <- forest_plot(meta_analysis(yi ~ 1 + (1 | trial), counts, vi = vi, iter_sampling = 0), prob = 0.95, transf = exp)
  factor <- exp(stats::qnorm(0.975) * sqrt(counts$vi))
  place <- match(picture$data$group, counts$trial)
  expect_equal(picture$data$estimate, ratio[place], tolerance = 1e-10)
  expect_equal(picture$data$estimate_lower, (ratio / factor)[place], tolerance = 1e-10)
  expect_equal(picture$data$estimate_upper, (ratio * factor)[place], tolerance = 1e-10)
  builds(picture)
})
