# R-hat and effective sample sizes of chains, against posterior's.

# Variables of an array iterations x chains x variables that the checks might confuse.
chains_of_all_kinds <- function(iterations, chains, seed) {
  withr::with_seed(seed, {
    noise <- function() matrix(stats::rnorm(iterations * chains), iterations)
    autoregression <- function(rho) apply(noise(), 2, stats::filter, filter = rho, method = "recursive")
    stuck <- noise()
    stuck[, 1] <- 3 + 0.01 * stuck[, 1]
    x <- list(
      independent = noise(), slow = autoregression(0.95), repelling = autoregression(-0.7), walk = apply(noise(), 2, cumsum),
      stuck = stuck, shifted = sweep(noise(), 2, seq_len(chains)), wide = noise() / noise(), ties = round(noise(), 1)
    )
    posterior::as_draws_array(array(unlist(x), c(iterations, chains, length(x)), list(NULL, NULL, names(x))))
  })
}

test_that("R-hat and effective sample sizes are posterior's", {
  for (size in list(c(1000, 4), c(400, 1), c(401, 3), c(37, 2))) {
    draws <- chains_of_all_kinds(size[1], size[2], seed = 1)
    ours <- core_convergence(draws)
    for (measure in names(ours)) {
      f <- getExportedValue("posterior", measure)
      expect_equal(ours[[measure]], suppressWarnings(apply(unclass(draws), 3, f)), tolerance = 1e-9)
    }
  }
})

test_that("draws that are constant, not finite or too few have no R-hat and no effective sample size", {
  for (x in list(rep(0.3, 40), c(1:39, NA), c(1:39, Inf), 1)) {
    draws <- posterior::as_draws_array(array(x, c(length(x), 1, 1), list(NULL, NULL, "x")))
    expect_true(all(is.na(unlist(core_convergence(draws)))))
  }
})
