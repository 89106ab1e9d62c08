# What the benchmarks share: interleaved timing, the course's five sites, the table at the end.

suppressPackageStartupMessages(library(bayespool))

seconds <- function(run) {
  start <- Sys.time()
  run()
  as.numeric(Sys.time() - start, units = "secs")
}

# Median seconds of each function in `runs`, in turns, so that whatever else the machine does falls on all of them, and in
# random order within a turn, so that collecting garbage does too. The first turn, which also loads code, is not counted.
median_seconds <- function(runs, repeats) {
  turn <- function(i) {
    times <- numeric(length(runs))
    for (k in sample(length(runs))) times[k] <- seconds(runs[[k]])
    times
  }
  times <- vapply(0:repeats, turn, numeric(length(runs)))
  stats::setNames(apply(times[, -1, drop = FALSE], 1, stats::median), names(runs))
}

status_mb <- function(field) {
  line <- grep(paste0("^", field, ":"), readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) / 1024
}

# Seconds of one call, the peak of the process's resident memory above what it held before, as Linux tells it, and the result.
seconds_and_peak <- function(run) {
  invisible(gc())
  writeLines("5", "/proc/self/clear_refs") # the peak starts again from here
  before <- status_mb("VmRSS")
  start <- Sys.time()
  result <- run()
  took <- as.numeric(Sys.time() - start, units = "secs")
  list(seconds = took, mb = status_mb("VmHWM") - before, result = result)
}

milliseconds <- function(seconds) signif(1000 * seconds, 3)

course_sites <- c("Southampton", "METU", "Kassel", "Tsinghua", "Oslo")

course_priors <- list(hyper_mu = dist_normal(40, 20), sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1))

five_sites <- function() subset(hpp_sites, site %in% course_sites)

# Simulated rows, shifted and scaled to have each site's own size, mean and sd: the posterior knows no more of them.
rows_of_sites <- function() {
  set.seed(1)
  sites <- as.data.frame(five_sites())
  rows <- Map(
    function(n, mean, sd) mean + sd * as.vector(scale(stats::rnorm(n))),
    sites$n, sites$mean_scontrol, sites$sd_scontrol
  )
  data.frame(y = unlist(rows), g = factor(rep(sites$site, sites$n), levels = sites$site))
}

# Groups with spread like that of the sites; `size`: one for all, or one each.
simulate_groups <- function(groups, size = 20, seed = 1) {
  set.seed(seed)
  group <- factor(rep(seq_len(groups), rep_len(size, groups)))
  data.frame(y = 40 + 1.2 * stats::rnorm(groups)[group] + 7 * stats::rnorm(length(group)), g = group)
}

# Compiles standard_normals(rows, columns, seed): a matrix filled from the generator of the core, the limit for all draws.
compile_standard_normals <- function() {
  include <- vapply(c("BH", "sitmo"), function(package) system.file("include", package = package, mustWork = TRUE), "")
  flags <- paste0("-I", c(normalizePath("src"), include), collapse = " ")
  withr::with_envvar(c(PKG_CPPFLAGS = flags), Rcpp::sourceCpp("bench/standard_normals.cpp", env = globalenv()))
}

has <- function(package) requireNamespace(package, quietly = TRUE)

# Debian's BH has no headers of its own, which is where rstan looks for them.
find_boost <- function() {
  if (system.file("include", "boost", package = "BH") == "" && dir.exists("/usr/include/boost")) {
    rstan::rstan_options(boost_lib = "/usr/include")
  }
}

# `packages`: those whose versions matter here.
show_machine <- function(packages = NULL) {
  cpu <- tryCatch(
    sub(".*: ", "", grep("^model name", readLines("/proc/cpuinfo"), value = TRUE)[1]),
    error = function(cnd) Sys.info()[["machine"]]
  )
  versions <- vapply(c("bayespool", packages), function(package) as.character(utils::packageVersion(package)), "")
  cat(sprintf(
    "%s, %d cores; %s; %s\n", cpu, parallel::detectCores(), R.version.string,
    paste(names(versions), versions, collapse = ", ")
  ))
}

show_table <- function(...) print(data.frame(..., check.names = FALSE), row.names = FALSE, right = FALSE)
