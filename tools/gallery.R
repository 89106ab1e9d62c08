# Draws every picture at 5, 15 and 50 groups, and those of groups also at 200, with long names and in grey, for a person to look
# at: Rscript tools/gallery.R [folder].
# With BAYESPOOL_SHARED_DATA set, 5 and 15 groups are the sites of the Human Penguin Project; otherwise all data are
# simulated.
# man/figures holds a copy of the README's.

library(bayespool)
folder <- commandArgs(trailingOnly = TRUE)
folder <- if (length(folder) > 0) folder[1] else "gallery"
dir.create(folder, showWarnings = FALSE, recursive = TRUE)

simulate <- function(groups) {
  set.seed(groups)
  name <- rep_len(c("School", "\u5317\u4eac", "Z\u00fcrich [west]", "St. Gallen"), groups)
  label <- paste(name, seq_len(groups))
  size <- pmax(1, rnbinom(groups, mu = 20, size = 1.5))
  site <- rep(factor(label, levels = label), size)
  stress <- round(rnorm(length(site), 40, 6))
  shift <- rnorm(groups, 0, 2)
  data.frame(site, stress, scontrol = round(rnorm(length(site), 60 - 0.5 * stress + shift[site], 7)))
}

hpp <- if (nzchar(Sys.getenv("BAYESPOOL_SHARED_DATA"))) {
  utils::read.csv(file.path(Sys.getenv("BAYESPOOL_SHARED_DATA"), "hpp.csv"))
}
five <- c("Southampton", "METU", "Kassel", "Tsinghua", "Oslo")
sets <- list(
  "05" = if (is.null(hpp)) simulate(5) else hpp[hpp$site %in% five, ],
  "15" = if (is.null(hpp)) simulate(15) else hpp,
  "50" = simulate(50)
)

save_picture <- function(name, picture, height = 5) {
  file <- file.path(folder, paste0(name, ".png"))
  grDevices::png(file, width = 7, height = height, units = "in", res = 100, type = "cairo")
  on.exit(grDevices::dev.off())
  print(picture)
}

for (groups in names(sets)) {
  data <- sets[[groups]]
  tall <- if (groups == "50") 8 else 5
  save <- function(name, picture, height = tall) save_picture(paste0(name, "-", groups), picture, height)
  means <- scontrol ~ 1 + (1 | site)
  lines <- scontrol ~ stress + (1 | site)
  complete <- complete_pooling(means, data, seed = 1)
  none <- no_pooling(means, data, seed = 1)
  partial <- partial_pooling(means, data, seed = 1)
  varying <- varying_intercept(lines, data, seed = 1)
  nuts <- suppressWarnings(update(partial, algorithm = "nuts", control = nuts_control("centered")))
  moments <- group_moments(lines, data)

  save("data", plot_data(means, data))
  save("data-moments", plot_data(means, moments))

  save("intervals-none", plot(none))
  save("intervals-partial", plot(partial))
  save("intervals-varying", plot(varying))
  save("trace-exact", plot(partial, "trace"))
  save("trace-nuts", plot(nuts, "trace"))
  save("density-exact", plot(partial, "density"))
  save("density-nuts", plot(nuts, "density"))

  save("check-dens_overlay", pp_check(partial, seed = 1))
  save("check-groups-partial", pp_check(partial, "groups"))
  save("check-groups-varying", pp_check(varying, "groups"))
  save("check-stat_grouped", pp_check(partial, "stat_grouped", seed = 1), height = 8)
  save("check-intervals", pp_check(varying, "intervals", x = "stress", seed = 1))
  save("check-loo_pit_overlay", pp_check(partial, "loo_pit_overlay", seed = 1))

  save("groups-complete", plot_groups(complete))
  save("groups-none", plot_groups(none))
  save("groups-partial", plot_groups(partial))
  save("groups-moments", plot_groups(partial_pooling(means, moments, seed = 1)))
  save("groups-prior", plot_groups(update(partial, prior_only = TRUE)))
  save("lines-varying", plot_groups(varying), height = 8)
  save("lines-complete", plot_groups(complete_pooling(lines, data, seed = 1)), height = 8)
  save("lines-none", plot_groups(no_pooling(lines, data, seed = 1)), height = 8)
  save("lines-moments", plot_groups(varying_intercept(lines, moments, seed = 1)), height = 8)
  save("lines-prior", plot_groups(update(varying, prior_only = TRUE)), height = 8)

  save("shrinkage", plot(compare_pooling(means, data, iter_sampling = 0)))
  save("shrinkage-lines", plot(compare_pooling(lines, data, iter_sampling = 0)))

  save("new-partial", plot_new_group(partial, seed = 1))
  save("new-varying", plot_new_group(varying, data.frame(stress = 40), seed = 1))
  kept <- data$site != data$site[1] # a group that the model has not seen
  others <- partial_pooling(means, data[kept, ], seed = 1)
  save("new-observed", plot_new_group(others, data[!kept, ], seed = 1))
  save("check-groups-new", pp_check(others, "groups", newdata = data[!kept, ]))
  save("check-groups-sorted", pp_check(others, "groups", newdata = data, sort = "mean"))
  save("new-complete", plot_new_group(complete, seed = 1))

  graphs <- list(complete = complete, none = none, partial = partial, varying = varying,
                 noncentered = update(nuts, control = nuts_control(), iter_sampling = 500))
  for (name in names(graphs)) {
    save(paste0("graph-", name), plot(model_graph(graphs[[name]])), height = 5)
    file <- file.path(folder, paste0("dot-", name, "-", groups))
    writeLines(model_graph(graphs[[name]]), paste0(file, ".dot"), useBytes = TRUE)
    if (nzchar(Sys.which("dot"))) {
      system2("dot", c("-Tpng", "-Gdpi=72", "-o", shQuote(paste0(file, ".png")), shQuote(paste0(file, ".dot"))))
    }
  }
}

# Pictures of groups, 7 x 5 inches, in colour and in grey, with short names and names of 50 characters.
long_names <- function(data) {
  words <- c("Municipal comprehensive school of the northern district", "Gymnasium_of_the_old_town_and_its_eastern_suburbs_")
  number <- seq_along(levels(data$site))
  levels(data$site) <- substr(paste(number, rep_len(words, length(number))), 1, 50)
  data
}
many <- lapply(c(5, 15, 50, 200), simulate)
names(many) <- c("05", "15", "50", "200")
many <- c(many, stats::setNames(lapply(many, long_names), paste0(names(many), "-long")))
for (scheme in c("blue", "gray")) {
  bayesplot::color_scheme_set(scheme)
  for (name in names(many)) {
    data <- many[[name]]
    save <- function(what, picture) save_picture(paste("many", what, name, scheme, sep = "-"), picture)
    means <- scontrol ~ 1 + (1 | site)
    lines <- scontrol ~ stress + (1 | site)
    moments <- group_moments(lines, data)
    partial <- partial_pooling(means, data, iter_sampling = 0)
    varying <- varying_intercept(lines, data, iter_sampling = 0)
    for (type in c("points", "box", "histogram", "density")) save(paste0("data-", type), plot_data(means, data, type))
    save("data-moments", plot_data(means, moments))
    save("intervals-partial", plot(partial))
    save("intervals-varying", plot(varying))
    save("groups", plot_groups(partial, sort = "mean"))
    save("lines", plot_groups(varying))
    save("lines-all", plot_groups(varying, sort = "size", range = "all"))
    save("lines-moments", plot_groups(varying_intercept(lines, moments, iter_sampling = 0)))
    save("effects", plot_effects(varying))
    comparison <- compare_pooling(lines, data, iter_sampling = 0)
    save("shrinkage", plot(comparison))
    save("shrinkage-all", plot(comparison, intervals = c("partial", "none", "complete")))
    save("shrinkage-some", plot(comparison, groups = seq_len(min(12, nlevels(data$site)))))
  }
}

# Groups that differ in slopes.
differing <- function(data) {
  site <- data$site
  groups <- nlevels(site)
  set.seed(groups)
  data$stress <- data$stress - 40
  data$scontrol <- data$scontrol + rnorm(groups, 0, 0.4)[site] * data$stress
  data
}
graphs <- list(
  both = scontrol ~ stress + (1 + stress | site), slope = scontrol ~ stress + (0 + stress | site),
  other = scontrol ~ 1 + (1 + stress || site)
)
for (scheme in c("blue", "gray")) {
  bayesplot::color_scheme_set(scheme)
  for (name in names(many)) {
    data <- differing(many[[name]])
    save <- function(what, picture) save_picture(paste("slopes", what, name, scheme, sep = "-"), picture)
    fit <- mixed_model(graphs$both, data, seed = 1, iter_sampling = 200)
    save("intervals", plot(fit))
    save("lines", plot_groups(fit))
    save("lines-prior", plot_groups(update(fit, prior_only = TRUE)))
    save("lines-moments", plot_groups(update(fit, data = group_moments(graphs$both, data))))
    save("effects", plot_effects(fit))
    save("shrinkage", plot_shrinkage(fit))
    comparison <- compare_pooling(graphs$both, group_moments(graphs$both, data), iter_sampling = 0)
    save("comparison", plot(comparison))
    save("comparison-some", plot(comparison, groups = seq_len(min(12, nlevels(data$site))), sort = "size"))
    save("shrinkage-some", plot_shrinkage(fit, groups = seq_len(min(12, nlevels(data$site))), sort = "size"))
    for (graph in names(graphs)) save(paste0("graph-", graph), plot(model_graph(update(fit, graphs[[graph]], iter_sampling = 0))))
  }
}
bayesplot::color_scheme_set("blue")

# Two grouping factors, crossed and nested: few groups and 60 x 40, short names and long ones, in colour and in grey.
crossed_data <- function(subjects, items) {
  set.seed(subjects)
  rows <- expand.grid(subject = factor(paste("S", seq_len(subjects))), item = factor(paste("\u8bcd", seq_len(items))))
  rows$frequency <- round(rnorm(nrow(rows)), 2)
  effect <- rnorm(subjects, 0, 0.15)[rows$subject] + rnorm(items, 0, 0.1)[rows$item]
  rows$log_rt <- 6.4 + effect - 0.05 * rows$frequency + rnorm(nrow(rows), 0, 0.2)
  rows[runif(nrow(rows)) < 0.8, ]
}
crossed <- log_rt ~ frequency + (1 | subject) + (1 | item)
crossed_means <- log_rt ~ 1 + (1 | subject) + (1 | item)
two <- list("12x08" = crossed_data(12, 8), "60x40" = crossed_data(60, 40))
two <- c(two, stats::setNames(lapply(two, function(data) {
  levels(data$subject) <- paste(levels(data$subject), "of the eastern suburbs, morning session")
  data
}), paste0(names(two), "-long")))
for (scheme in c("blue", "gray")) {
  bayesplot::color_scheme_set(scheme)
  for (name in names(two)) {
    save <- function(what, picture, height = 5) save_picture(paste("two", what, name, scheme, sep = "-"), picture, height)
    data <- two[[name]]
    lines <- mixed_model(crossed, data, seed = 1)
    means <- update(lines, crossed_means)
    save("data", plot_data(crossed_means, data, factor = "subject"))
    save("data-moments", plot_data(crossed_means, group_moments(crossed, data), factor = "subject"))
    save("intervals", plot(lines))
    save("intervals-tall", plot(means), height = 11)
    save("intervals-item", plot(means, factor = "item", sort = "mean"))
    save("density", plot(means, "density"))
    save("groups", plot_groups(means, factor = "subject", sort = "mean"))
    save("lines", plot_groups(lines, factor = "subject"))
    save("lines-moments", plot_groups(update(lines, data = group_moments(crossed, data)), factor = "item"))
    save("lines-prior", plot_groups(update(lines, prior_only = TRUE), factor = "item"))
    save("effects", plot_effects(lines))
    save("ranks", plot(group_ranks(means, factor = "subject")))
    save("contrasts", plot(group_contrasts(means, factor = "item", reference = levels(data$item)[1])))
    save("graph", plot(model_graph(lines)))
    kept <- data$subject != data$subject[1]
    others <- update(means, data = data[kept, ])
    save("new", plot_new_group(others, data[!kept, ], factor = "subject", seed = 1))
    classes <- transform(data, school = factor(paste("School", as.integer(subject) %% 4 + 1)), class = subject)
    nested <- mixed_model(log_rt ~ 1 + (1 | school / class), classes, seed = 1)
    save("nested-graph", plot(model_graph(nested)))
    save("nested-intervals", plot(nested))
    save("nested-groups", plot_groups(nested, factor = "school:class"))
  }
}
bayesplot::color_scheme_set("blue")

# Predictive checks by group at 7 x 5 inches: few groups and many, short labels and long ones, in colour and in grey.
for (groups in c(5, 15, 50, 200)) {
  for (labels in c("short", "long")) {
    data <- simulate(groups)
    if (labels == "long") levels(data$site) <- substr(paste(levels(data$site), strrep("of a long name ", 4)), 1, 50)
    fit <- varying_intercept(scontrol ~ stress + (1 | site), data, seed = 1)
    save_picture(sprintf("check-%s-%03d", labels, groups), pp_check(fit, "groups"))
    colours <- bayesplot::color_scheme_get()
    bayesplot::color_scheme_set("gray")
    save_picture(sprintf("check-%s-grey-%03d", labels, groups), pp_check(fit, "groups"))
    bayesplot::color_scheme_set(unname(unlist(colours)))
  }
}
crowded <- simulate(15)
crowded <- crowded[sample.int(nrow(crowded), 5000, replace = TRUE), ]
crowded$scontrol <- crowded$scontrol + round(rnorm(5000, 0, 3))
save_picture("check-crowded", pp_check(partial_pooling(scontrol ~ 1 + (1 | site), crowded, seed = 1), "groups"))

# Meta-analyses of 5, 15, 40 and 80 studies, of which some have two estimates, with short names and long ones, in colour and in grey.
simulate_studies <- function(studies) {
  set.seed(studies)
  site <- paste(rep_len(c("Smith", "\u5317\u4eac", "Z\u00fcrich [west]", "St. Gallen"), studies), seq_len(studies))
  site <- factor(site, levels = site)[c(seq_len(studies), 2, 4)]
  se <- exp(rnorm(studies + 2, -1.2, 0.5))
  dose <- round(runif(studies + 2, 0, 10))
  data.frame(site, dose, yi = rnorm(studies + 2, -0.4 - 0.02 * dose, sqrt(0.2^2 + se^2)), se)
}
for (scheme in c("blue", "gray")) {
  bayesplot::color_scheme_set(scheme)
  for (studies in c(5, 15, 40, 80)) {
    data <- simulate_studies(studies)
    for (labels in c("short", "long")) {
      if (labels == "long") data <- long_names(data)
      save <- function(what, picture, height = 5) {
        save_picture(sprintf("meta-%s-%02d-%s-%s", what, studies, labels, scheme), picture, height)
      }
      pooled <- meta_analysis(yi ~ 1 + (1 | site), data, se = se, iter_sampling = 0)
      moderated <- meta_analysis(yi ~ dose + (1 | site), data, se = se, iter_sampling = 0)
      save("forest", forest_plot(pooled))
      save("forest-ratios", forest_plot(pooled, transf = exp, sort = "mean"))
      save("forest-tall", forest_plot(pooled, sort = "size"), height = max(5, studies * 0.1 + 1.5))
      save("forest-moderated", forest_plot(moderated))
      save("forest-dose", forest_plot(moderated, newdata = data.frame(dose = 5)))
      save("funnel", funnel_plot(pooled))
      save("funnel-moderated", funnel_plot(moderated))
    }
  }
}
bayesplot::color_scheme_set("blue")

# Graphs of more than the usual: three predictors with long names, six predictors, known values.
wide <- simulate(5)
wide[paste0("a_predictor_with_a_long_name_of_fifty_characters_", 1:6)] <- matrix(rnorm(6 * nrow(wide)), ncol = 6)
for (number in c(3, 6)) {
  formula <- reformulate(c(utils::tail(names(wide), number), "(1 | site)"), "scontrol")
  save_picture(paste0("graph-predictors-", number), plot(model_graph(varying_intercept(formula, wide, iter_sampling = 0))))
}
known <- list(hyper_mu = dist_degenerate(40), sigma_y = dist_degenerate(7))
known <- partial_pooling(scontrol ~ 1 + (1 | site), wide, prior = known, iter_sampling = 0)
save_picture("graph-known", plot(model_graph(known)))

# A factor and an interaction, on data that come with R.
field <- varying_intercept(yield ~ N * K + (1 | block), npk, seed = 1)
save_picture("levels", plot_groups(field, x = "K"))
save_picture("effects-levels", plot_effects(field, x = "K"))
save_picture("levels-prior", plot_groups(update(field, prior_only = TRUE), x = "K"))

# The example of the README.
course <- list(hyper_mu = dist_normal(40, 20), sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1))
example <- compare_pooling(scontrol ~ 1 + (1 | site), subset(hpp_sites, site %in% five), prior = list(partial = course))
save_picture("readme-shrinkage", plot(example), height = 4)
