# Judgement of ranks: are they uniform?

# How many of the ranks are at most k, for k = 0, ..., draws - 1: if ranks are uniform, binomial with probability
# (k + 1) / (draws + 1). Säilynoja, Bürkner & Vehtari (2022) judge all counts together: the statistic `gamma` is the smallest
# of the binomial tail probabilities, and its own distribution is known.
rank_counts <- function(ranks, draws) cumsum(tabulate(ranks + 1, draws + 1))[seq_len(draws)]
rank_points <- function(draws) seq_len(draws) / (draws + 1)

rank_gamma <- function(ranks, draws) {
  counts <- rank_counts(ranks, draws)
  sims <- length(ranks)
  at <- rank_points(draws)
  min(stats::pbinom(counts, sims, at), stats::pbinom(sims - counts, sims, rev(at)))
}

# The counts whose tail probabilities are all above `gamma`: lower and upper end for each k.
rank_band <- function(gamma, sims, draws) {
  at <- rank_points(draws)
  lower <- stats::qbinom(gamma, sims, at)
  lower <- lower + (stats::pbinom(lower, sims, at) <= gamma * (1 + 1e-9))
  list(lower = lower, upper = sims - rev(lower))
}

# Probability that counts of uniform ranks leave the band somewhere. Numbers of equal ranks are multinomial: independent
# Poisson variables given their sum. So the counts are sums of independent steps, and the path is followed by convolution.
leave_probability <- function(band, sims, draws) {
  rate <- sims / (draws + 1)
  step <- stats::dpois(0:stats::qpois(1e-18, rate, lower.tail = FALSE), rate)
  start <- 0 # the count that the first element of `mass` is for
  mass <- 1
  for (k in seq_len(draws)) {
    if (band$lower[k] > band$upper[k]) {
      return(1)
    }
    mass <- pmax(0, stats::convolve(mass, rev(step), type = "open"))
    inside <- band$lower[k]:band$upper[k] - start + 1
    mass <- ifelse(inside >= 1 & inside <= length(mass), mass[pmax(inside, 1)], 0)
    start <- band$lower[k]
  }
  stay <- sum(mass * stats::dpois(sims - start - seq_along(mass) + 1, rate)) / stats::dpois(sims, sims)
  min(1, max(0, 1 - stay))
}

# Exact p value of the hypothesis that ranks are uniform.
rank_p_value <- function(ranks, draws) {
  leave_probability(rank_band(rank_gamma(ranks, draws), length(ranks), draws), length(ranks), draws)
}

# p values of a matrix of ranks, one a quantity.
sbc_p_values <- function(ranks) apply(ranks, 2, rank_p_value, draws = attr(ranks, "draws"))

# The judgement of a cell: by Bonferroni, a calibrated sampler is rejected with a probability of at most `alpha`, however many
# quantities there are and however they depend on each other.
expect_calibrated <- function(ranks, alpha) {
  p <- sbc_p_values(ranks)
  worst <- which.min(p)
  testthat::expect(
    p[worst] * length(p) >= alpha,
    sprintf("ranks of %s are not uniform: p = %.2g among %d quantities", names(p)[worst], p[worst], length(p))
  )
}
