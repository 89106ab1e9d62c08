# Pictures of fits with two grouping factors: what they show, read from the data as drawn.

skip_if_not_installed("ggplot2")
skip_if_not_installed("bayesplot")
use_code("pictures")

crossed_rows <- withr::with_seed(1, {
  d <- expand.grid(subject = c("S1", "S2", "S3", "S4", "S5"), item = c("c", "a", "b"), again = 1:3)
  d$x <- round(rnorm(45), 2)
  d$y <- 10 + rnorm(5)[d$subject] + 2 * rnorm(3)[d$item] + d$x + rnorm(45)
  d[-c(1, 2, 9, 17, 30), ]
})
nested_rows <- withr::with_seed(2, {
  d <- expand.grid(class = 1:3, school = c("North", "South", "West"), pupil = 1:4)
  d$y <- 3 * rnorm(3)[d$school] + rnorm(9)[interaction(d$class, d$school)] + rnorm(36)
  d
})
crossed <- mixed_model(y ~ x + (1 | subject) + (1 | item), crossed_rows, seed = 1, iter_sampling = 200)
means_only <- update(crossed, y ~ 1 + (1 | subject) + (1 | item))
nested <- mixed_model(y ~ 1 + (1 | school / class), nested_rows, seed = 1, iter_sampling = 200)

# The graph -----------------------------------------------------------------------------------------------------------------

# The clusters that each node is in, outermost first.
clusters_of <- function(graph) {
  open <- character()
  found <- list()
  for (line in strsplit(graph, "\n")[[1]]) {
    if (grepl("subgraph", line)) open <- c(open, sub(".*cluster_([a-z_0-9]+) .*", "\\1", line))
    if (grepl("^ *}$", line)) open <- open[-length(open)]
    if (grepl("^ *[a-z_0-9]+ \\[label", line)) found[[sub("^ *([a-z_0-9]+) .*", "\\1", line)]] <- open
  }
  found
}
has_line <- function(graph, line) line %in% trimws(strsplit(graph, "\n")[[1]])

test_that("DOT of crossed factors: a plate each, with the observations beside them", {
  graph <- model_graph(crossed)
  within <- clusters_of(graph)
  expect_identical(within[c("group_1", "group_2", "response", "predictor_1")], list(
    group_1 = "groups_1", group_2 = "groups_2", response = "observations", predictor_1 = "observations"
  ))
  expect_length(unlist(within[c("population", "tau_1", "tau_2", "slope_1", "sigma")]), 0)
  expect_true(has_line(graph, "group_1 [label = \"b_0[subject,j]\\n~ normal(0, sigma_0[subject])\"]"))
  expect_true(has_line(graph, "group_2 [label = \"b_0[item,k]\\n~ normal(0, sigma_0[item])\"]"))
  for (label in c("subject j = 1, ..., 5", "item k = 1, ..., 3", "observation i in j and k (40 in all)")) {
    expect_true(has_line(graph, paste0("label = \"", label, "\"")))
  }
  expect_match(graph, "m[i] = beta_0\\n+ b_0[subject,j]\\n+ b_0[item,k]\\n+ beta[x] x[i]", fixed = TRUE)
  edges <- trimws(grep(" -> ", strsplit(graph, "\n")[[1]], value = TRUE))
  expect_setequal(edges, c(
    "tau_1 -> group_1", "tau_2 -> group_2",
    paste(c("group_1", "group_2", "population", "slope_1", "predictor_1", "sigma"), "-> response")
  ))
  expect_match(graph, format_prior(crossed$priors[["sigma_0[item]"]]), fixed = TRUE)
})

test_that("DOT of nested factors: one plate in the other, whichever the formula names first", {
  graph <- model_graph(nested)
  expect_identical(clusters_of(graph)[c("group_1", "group_2", "response")], list(
    group_1 = "groups_1", group_2 = c("groups_1", "groups_2"), response = c("groups_1", "groups_2", "observations")
  ))
  for (label in c("school j = 1, ..., 3", "school:class k in j (9 in all)", "observation i in k (36 in all)")) {
    expect_true(has_line(graph, paste0("label = \"", label, "\"")))
  }
  turned <- model_graph(update(nested, y ~ 1 + (1 | school:class) + (1 | school)))
  expect_identical(clusters_of(turned)$group_1, c("groups_2", "groups_1"))
  expect_true(has_line(turned, "label = \"school:class j in k (9 in all)\""))
  # Labels that say it without the formula: each class has a name of its own.
  named <- transform(nested_rows, class = paste(school, class))
  by_name <- model_graph(update(nested, y ~ 1 + (1 | school) + (1 | class), data = named))
  expect_identical(clusters_of(by_name)$group_2, c("groups_1", "groups_2"))
})

# Plates and centres of nodes as drawn.
drawn_graph <- function(fit) {
  picture <- plot(model_graph(fit))
  nodes <- picture$layers[[4]]$data
  nodes <- nodes[grepl("outer$", nodes$piece), ]
  centre <- function(by) tapply(by, sub(" outer$", "", nodes$piece), function(v) mean(range(v)))
  plates <- picture$layers[[1]]$data
  list(x = centre(nodes$x), y = centre(nodes$y), plates = plates, edges = with(picture$layers[[3]]$data, paste(from, "->", to)))
}
# Whether each node is in the plate.
is_in <- function(drawn, plate) {
  plate <- drawn$plates[plate, ]
  inside <- drawn$x > plate$left & drawn$x < plate$right & drawn$y > plate$bottom & drawn$y < plate$top
  sort(names(which(inside)))
}
test_that("the picture: crossed plates overlap, and the observations are in both", {
  shown <- drawn_graph(crossed)
  observed <- c("mean", "predictor_1", "response")
  expect_identical(shown$plates$label, c("subject j = 1, ..., 5", "item k = 1, ..., 3", "observation i in j and k (40 in all)"))
  expect_identical(is_in(shown, 1), sort(c("group_1", observed)))
  expect_identical(is_in(shown, 2), sort(c("group_2", observed)))
  expect_identical(is_in(shown, 3), observed)
  # Each reaches beyond the other.
  expect_gt(shown$plates$top[1], shown$plates$top[2])
  expect_lt(shown$plates$left[1], shown$plates$left[2])
  expect_gt(shown$plates$right[2], shown$plates$right[1])
  expect_lt(shown$plates$bottom[2], shown$plates$bottom[1])
  expect_true(all(c("slope_0 -> mean", "group_2 -> mean", "tau_2 -> group_2") %in% shown$edges))
})

test_that("the picture: nested plates, many predictors, no intercept, NUTS", {
  shown <- drawn_graph(nested)
  expect_identical(is_in(shown, 1), c("group_1", "group_2", "mean", "response"))
  expect_identical(is_in(shown, 2), c("group_2", "mean", "response"))
  wide <- cbind(crossed_rows, x2 = crossed_rows$x^2, x3 = rank(crossed_rows$x), x4 = rev(crossed_rows$x))
  fits <- list(
    update(crossed, y ~ 0 + (1 | subject) + (1 | item), iter_sampling = 0),
    update(crossed, y ~ x + x2 + x3 + x4 + (1 | subject) + (1 | item), data = wide, iter_sampling = 0)
  )
  of_nuts <- crossed
  of_nuts$settings$algorithm <- "nuts" # the graph asks for nothing else
  of_nuts$settings$control <- nuts_control("noncentered")
  for (fit in c(fits, list(of_nuts))) {
    shown <- drawn_graph(fit)
    expect_gt(min(dist(cbind(shown$x, shown$y))), 0.7)
  }
  expect_true(all(c("eta_1", "eta_2") %in% names(shown$x)))
  expect_match(model_graph(of_nuts), "b_0[item,k]\\n= sigma_0[item] eta[item,k]", fixed = TRUE)
  text <- ggplot2::layer_data(plot(model_graph(fits[[2]])), 7)$label
  expect_match(text, "sum over l of\nbeta[l] x[i,l]", fixed = TRUE, all = FALSE)
})

# Parameters -----------------------------------------------------------------------------------------------------------------

test_that("plot() has a panel for the effects of each factor, or of one", {
  data <- plot(means_only)$data
  exact <- exact_summary(means_only)
  expect_identical(levels(data$panel), c("intercept", "standard deviations", "effects of subject", "effects of item"))
  expect_identical(as.character(data$parameter), layout_variables(means_only$model))
  expect_equal(data$median, exact$q50[match(data$parameter, exact$variable)], tolerance = 1e-6)
  expect_identical(as.character(data$panel[data$factor %in% "item"]), rep("effects of item", 3))
  expect_identical(sum(is.na(data$factor)), 4L)

  chosen <- plot(means_only, factor = "item", groups = c("a", "b"), sort = "mean")$data
  by_mean <- names(sort(with(crossed_rows, tapply(y, item, mean))))
  expect_identical(chosen$group[!is.na(chosen$group)], setdiff(by_mean, "c"))
  expect_setequal(as.character(chosen$parameter[is.na(chosen$group)]), c("beta_0", "sigma_y", "sigma_0[subject]", "sigma_0[item]"))
  expect_error(plot(means_only, groups = 1:2), "subject.*item", class = "bayespool_error_argument")
  expect_error(plot(means_only, factor = "word"), "word", class = "bayespool_error_argument")
})

# Groups ---------------------------------------------------------------------------------------------------------------------

test_that("plot_groups() shows the groups of one factor at the average of the other", {
  shown <- plot_groups(means_only, factor = "item", sort = "label")
  at_item <- layer(shown, "GeomPointrange")
  exact <- exact_summary(means_only)
  mean_of <- function(variable) exact$mean[match(variable, exact$variable)]
  expected <- mean_of("beta_0") + mean_of(paste0("b_0[item,", c("a", "b", "c"), "]"))
  expect_equal(at_item$x[order(-as.numeric(at_item$y))], expected, tolerance = 1e-8)
  # The observations of each item are all there.
  points <- shown$data
  expect_equal(tapply(points$y, points$group, sum), with(crossed_rows, tapply(y, factor(item, c("a", "b", "c")), sum)))
  expect_match(gsub("\n", " ", shown$labels$caption), "at the average of subject", fixed = TRUE)
  expect_identical(shown$labels$y, "item")
})

test_that("lines of one factor's groups, from rows and from moments of cells", {
  at <- data.frame(subject = NA, item = "b", x = range(crossed_rows$x[crossed_rows$item == "b"]))
  exact <- exact_summary(crossed)
  mean_of <- function(variable) exact$mean[match(variable, exact$variable)]
  expected <- mean_of("beta_0") + mean_of("b_0[item,b]") + mean_of("beta[x]") * at$x
  shown <- plot_groups(crossed, factor = "item", groups = "b")
  expect_equal(range(shown$data$x), at$x)
  expect_equal(shown$data$mean[c(1, nrow(shown$data))], expected, tolerance = 1e-8)
  expect_identical(panel_labels(plot_groups(crossed, factor = "subject")), paste0("S", 1:5))

  moments <- group_moments(y ~ x + (1 | subject) + (1 | item), crossed_rows)
  of_moments <- plot_groups(update(crossed, data = moments), factor = "item")
  means <- layer(of_moments, "GeomPoint")
  by_item <- aggregate(cbind(x, y) ~ item, transform(crossed_rows, item = factor(item, levels(item))), mean)
  expect_equal(means$x[order(means$PANEL)], by_item$x, tolerance = 1e-12)
  expect_equal(means$y[order(means$PANEL)], by_item$y, tolerance = 1e-12)
})

test_that("groups within those of the other factor have its effect, too", {
  shown <- plot_groups(nested, factor = "school:class")
  drawn <- layer(shown, "GeomPointrange")
  exact <- exact_summary(nested)
  mean_of <- function(variable) exact$mean[match(variable, exact$variable)]
  labels <- nested$model$terms[[2]]$labels
  of_school <- function(school) mean_of("beta_0") + mean_of(paste0("b_0[school,", school, "]"))
  expected <- of_school(sub(":.*", "", labels)) + mean_of(paste0("b_0[school:class,", labels, "]"))
  expect_equal(drawn$x[order(-as.numeric(drawn$y))], expected, tolerance = 1e-8)
  expect_match(gsub("\n", " ", shown$labels$caption), "with the effect of school", fixed = TRUE)
  schools <- layer(plot_groups(nested, factor = "school"), "GeomPointrange")
  expect_equal(sort(schools$x), sort(of_school(c("North", "South", "West"))), tolerance = 1e-8)
})

test_that("draws of the prior, and the population", {
  prior <- plot_groups(update(means_only, prior_only = TRUE), factor = "subject", ndraws = 20)
  ticks <- Filter(function(l) "draw" %in% names(l$data), prior$layers)[[1]]$data
  expect_identical(nrow(ticks), 100L)
  population <- plot_effects(crossed)$data
  exact <- exact_summary(crossed, pars = c("beta_0", "beta[x]"))$mean
  expect_equal(population$mean, exact[1] + exact[2] * population$x, tolerance = 1e-8)
})

test_that("plot_data() takes the factor from a formula with two", {
  formula <- y ~ 1 + (1 | subject) + (1 | item)
  one <- plot_data(y ~ 1 + (1 | item), crossed_rows)
  expect_equal(plot_data(formula, crossed_rows, factor = "item")$data, one$data)
  moments <- group_moments(formula, crossed_rows)
  from_moments <- plot_data(formula, moments, factor = "subject")$data
  expect_equal(from_moments$mean, as.vector(with(crossed_rows, tapply(y, subject, mean))), tolerance = 1e-12)
  expect_error(plot_data(formula, crossed_rows), "subject.*item", class = "bayespool_error_argument")
  expect_error(plot_data(formula, crossed_rows, factor = "x"), class = "bayespool_error_argument")
})

# New groups -----------------------------------------------------------------------------------------------------------------

test_that("plot_new_group() predicts a new group of one factor beside groups of the other", {
  beside <- data.frame(item = "b", x = 0)
  shown <- plot_new_group(crossed, beside, factor = "subject", seed = 1)
  expect_setequal(unique(shown$data$what), c("mean of a new subject", "observation in a new subject"))
  exact <- exact_summary(crossed)
  expected <- sum(exact$mean[match(c("beta_0", "b_0[item,b]"), exact$variable)])
  points <- layer(shown, "GeomPoint")
  expect_equal(points$x, rep(expected, 2), tolerance = 1e-6)
  # Beside several items: the mean over the rows, of draws.
  several <- data.frame(item = c("a", "b", "new"), x = 0)
  expected <- mean(rowMeans(rstantools::posterior_epred(crossed, data.frame(subject = "new", several), seed = 1)))
  means <- layer(plot_new_group(crossed, several, factor = "subject", seed = 1), "GeomPoint")
  expect_equal(means$x[1], expected, tolerance = 1e-10)

  # A new school has new classes; a new class needs its school.
  school <- plot_new_group(nested, factor = "school", seed = 1)
  expect_equal(layer(school, "GeomPoint")$x, rep(exact_summary(nested, pars = "beta_0")$mean, 2), tolerance = 1e-6)
  class <- plot_new_group(nested, data.frame(school = "West"), factor = "school:class", seed = 1)
  of_west <- sum(exact_summary(nested, pars = c("beta_0", "b_0[school,West]"))$mean)
  expect_equal(layer(class, "GeomPoint")$x, rep(of_west, 2), tolerance = 1e-6)
})

test_that("what is missing or has no meaning is an error that says what would work", {
  expect_error(plot_groups(crossed), "subject.*item", class = "bayespool_error_argument")
  expect_error(plot_groups(partial, factor = "town"), "site", class = "bayespool_error_argument")
  expect_error(plot_groups(quick("complete_pooling", y ~ 1), factor = "site"), "no grouping factor", class = "bayespool_error_argument")
  expect_error(plot_new_group(crossed, data.frame(item = "a", x = 0)), "subject.*item", class = "bayespool_error_argument")
  expect_error(plot_new_group(crossed, data.frame(x = 0), factor = "subject"), "item", class = "bayespool_error_data")
  expect_error(plot_new_group(means_only, factor = "subject"), "item", class = "bayespool_error_data")
  known <- data.frame(item = "a", subject = "S1", x = 0)
  expect_error(plot_new_group(crossed, known, factor = "subject"), "S1", class = "bayespool_error_data")
  expect_error(plot_shrinkage(crossed), "plot_groups", class = "bayespool_error_model")
  expect_error(compare_pooling(y ~ 1 + (1 | subject) + (1 | item), crossed_rows), class = "bayespool_error_formula")
})
