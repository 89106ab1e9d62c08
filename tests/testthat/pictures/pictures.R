# Data, quick fits, and what tests of pictures read from them. Loaded by use_code("pictures").

labels <- c("New York", "\u5317\u4eac", "c[1]", "z \"q\" \\")
rows <- withr::with_seed(1, {
  site <- factor(rep(labels, c(12, 1, 5, 7)), levels = labels)
  x <- rnorm(25, 10, 2)
  data.frame(site, x, z = rnorm(25), f = factor(rep_len(c("low", "high"), 25)), y = 20 + x + rnorm(4)[site] + rnorm(25))
})
quick <- function(model, formula, data = rows, ...) {
  do.call(model, list(formula, data, iter_sampling = 100, seed = 1, ...))
}
means <- y ~ 1 + (1 | site)
lines <- y ~ x + (1 | site)
partial <- quick("partial_pooling", means)
varying <- quick("varying_intercept", lines)

is_picture <- function(x) inherits(x, "ggplot")
# The data of the first layer with this geom, as drawn.
layer <- function(picture, geom) {
  drawn <- which(vapply(picture$layers, function(x) inherits(x$geom, geom), NA))
  ggplot2::layer_data(picture, drawn[1])
}
panel_labels <- function(picture) as.character(ggplot2::ggplot_build(picture)$layout$layout$group)
draws_matrix <- function(fit) unclass(posterior::as_draws_matrix(fit))
