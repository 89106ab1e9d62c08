# Which groups a picture shows, in which order, and how it writes their names.

skip_if_not_installed("ggplot2")
skip_if_not_installed("bayesplot")

many <- withr::with_seed(1, {
  g <- factor(sprintf("g%02d", rep(1:30, rep(c(9, 2, 4), 10))))
  data.frame(g = g, x = rnorm(150), y = rnorm(30)[g] + rnorm(150))
})
formula <- y ~ 1 + (1 | g)
moments <- group_moments(formula, many)
labels <- levels(many$g)
choose <- function(...) moments$group[choose_groups(moments, ..., call = NULL)]

test_that("groups are sorted and chosen, by label or by place", {
  expect_identical(choose(NULL, "data"), labels)
  expect_identical(choose(NULL, "mean"), labels[order(tapply(many$y, many$g, mean))])
  expect_identical(choose(NULL, "size")[c(1, 11, 30)], labels[c(1, 3, 29)])
  backwards <- group_moments(formula, transform(many, g = factor(g, rev(levels(g)))))
  expect_identical(backwards$group[choose_groups(backwards, NULL, "label", NULL)], labels)
  expect_identical(choose(4:6, "data"), labels[4:6])
  expect_identical(choose(1:3, "mean"), labels[order(tapply(many$y, many$g, mean))][1:3])
  expect_identical(choose(labels[c(9, 2)], "data"), labels[c(2, 9)])
  expect_identical(choose(factor("g07"), "size"), "g07")
  expect_identical(unlist(lapply(list(1:20, 21:30), choose, "size")), choose(NULL, "size"))
})

test_that("what is no group is refused", {
  for (groups in list("g31", 31, 0, 1.5, c(1, 1), character(), TRUE, list("g01"), NA)) {
    expect_error(choose(groups, "data"), class = "bayespool_error_argument")
  }
  expect_error(choose(NULL, "alphabet"), class = "bayespool_error_argument")
})

test_that("panels are at most twenty unless the user chooses", {
  fit <- varying_intercept(y ~ x + (1 | g), many, iter_sampling = 0)
  expect_message(picture <- plot_groups(fit), "20 of 30", class = "bayespool_message_groups")
  expect_identical(levels(picture$data$group), labels[1:20])
  expect_message(picture <- plot_groups(fit, groups = 21:30), NA)
  expect_identical(levels(picture$data$group), labels[21:30])
  points <- ggplot2::layer_data(picture, 1)
  expect_equal(points$y, many$y[many$g %in% labels[21:30]])
  expect_message(plot_data(formula, many, "histogram"), class = "bayespool_message_groups")
  expect_message(plot_data(formula, many), NA)
})

test_that("every picture of groups takes groups and sort", {
  smallest <- choose(28:30, "size")
  partial <- partial_pooling(formula, many, iter_sampling = 0)
  comparison <- compare_pooling(formula, many, iter_sampling = 0)
  for (picture in list(
    plot_groups(partial, groups = 28:30, sort = "size"), plot_data(formula, many, groups = 28:30, sort = "size"),
    plot_data(formula, moments, groups = 28:30, sort = "size"), plot(comparison, groups = 28:30, sort = "size"),
    plot_data(formula, many, "density", groups = 28:30, sort = "size"),
    plot_groups(partial_pooling(formula, moments, iter_sampling = 0), groups = 28:30, sort = "size")
  )) {
    expect_identical(levels(picture$data$group), smallest)
    expect_false(anyNA(picture$data$group))
    expect_true(all(c("group", "n") %in% names(picture$data)))
    expect_length(ggplot2::ggplot_build(picture + ggplot2::facet_wrap("group"))$layout$layout$PANEL, 3)
  }
  interval <- plot(partial, groups = 28:30, sort = "size")$data
  expect_identical(interval$group[!is.na(interval$group)], smallest)
})

test_that("long names are wrapped, also those of one word", {
  expect_identical(wrap_text("one two three", 7), "one two\nthree")
  expect_identical(wrap_text("abcdefghij", 4), "abcd\nefgh\nij")
  expect_identical(wrap_text(c("short", ""), 10), c("short", ""))
  lines <- strsplit(wrap_text("Municipal comprehensive school_of_the_northern_district", 20), "\n")[[1]]
  expect_true(all(nchar(lines) <= 20))
  long <- transform(many, g = factor(paste("Municipal comprehensive school of the district", g)))
  fit <- varying_intercept(y ~ x + (1 | g), long, iter_sampling = 0)
  picture <- plot_groups(fit, groups = 1:16)
  strips <- picture$facet$params$labeller(data.frame(group = levels(picture$data$group)))$group
  expect_true(all(nchar(unlist(strsplit(strips, "\n"))) <= 28))
})

test_that("where not all labels fit the caption tells the height at which they do", {
  hundred <- data.frame(g = rep(1:100, 2), y = rep(c(0, 1), each = 100) + 1:100)
  expect_match(gsub("\n", " ", plot_data(formula, hundred)$labels$caption), "All labels show at a height of [0-9]+ inches")
  expect_no_match(plot_data(formula, many)$labels$caption, "height")
})

test_that("plot_data() has boxes, histograms and densities", {
  picture <- plot_data(formula, many, "histogram", groups = 1:6)
  bars <- ggplot2::layer_data(picture, 1)
  expect_equal(as.vector(tapply(bars$count, bars$PANEL, sum)), as.vector(table(many$g))[1:6])
  expect_length(unique(bars$x), 20)
  picture <- plot_data(formula, many, "box", groups = 1:6)
  middle <- ggplot2::layer_data(picture, 1)$xmiddle
  expect_equal(rev(middle), as.vector(tapply(many$y, many$g, median))[1:6])
  one <- rbind(many, data.frame(g = "one", x = 0, y = 3))
  picture <- plot_data(formula, one, "density", groups = c("g01", "one"))
  curve <- ggplot2::layer_data(picture, 1)
  expect_identical(as.integer(unique(curve$PANEL)), 1L)
  density <- stats::density(many$y[many$g == "g01"], from = min(curve$x), to = max(curve$x), n = 512)
  expect_equal(curve$y, density$y, tolerance = 1e-10)
  expect_equal(ggplot2::layer_data(picture, 2)$x, c(many$y[many$g == "g01"], 3))
  for (type in c("box", "histogram", "density")) {
    expect_error(plot_data(formula, moments, type), "single observations", class = "bayespool_error_data")
  }
  expect_error(plot_data(formula, many, "violin"), class = "bayespool_error_argument")
})
