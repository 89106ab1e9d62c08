# What all vignettes and articles begin with: pictures as wide as the text, with twice the pixels for fine screens, and lines that
# fit the page. R's png() of type "cairo" writes such pictures with a palette; as SVG they would be larger.
knitr::opts_chunk$set(
  collapse = TRUE, comment = "#>", fig.width = 6.5, fig.height = 4, dpi = 96, fig.retina = 2
)
options(width = 77, cli.num_colors = 1L)
if (requireNamespace("bayesplot", quietly = TRUE)) {
  bayesplot::color_scheme_set("gray") # readable without colours
  ggplot2::theme_set(ggplot2::theme_minimal())
}
