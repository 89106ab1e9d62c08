# plot_shrinkage(): least squares of each group beside its posterior mean, and the population's ellipses.

skip_on_cran() # all of it takes long

skip_if_not_installed("ggplot2")
skip_if_not_installed("bayesplot")

use_code("pictures")

two <- withr::with_seed(2, {
  site <- factor(rep(letters[1:6], c(9, 2, 1, 7, 5, 6)))
  x <- rnorm(30, 1, 2)
  x[site == "e"] <- 3
  z <- rnorm(30)
  f <- factor(rep_len(c("low", "high"), 30))
  data.frame(site, x, z, f, y = 20 + rnorm(6, 0, 3)[site] + (2 + rnorm(6))[site] * x + z + rnorm(30))
})
fit <- quick("varying_intercept_slope", y ~ x + (1 + x | site), two)
means_of <- function(fit) {
  table <- exact_summary(fit, probs = 0.5)
  list(mean = stats::setNames(table$mean, table$variable), median = stats::setNames(table$q50, table$variable))
}
own_of <- function(picture) unname(as.matrix(picture$data[c("own_x", "own_y")]))

test_that("a group's own line is least squares on its rows, missing where they do not tell", {
  picture <- plot_shrinkage(fit)
  expect_true(is_picture(picture))
  expect_named(picture$data, c("n", "own_x", "own_y", "x", "y", "group"))
  expect_identical(as.character(picture$data$group), levels(two$site))
  expect_equal(picture$data$n, as.vector(table(two$site)))
  squares <- t(vapply(split(two, two$site), function(rows) unname(stats::coef(stats::lm(y ~ x, rows))), numeric(2)))
  # One observation, and five at one value of x.
  squares[c("c", "e"), ] <- NA
  expect_equal(own_of(picture), unname(squares), tolerance = 1e-10)
  expect_match(gsub("\n", " ", picture$labels$caption), "Without a line of their own: 2 of 6")
  expect_equal(plot_shrinkage(quick("varying_intercept_slope", y ~ x + (1 + x | site), group_moments(y ~ x + (1 | site), two)))$data,
               picture$data, tolerance = 1e-8)
  arrows <- layer(picture, "GeomSegment")
  lines <- picture$data[!is.na(picture$data$own_x), ]
  expect_equal(as.list(arrows[c("x", "y", "xend", "yend")]), list(x = lines$own_x, y = lines$own_y, xend = lines$x, yend = lines$y))
})

test_that("what all groups share is subtracted with its posterior mean", {
  shared <- quick("mixed_model", y ~ x + z + (1 + x | site), two)
  mean <- means_of(shared)$mean
  rows <- transform(two[!two$site %in% c("c", "e"), ], rest = y - mean[["beta[z]"]] * z)
  squares <- t(vapply(split(rows, rows$site, drop = TRUE), function(rows) unname(stats::coef(stats::lm(rest ~ x, rows))), numeric(2)))
  expect_equal(own_of(plot_shrinkage(shared))[c(1, 2, 4, 6), ], unname(squares), tolerance = 1e-8)

  # Two slopes and one intercept: lines through it.
  slopes <- quick("mixed_model", y ~ x + z + (0 + x + z | site), two)
  picture <- plot_shrinkage(slopes)
  rows <- transform(two[two$site != "c", ], rest = y - means_of(slopes)$mean[["beta_0"]])
  fits <- lapply(split(rows, rows$site, drop = TRUE), function(rows) stats::lm(rest ~ 0 + x + z, rows))
  squares <- t(vapply(fits, stats::coef, numeric(2)))
  expect_equal(own_of(picture)[-3, ], unname(squares), tolerance = 1e-8)
  expect_true(all(is.na(own_of(picture)[3, ])))
  expect_identical(unlist(picture$labels[c("x", "y")], use.names = FALSE), c("slope of x", "slope of z"))
})

test_that("points are posterior means, and ellipses hold their share of the population", {
  for (correlated in c(TRUE, FALSE)) {
    formula <- if (correlated) y ~ x + (1 + x | site) else y ~ x + (1 + x || site)
    shown <- quick("varying_intercept_slope", formula, two)
    picture <- plot_shrinkage(shown, prob = 0.9, prob_inner = 0.6)
    exact <- means_of(shown)
    expect_equal(picture$data$x, unname(exact$mean[paste0("beta_0j[", letters[1:6], "]")]), tolerance = 1e-10)
    expect_equal(picture$data$y, unname(exact$mean[paste0("beta_j[x,", letters[1:6], "]")]), tolerance = 1e-10)
    sd <- exact$median[c("sigma_0", "sigma_beta[x]")]
    rho <- if (correlated) exact$median[["rho[x]"]] else 0
    covariance <- diag(sd) %*% matrix(c(1, rho, rho, 1), 2) %*% diag(sd)
    ellipses <- split(picture$layers[[1]]$data, picture$layers[[1]]$data$prob)
    expect_named(ellipses, c("0.6", "0.9"))
    for (prob in names(ellipses)) {
      distance <- stats::mahalanobis(ellipses[[prob]][c("x", "y")], exact$mean[c("beta_0", "beta[x]")], covariance)
      expect_equal(unname(stats::pchisq(distance, 2)), rep(as.numeric(prob), length(distance)), tolerance = 1e-10)
    }
    expect_match(gsub("\n", " ", picture$labels$caption), "60% and 90% of the population")
  }
  # Of a slope that is not in the population part the mean is 0.
  outside <- plot_shrinkage(quick("mixed_model", y ~ 1 + (1 + x | site), two))
  expect_equal(mean(range(outside$layers[[1]]$data$y)), 0)
  # Nor does a category differ from a number.
  expect_identical(plot_shrinkage(quick("mixed_model", y ~ f + (1 + f | site), two))$labels$y, "slope of flow")
})

test_that("groups are chosen and sorted, and labels keep within the picture", {
  picture <- plot_shrinkage(fit, groups = c("a", "d", "b"), sort = "size")
  expect_identical(levels(picture$data$group), c("a", "d", "b"))
  expect_identical(as.character(picture$data$group), c("a", "d", "b"))
  expect_identical(trimws(layer(picture, "GeomText")$label), c("a", "d", "b"))

  long <- two
  levels(long$site) <- paste(strrep("a long name ", 4), letters[1:6])
  bounds <- function(picture) ggplot2::ggplot_build(picture)$layout$panel_params[[1]]$x.range
  longer <- plot_shrinkage(quick("varying_intercept_slope", y ~ x + (1 + x | site), long))
  text <- layer(longer, "GeomText")
  expect_lte(max(nchar(text$label)), 23)
  ends <- text$x + ifelse(text$hjust == 1, -1, 1) * 0.01 * nchar(text$label) * diff(bounds(longer))
  expect_true(all(ends >= bounds(longer)[1] & ends <= bounds(longer)[2]))

  at_ends <- data.frame(label = strrep("m", c(20, 50)), x = c(0, 10), hjust = c(1, 0))
  wide <- range_with_labels(c(0, 10), at_ends[2, ])
  expect_equal(wide, c(0, 20))
  both <- range_with_labels(c(0, 10), at_ends)
  expect_equal(both[1], -2.5)
  expect_equal(both[2], 20)

  many <- withr::with_seed(1, data.frame(site = gl(30, 4), x = rnorm(120), y = rnorm(120) + rep(rnorm(30), each = 4)))
  drawn <- plot_shrinkage(quick("varying_intercept_slope", y ~ x + (1 + x | site), many))
  expect_false(any(vapply(drawn$layers, function(x) inherits(x$geom, "GeomText"), NA)))
})

test_that("a wild line of a small group does not set the scale", {
  wild <- rbind(two, data.frame(site = "g", x = c(1, 1.001), z = 0, f = "low", y = c(20, 30)))
  picture <- plot_shrinkage(quick("varying_intercept_slope", y ~ x + (1 + x | site), wild))
  expect_gt(abs(picture$data$own_y[7]), 9000)
  expect_match(gsub("\n", " ", picture$labels$caption), "Lines outside of the picture: 1")
  expect_lt(max(abs(ggplot2::ggplot_build(picture)$layout$panel_params[[1]]$y.range)), 100)
})

test_that("plot_shrinkage() says what it cannot do", {
  expect_error(plot_shrinkage(two), class = "bayespool_error_argument")
  expect_error(plot_shrinkage(partial), "compare_pooling", class = "bayespool_error_model")
  expect_error(plot_shrinkage(quick("no_pooling", means)), "has 0", class = "bayespool_error_model")
  expect_error(plot_shrinkage(quick("varying_slope", y ~ x + (0 + x | site), two)), "\"x\"", class = "bayespool_error_model")
  expect_error(plot_shrinkage(update(fit, prior_only = TRUE)), class = "bayespool_error_argument")
  expect_error(plot_shrinkage(fit, prob = 1), class = "bayespool_error_argument")
  expect_error(plot_shrinkage(fit, prob_inner = "a"), class = "bayespool_error_argument")
  expect_error(plot_shrinkage(fit, groups = "nowhere"), "nowhere", class = "bayespool_error_argument")
})
