# Draws the pictures in the vignettes that need the rows of the data, but do not show the answers of single people:
# BAYESPOOL_SHARED_DATA=folder Rscript tools/vignette_figures.R
# `folder` holds hpp.csv, with the columns `site` and `scontrol`.

library(bayespool)
people <- utils::read.csv(file.path(Sys.getenv("BAYESPOOL_SHARED_DATA"), "hpp.csv"))
people <- subset(people, site %in% c("Southampton", "METU", "Kassel", "Tsinghua", "Oslo"))
fit <- partial_pooling(
  scontrol ~ 1 + (1 | site), people,
  prior = list(hyper_mu = dist_normal(40, 20), sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1)),
  seed = 1
)
dir.create("vignettes/figures", showWarnings = FALSE)
bayesplot::color_scheme_set("gray") # as in the vignettes
ggplot2::theme_set(ggplot2::theme_minimal())
grDevices::png(
  "vignettes/figures/check-densities.png", width = 6.5, height = 3.6, units = "in", res = 192, type = "cairo"
)
print(pp_check(fit, type = "dens_overlay_grouped", seed = 1))
invisible(grDevices::dev.off())
