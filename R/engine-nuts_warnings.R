# Warnings after NUTS: what went wrong and what to do.

# At most one warning of each kind.
warn_nuts <- function(draws, nuts, call) {
  diagnostics <- after_warmup(nuts)
  control <- nuts$control
  transitions <- prod(dim(diagnostics)[1:2])
  # Plain text: to set it with cli would take longer than the chains.
  warn <- function(type, problem, meaning, remedy) {
    if (control$parameterization == "centered") {
      remedy <- c("Use the non-centered form: `control = nuts_control(parameterization = \"noncentered\")`.", remedy)
    }
    bullets <- c(meaning, remedy, "`algorithm = \"exact\"` has no chain that could go wrong.")
    rlang::warn(
      c(problem, stats::setNames(bullets, rep("i", length(bullets)))),
      class = c(paste0("bayespool_warning_", type), "bayespool_warning"), call = short_call(call)
    )
  }

  divergent <- sum(diagnostics[, , "divergent__"])
  if (divergent > 0) {
    warn(
      "divergent",
      sprintf("%.0f of %.0f transitions after warmup diverged.", divergent, transitions),
      "Steps were too long where the posterior is narrow, so the draws may leave that part out.",
      sprintf("Make steps shorter: `nuts_control(adapt_delta = %s)`.", format(closer_to_one(control$adapt_delta)))
    )
  }
  saturated <- sum(diagnostics[, , "treedepth__"] >= control$max_treedepth)
  if (saturated > 0) {
    warn(
      "treedepth",
      sprintf(
        "%.0f of %.0f transitions after warmup reached the maximal tree depth, %d.", saturated, transitions, control$max_treedepth
      ),
      "The draws are right, but trajectories were cut short, which makes them more alike.",
      sprintf("Allow longer trajectories: `nuts_control(max_treedepth = %d)`.", min(control$max_treedepth + 2L, 20L))
    )
  }
  longer <- "Run longer chains with `iter_warmup` and `iter_sampling`."
  energy_fraction <- bfmi(diagnostics)
  low <- sum(energy_fraction < 0.3, na.rm = TRUE)
  if (low > 0) {
    warn(
      "bfmi",
      sprintf("E-BFMI is below 0.3 for %d of %d chains, down to %.2f.", low, length(energy_fraction), min(energy_fraction)),
      "The energy changes slowly from draw to draw: the tails of the posterior are visited too rarely.",
      longer
    )
  }
  # Those of a known value are missing.
  convergence <- core_convergence(draws)
  rhat <- convergence$rhat
  high <- sum(rhat > 1.01, na.rm = TRUE)
  if (high > 0) {
    warn(
      "rhat",
      sprintf("R-hat is above 1.01 for %d of %d parameters, up to %.3f (%s).", high, length(rhat), max(rhat, na.rm = TRUE),
              names(rhat)[which.max(rhat)]),
      "The chains have not mixed: they do not describe one distribution yet.",
      longer
    )
  }
  ess <- pmin(convergence$ess_bulk, convergence$ess_tail)
  wanted <- 100 * posterior::nchains(draws)
  low <- sum(ess < wanted, na.rm = TRUE)
  if (low > 0) {
    warn(
      "ess",
      sprintf("The effective sample size is below %d (100 a chain) for %d of %d parameters, down to %.0f (%s).",
              wanted, low, length(ess), min(ess, na.rm = TRUE), names(ess)[which.min(ess)]),
      "Means, and even more so intervals, of these parameters are not reliable.",
      longer
    )
  }
}

closer_to_one <- function(delta) if (delta < 0.95) 0.99 else 1 - (1 - delta) / 10

# Energy Bayesian fraction of missing information, one a chain (Betancourt 2017, section 6.1).
bfmi <- function(diagnostics) {
  energy <- matrix(diagnostics[, , "energy__"], nrow = nrow(diagnostics))
  apply(energy, 2, function(e) sum(diff(e)^2) / sum((e - mean(e))^2))
}
