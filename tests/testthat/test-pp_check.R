# pp_check(): what it draws, read from the data of the picture.

skip_if_not_installed("ggplot2")
skip_if_not_installed("bayesplot")

use_code("pictures")
use_code("process")

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
  types <- check_types(partial$model)
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
