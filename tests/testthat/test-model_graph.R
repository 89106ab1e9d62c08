# The plate diagram: nodes, edges and plates of each model, as Graphviz reads them.

skip_on_cran() # all of it takes long

rows <- data.frame(g = rep(c("a \"b\" \\", "\u5317\u4eac [1]", "c"), 3), x = c(1, 3, 2, 5, 4, 9, 7, 8, 6), y = c(1:8, 4))
quick <- function(model, formula, ...) do.call(model, list(formula, rows, ...))

# What is in the DOT: labels by id, edges as "from -> to", and the plates that each node is in.
read_dot <- function(graph) {
  lines <- strsplit(graph, "\n")[[1]]
  node <- regmatches(lines, regexec("^ *([a-z_0-9]+) \\[label = \"((\\\\.|[^\"\\\\])*)\"", lines))
  node <- Filter(length, node)
  depth <- cumsum(grepl("subgraph", lines)) - cumsum(grepl("^ *}$", lines))
  is_node <- grepl("^ *[a-z_0-9]+ \\[label", lines)
  ids <- vapply(node, `[`, "", 2)
  list(
    label = stats::setNames(gsub("\\n", "\n", vapply(node, `[`, "", 3), fixed = TRUE), ids),
    edges = trimws(grep(" -> ", lines, value = TRUE)),
    depth = stats::setNames(depth[is_node], ids)
  )
}

test_that("partial pooling, centered and not", {
  fit <- quick("partial_pooling", y ~ 1 + (1 | g), prior = list(hyper_mu = dist_normal(40, 20)), iter_sampling = 0)
  graph <- model_graph(fit)
  expect_s3_class(graph, "bayespool_graph")
  dot <- read_dot(graph)
  expect_identical(dot$label[["population"]], "hyper_mu\n~ normal(40, 20)")
  expect_identical(dot$label[["group"]], "mu[j]\n~ normal(hyper_mu, sigma_mu)")
  expect_identical(dot$label[["response"]], "y[i]\n~ normal(mu[j], sigma_y)")
  expect_setequal(dot$edges, c("population -> group", "tau -> group", "group -> response", "sigma -> response"))
  expect_identical(dot$depth[c("population", "tau", "sigma", "group", "response")],
                   c(population = 0L, tau = 0L, sigma = 0L, group = 1L, response = 2L))
  expect_match(graph, "g j = 1, ..., 3", fixed = TRUE)
  expect_match(graph, "9 in all", fixed = TRUE)

  nuts <- function(form) {
    suppressWarnings(update(fit, algorithm = "nuts", control = nuts_control(form), iter_sampling = 0))
  }
  expect_identical(unclass(model_graph(nuts("centered"))), unclass(graph))
  dot <- read_dot(model_graph(nuts("noncentered")))
  expect_identical(dot$label[["eta"]], "eta[j]\n~ normal(0, 1)")
  expect_identical(dot$label[["group"]], "mu[j]\n= hyper_mu + sigma_mu eta[j]")
  expect_setequal(
    dot$edges, c("population -> group", "tau -> group", "eta -> group", "group -> response", "sigma -> response")
  )

  dot <- read_dot(model_graph(update(fit, y ~ 0 + (1 | g), prior = list(sigma_y = dist_degenerate(2)))))
  expect_identical(dot$label[["group"]], "mu[j]\n~ normal(0, sigma_mu)")
  expect_identical(dot$label[["sigma"]], "sigma_y\nfixed at 2")
  expect_setequal(dot$edges, c("tau -> group", "group -> response", "sigma -> response"))
})

test_that("the other models", {
  dot <- read_dot(model_graph(quick("varying_intercept", y ~ x + I(x^2) + (1 | g), iter_sampling = 0)))
  expect_identical(
    dot$label[["response"]],
    "y[i]\n~ normal(m[i], sigma_y)\nm[i] = beta_0j[j]\n+ beta[x] x[i]\n+ beta[I(x^2)] I(x^2)[i]"
  )
  expect_setequal(dot$edges, c(
    "population -> group", "tau -> group", "group -> response", "sigma -> response", "slope_1 -> response",
    "slope_2 -> response", "predictor_1 -> response", "predictor_2 -> response"
  ))
  expect_identical(unname(dot$depth[c("slope_1", "predictor_1", "predictor_2")]), c(0L, 2L, 2L))

  dot <- read_dot(model_graph(quick("no_pooling", y ~ 1 + (1 | g), iter_sampling = 0)))
  expect_identical(dot$label[["response"]], "y[i]\n~ normal(mu[j], sigma[j])")
  expect_setequal(dot$edges, c("group -> response", "sigma -> response"))
  expect_identical(unname(dot$depth[c("group", "sigma")]), c(1L, 1L))
  dot <- read_dot(model_graph(quick("no_pooling", y ~ 1 + (1 | g), sigma = "common", iter_sampling = 0)))
  expect_identical(dot$label[["response"]], "y[i]\n~ normal(mu[j], sigma)")
  expect_identical(dot$depth[["sigma"]], 0L)

  # The groups of complete pooling do not enter the model.
  dot <- read_dot(model_graph(quick("complete_pooling", y ~ 1 + (1 | g), iter_sampling = 0)))
  expect_setequal(names(dot$label), c("population", "sigma", "response"))
  expect_identical(dot$depth[["response"]], 1L)
  dot <- read_dot(model_graph(quick("complete_pooling", y ~ 0 + x, iter_sampling = 0)))
  expect_match(dot$label[["response"]], "m[i] = beta[x] x[i]", fixed = TRUE)
  expect_setequal(dot$edges, c("slope_1 -> response", "predictor_1 -> response", "sigma -> response"))
})

several <- withr::with_seed(1, {
  g <- gl(6, 8, labels = letters[1:6])
  x <- rnorm(48)
  f <- factor(rep_len(c("a", "b", "c"), 48))
  effect <- matrix(rnorm(18, 0, 3), 6)
  y <- 10 + rnorm(6, 0, 3)[g] + (1 + rnorm(6))[g] * x + effect[cbind(as.integer(g), as.integer(f))] + rnorm(48)
  data.frame(g, x, z = rnorm(48), f, y)
})
of_several <- function(formula, ...) mixed_model(formula, several, iter_sampling = 0, ...)

test_that("several effects of a group are a vector, with their sds and one prior of their correlation", {
  fit <- of_several(y ~ z + x + (1 + x | g), prior = list(rho = dist_lkj(2)))
  graph <- model_graph(fit)
  dot <- read_dot(graph)
  expect_identical(dot$label[["group"]], paste(
    "b[j]", "= (beta_0j[j], beta_j[x,j])", "~ normal", "mean beta_0, beta[x]", "sd sigma_0, sigma_beta[x]", "correlation rho[x]", sep = "\n"
  ))
  expect_identical(dot$label[["rho"]], "rho[x]\n~ LKJ(2)")
  expect_match(dot$label[["tau_2"]], "^sigma_beta\\[x\\]\n~ ")
  expect_match(dot$label[["center_1"]], "^beta\\[x\\]\n~ ")
  expect_match(dot$label[["response"]], "m[i] = beta_0j[j]\n+ beta[z] z[i]\n+ beta_j[x,j] x[i]", fixed = TRUE)
  expect_setequal(dot$edges, c(
    paste(c("population", "center_1", "tau_1", "tau_2", "rho"), "-> group"),
    paste(c("group", "slope_1", "predictor_1", "direction_1", "sigma"), "-> response")
  ))
  expect_identical(unname(dot$depth[c("rho", "center_1", "group", "direction_1")]), c(0L, 0L, 1L, 2L))
  expect_match(graph, "x[i]\", shape = box", fixed = TRUE)

  dot <- read_dot(model_graph(of_several(y ~ z + (1 + x || g))))
  expect_match(dot$label[["group"]], "mean beta_0, 0\nsd sigma_0, sigma_beta[x]\nindependent", fixed = TRUE)
  expect_false(any(c("rho", "center_1") %in% names(dot$label)))
  expect_true("direction_1 -> response" %in% dot$edges)

  # A slope alone has no vector, and an intercept that does not vary goes to the observations.
  dot <- read_dot(model_graph(of_several(y ~ x + (0 + x | g))))
  expect_identical(dot$label[["group"]], "beta_j[x,j]\n~ normal(beta[x], sigma_beta[x])")
  expect_match(dot$label[["response"]], "m[i] = beta_0\n+ beta_j[x,j] x[i]", fixed = TRUE)
  expect_setequal(dot$edges, c(
    "center_1 -> group", "tau -> group", paste(c("group", "population", "direction_1", "sigma"), "-> response")
  ))
})

test_that("NUTS moves standardised effects", {
  moved <- function(formula) {
    fit <- of_several(formula)
    fit$settings$algorithm <- "nuts" # the graph asks for nothing else
    read_dot(model_graph(fit))
  }
  dot <- moved(y ~ x + (1 + x | g))
  expect_identical(dot$label[["eta"]], "eta[j]\n~ normal(0, 1), 2 times")
  moments <- "\nmean beta_0, beta[x]\nsd sigma_0, sigma_beta[x]"
  expect_match(dot$label[["group"]], paste0("= mean + sd (L eta[j])", moments, "\nL L' = correlation rho[x]"), fixed = TRUE)
  expect_true(all(c("eta -> group", "rho -> group", "tau_2 -> group") %in% dot$edges))
  expect_match(moved(y ~ x + (1 + x || g))$label[["group"]], paste0("= mean + sd eta[j]", moments), fixed = TRUE)
  expect_identical(moved(y ~ x + (0 + x | g))$label[["group"]], "beta_j[x,j]\n= beta[x] + sigma_beta[x] eta[j]")
})

test_that("what was observed is grey, but not under the prior alone", {
  fit <- quick("partial_pooling", y ~ 1 + (1 | g), iter_sampling = 0)
  expect_match(model_graph(fit), "response \\[[^\n]*grey")
  prior <- model_graph(update(fit, prior_only = TRUE))
  expect_no_match(prior, "grey")
  expect_match(prior, "Partial pooling (prior only)", fixed = TRUE)
})

capture_print <- function(x) paste(capture.output(print(x)), collapse = "\n")

test_that("print() shows the DOT, and what is not a fit is refused", {
  graph <- model_graph(quick("complete_pooling", y ~ 1, iter_sampling = 0))
  expect_output(expect_invisible(print(graph)), unclass(graph), fixed = TRUE)
  expect_error(print(graph, 1), class = "bayespool_error_argument")
  expect_error(plot(graph, 1), class = "bayespool_error_argument")
  expect_identical(as.character(graph), capture_print(graph))
  expect_error(model_graph(rows), class = "bayespool_error_argument")
})

# The picture ---------------------------------------------------------------------------------------------------------------

# Nodes, plates and arrows as drawn.
drawn <- function(graph) {
  picture <- plot(graph)
  layers <- lapply(seq_along(picture$layers), function(k) ggplot2::layer_data(picture, k))
  names(layers) <- vapply(picture$layers, function(layer) class(layer$geom)[1], "")
  texts <- layers[names(layers) == "GeomText"]
  list(
    picture = picture, plates = layers$GeomRect, plate_labels = texts[[1]]$label, text = texts[[2]]$label, arrows = layers$GeomSegment,
    edges = sort(with(picture$layers[[3]]$data, paste(from, "->", to))),
    pieces = split(picture$layers[[4]]$data, picture$layers[[4]]$data$piece), grey = sum(names(layers) == "GeomPolygon") == 3
  )
}
centre <- function(piece) c(mean(range(piece$x)), mean(range(piece$y)))
within <- function(inner, outer) {
  inner$xmin > outer$xmin && inner$xmax < outer$xmax && inner$ymin > outer$ymin && inner$ymax < outer$ymax
}

test_that("plot() draws nodes in their plates, with arrows and priors", {
  skip_if_not_installed("ggplot2")
  fit <- quick("partial_pooling", y ~ 1 + (1 | g), prior = list(hyper_mu = dist_normal(40, 20)), iter_sampling = 0)
  shown <- drawn(model_graph(fit))
  expect_s3_class(shown$picture, "ggplot")
  expect_identical(shown$picture$labels$title, "Partial pooling")
  expect_true(all(c("hyper_mu", "~ normal(40, 20)", "mu[j]", "~ normal(hyper_mu, sigma_mu)", "y[i]") %in% shown$text))
  expect_identical(shown$plate_labels, c("g j = 1, ..., 3", "observation i in j (9 in all)"))
  expect_identical(shown$edges, c("group -> response", "population -> group", "sigma -> response", "tau -> group"))
  expect_true(within(shown$plates[2, ], shown$plates[1, ]))
  is_inside <- function(id, plate) {
    at <- centre(shown$pieces[[paste(id, "outer")]])
    at[1] > plate$xmin && at[1] < plate$xmax && at[2] > plate$ymin && at[2] < plate$ymax
  }
  expect_true(is_inside("response", shown$plates[2, ]))
  expect_true(is_inside("group", shown$plates[1, ]) && !is_inside("group", shown$plates[2, ]))
  for (id in c("population", "tau", "sigma")) expect_false(is_inside(id, shown$plates[1, ]))
  # What is observed, here the response alone, has its lower half grey.
  expect_true(shown$grey)
  half <- shown$picture$layers[[5]]$data
  expect_identical(unique(half$piece), "response half")
  expect_equal(max(half$y), centre(shown$pieces[["response outer"]])[2])
  expect_false(drawn(model_graph(update(fit, prior_only = TRUE)))$grey)
})

test_that("arrows reach from one outline to the other", {
  skip_if_not_installed("ggplot2")
  shown <- drawn(model_graph(quick("varying_intercept", y ~ x + (1 | g), iter_sampling = 0)))
  data <- shown$picture$layers[[3]]$data
  for (k in seq_len(nrow(data))) {
    from <- centre(shown$pieces[[paste(data$from[k], "outer")]])
    to <- centre(shown$pieces[[paste(data$to[k], "outer")]])
    expect_equal(sqrt(sum((from - c(data$x[k], data$y[k]))^2)), 0.37)
    expect_equal(sqrt(sum((to - c(data$xend[k], data$yend[k]))^2)), 0.41)
  }
})

test_that("the mean beside predictors follows from what points to it, and known values are squares", {
  skip_if_not_installed("ggplot2")
  fit <- quick("varying_intercept", y ~ x + (1 | g), prior = list(sigma_y = dist_degenerate(2)), iter_sampling = 0)
  shown <- drawn(model_graph(fit))
  expect_identical(shown$edges, c(
    "group -> mean", "mean -> response", "population -> group", "predictor_1 -> mean", "sigma -> response", "slope_1 -> mean",
    "tau -> group"
  ))
  expect_true("= beta_0j[j]\n+ beta[x] x[i]" %in% shown$text)
  expect_true(all(c("sigma_y", "fixed at 2") %in% shown$text))
  expect_true("mean inner" %in% names(shown$pieces))
  is_square <- function(id) {
    piece <- shown$pieces[[paste(id, "outer")]]
    distance <- sqrt((piece$x - centre(piece)[1])^2 + (piece$y - centre(piece)[2])^2)
    diff(range(distance)) > 0.1
  }
  expect_true(is_square("sigma") && is_square("predictor_1"))
  expect_false(is_square("mean") || is_square("response"))
  nuts <- suppressWarnings(update(fit, algorithm = "nuts", prior = NULL))
  expect_true(all(c("eta outer", "group inner") %in% names(drawn(model_graph(nuts))$pieces)))
})

test_that("all models are drawn, with and without intercept and predictors", {
  skip_if_not_installed("ggplot2")
  fits <- list(
    quick("complete_pooling", y ~ 1, iter_sampling = 0), quick("complete_pooling", y ~ 0 + x, iter_sampling = 0),
    quick("no_pooling", y ~ 1 + (1 | g), iter_sampling = 0), quick("no_pooling", y ~ x + (1 | g), iter_sampling = 0),
    quick("partial_pooling", y ~ 0 + (1 | g), iter_sampling = 0), quick("varying_intercept", y ~ x + I(x^2) + (1 | g), iter_sampling = 0)
  )
  for (fit in fits) {
    shown <- drawn(model_graph(fit))
    expect_equal(nrow(shown$plates), 1 + (fit$model$name != "complete_pooling"))
    names <- layout_variables(fit$model, c("population", "scale_between"))
    for (name in names) expect_match(shown$text, name, fixed = TRUE, all = FALSE)
    # No two nodes in one place.
    places <- vapply(shown$pieces[grepl("outer", names(shown$pieces))], centre, numeric(2))
    expect_gt(min(dist(t(places))), 0.7)
  }
})

test_that("several effects are drawn, those of more than two with shared nodes", {
  skip_if_not_installed("ggplot2")
  shown <- drawn(model_graph(of_several(y ~ z + x + (1 + x | g))))
  expect_identical(shown$edges, sort(c(
    paste(c("population", "center_1", "tau_1", "tau_2", "rho"), "-> group"),
    paste(c("group", "slope_1", "predictor_1", "direction_1"), "-> mean"), "mean -> response", "sigma -> response"
  )))
  expect_true("= beta_0j[j]\n+ beta[z] z[i]\n+ beta_j[x,j] x[i]" %in% shown$text)
  above <- vapply(c("population", "center_1", "tau_1", "tau_2", "rho"), function(id) centre(shown$pieces[[paste(id, "outer")]]), numeric(2))
  expect_identical(order(above[1, ]), 1:5)
  expect_gt(min(above[2, ]), shown$plates$ymax[1])

  # The intercept is beside the slopes where all groups share it.
  shown <- drawn(model_graph(of_several(y ~ x + (0 + x | g))))
  expect_true("slope_0 -> mean" %in% shown$edges)
  expect_lt(centre(shown$pieces[["slope_0 outer"]])[1], shown$plates$xmin[1])

  shown <- drawn(model_graph(of_several(y ~ z + x + f + (1 + f || g))))
  expect_identical(grep("group$", shown$edges, value = TRUE), c("center_1 -> group", "population -> group", "tau_1 -> group"))
  expect_match(gsub("\n", "", shown$text), "^sigma_0, sigma_beta\\[fb\\],", all = FALSE)
  places <- vapply(shown$pieces[grepl("outer", names(shown$pieces))], centre, numeric(2))
  expect_gt(min(dist(t(places))), 0.7)
})

test_that("many predictors share a node, and long names are broken, not lost", {
  skip_if_not_installed("ggplot2")
  wide <- cbind(rows, x2 = rows$x^2, x3 = sqrt(rows$x), x4 = rev(rows$x))
  fit <- varying_intercept(y ~ x + x2 + x3 + x4 + (1 | g), wide, iter_sampling = 0)
  shown <- drawn(model_graph(fit))
  expect_identical(grep("slope|predictor", shown$edges, value = TRUE), c("predictor_1 -> mean", "slope_1 -> mean"))
  expect_true("x, x2, x3, x4" %in% shown$text)
  expect_true("= beta_0j[j]\n+ sum over k of\nbeta[k] x[i,k]" %in% shown$text)
  expect_match(shown$text, "priors differ\nk = 1, ..., 4", fixed = TRUE, all = FALSE)
  same <- list(beta = dist_normal(0, 3))
  expect_match(drawn(model_graph(update(fit, prior = same)))$text, "~ normal(0, 3)\nk = 1", fixed = TRUE, all = FALSE)

  long <- strrep("ab_", 17)
  names(wide)[names(wide) == "x2"] <- long
  shown <- drawn(model_graph(varying_intercept(reformulate(c(long, "x", "(1 | g)"), "y"), wide, iter_sampling = 0)))
  unbroken <- gsub("\n", "", shown$text)
  expect_true(paste0(long, "[i]") %in% unbroken)
  expect_match(unbroken, paste0("beta[", long, "]~ normal"), fixed = TRUE, all = FALSE)
  expect_true("= beta_0j[j]\n+ each slope times\nits predictor" %in% shown$text)
  expect_lte(max(nchar(unlist(strsplit(shown$text, "\n")))), 30)
})
