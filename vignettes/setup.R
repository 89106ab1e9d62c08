# What all vignettes begin with: pictures as wide as the text, and lines that fit the page. Twice the pixels would make the
# installed package larger than CRAN's 5 MB.
knitr::opts_chunk$set(
  collapse = TRUE, comment = "#>", fig.width = 6.5, fig.height = 4, dpi = 96, fig.retina = 1
)
options(width = 77, cli.num_colors = 1L)
if (requireNamespace("bayesplot", quietly = TRUE)) {
  bayesplot::color_scheme_set("gray") # readable without colours
  ggplot2::theme_set(ggplot2::theme_minimal())
}
