# The order of the groups.

#' Group ranks
#'
#' Where each group stands in the order of all: its expected rank, and the probabilities that it is the best, or among
#' the best `best`. Rank 1 is the best.
#'
#' In each draw of the posterior the groups are ordered by their means, or beside predictors by their intercepts (`mu` or
#' `beta_0j`), or by the slopes (`beta_j`) that `coefficient` chooses; a group's rank has the distribution of its places over
#' the draws. Of two grouping factors `factor` chooses whose groups are ordered, by their effects. This is not the order of the
#' posterior means: a group with few observations may have the largest mean and yet a smaller probability of being the
#' best than one that is known better, and expected ranks lie closer to the middle than places in a list do. Groups that
#' are equal in a draw share the best of their places.
#'
#' Ranks are functions of all groups together, so they come from draws, and carry a Monte Carlo error. After
#' `algorithm = "exact"` the draws are independent, and the error is the standard deviation divided by the root of their
#' number; after `algorithm = "nuts"` the number is the effective sample size. Where all draws agree on a probability
#' of 0 or 1 its error is 0; the probability is then within about 3 divided by the number of independent draws.
#'
#' @inheritParams group_contrasts
#' @param fit A fit with coefficients of groups, as for [group_contrasts()], and with draws.
#' @param best How many of the best groups `p_among` counts.
#' @param highest Whether the highest coefficient is the best; `FALSE`: the lowest.
#' @param prob Probability in the interval of the rank, between 0 and 1; as ranks are whole numbers it holds at least that.
#' @param interval `"hdi"`: the shortest range of ranks; `"central"`: that between quantiles of the rank.
#' @param x What `group_ranks()` returned.
#' @return A data frame of class `bayespool_group_ranks` with one row a group, in the order of the draws, and columns `group`, `mean`
#'   (the expected rank), `sd`, `lower` and `upper` of the rank, `p_best`, the probability of rank 1, `p_among`, the probability of
#'   the ranks up to `best`, and the Monte Carlo errors `mcse_mean`, `mcse_best` and `mcse_among`.
#' @section Errors: Of class `bayespool_error_draws`: a fit without draws. Of class `bayespool_error_model`:
#'   [complete_pooling()]. Of class `bayespool_error_argument`: a `best` that is not a whole number from 1 to the number of
#'   groups, a `prob` outside (0, 1), another `interval`, another `coefficient`, another `factor`, or none where
#'   there are two.
#' @references Laird, N. M. and Louis, T. A. (1989). Empirical Bayes ranking methods. *Journal of Educational Statistics*,
#'   14(1), 29-46. \doi{10.3102/10769986014001029}
#'
#'   Goldstein, H. and Spiegelhalter, D. J. (1996). League tables and their limitations: statistical issues in comparisons of
#'   institutional performance. *Journal of the Royal Statistical Society A*, 159(3), 385-443. \doi{10.2307/2983325}
#' @seealso [group_contrasts()] for differences; [plot()][plot.bayespool_group_ranks] for a picture.
#' @examples
#' fit <- partial_pooling(scontrol ~ 1 + (1 | site), hpp_sites, seed = 1)
#' group_ranks(fit, best = 3)
#' @export
group_ranks <- function(fit, best = 1, highest = TRUE, prob = 0.94, interval = c("hdi", "central"), coefficient = NULL,
                        factor = NULL) {
  call <- rlang::current_env()
  check_fit(fit, call)
  check_has_groups(fit, "group_ranks", call)
  term <- choose_factor(fit, factor, call)
  direction <- choose_direction(term, coefficient, call)
  labels <- term$labels
  valid <- is_whole(best, lower = 1, upper = length(labels))
  check_argument(best, valid, paste0("a whole number from 1 to ", length(labels), ", the number of groups"), call)
  check_flag(highest, call)
  check_interval_prob(prob, call)
  interval <- choose_interval(interval, call)
  ranks <- rank_draws(fit, group_variables(fit$model, term, direction), highest, call)
  table <- summarise_ranks(ranks$counts, best, prob, interval)
  errors <- if (has_chains(fit)) {
    chain_errors(ranks$ranks, posterior::nchains(fit), best)
  } else {
    independent_errors(table, posterior::ndraws(fit))
  }
  table <- data.frame(group = labels, table, errors)
  structure(
    table,
    class = c("bayespool_group_ranks", "data.frame"), prob = prob, interval = interval, draws = posterior::ndraws(fit),
    best = best, highest = highest, quantity = group_quantity(fit, term, direction)
  )
}

# `columns`: the groups' variables. A list: `counts`, how often each group (rows) has each rank (columns); `ranks`: draws x groups, for
# draws that are not independent alone.
# Draws are ranked a block at a time, so that many need no memory of their own.
rank_draws <- function(fit, columns, highest, call) {
  draws <- fit_draws(fit, call = call)
  groups <- length(columns)
  sign <- if (highest) -1 else 1
  iterations <- seq_len(posterior::niterations(draws))
  blocks <- unname(split(iterations, (iterations - 1) %/% max(1, 1e6 %/% groups)))
  counts <- matrix(0L, groups, groups)
  kept <- list()
  for (chain in seq_len(posterior::nchains(draws))) {
    for (block in blocks) {
      values <- matrix(sign * draws[block, chain, columns], length(block))
      ranks <- matrix(apply(values, 1, rank, ties.method = "min"), groups) # groups x draws
      counts <- counts + tabulate(row(ranks) + groups * (ranks - 1L), groups^2)
      if (has_chains(fit)) kept <- c(kept, list(t(ranks)))
    }
  }
  list(counts = counts, ranks = do.call(rbind, kept))
}

summarise_ranks <- function(counts, best, prob, interval) {
  draws <- sum(counts[1, ])
  rank <- seq_len(ncol(counts))
  mean <- drop(counts %*% rank) / draws
  variance <- rowSums(counts * outer(mean, rank, `-`)^2) / (draws - 1)
  ends <- apply(counts, 1, function(count) {
    below <- cumsum(count) / draws
    if (interval == "hdi") shortest_ranks(below, prob) else c(first_rank(below, (1 - prob) / 2), first_rank(below, (1 + prob) / 2))
  })
  data.frame(
    mean = mean, sd = sqrt(variance), lower = ends[1, ], upper = ends[2, ], p_best = counts[, 1] / draws,
    p_among = rowSums(counts[, seq_len(best), drop = FALSE]) / draws
  )
}

# The first rank up to which there is this probability. `below`: that up to each rank; sums of shares are rounded.
first_rank <- function(below, probability) findInterval(probability - 1e-12, below, left.open = TRUE) + 1L

# The shortest range of ranks that holds `prob`; of equally short ones the most probable.
shortest_ranks <- function(below, prob) {
  before <- c(0, below[-length(below)])
  upper <- first_rank(below, before + prob)
  possible <- which(upper <= length(below))
  width <- upper[possible] - possible
  held <- below[upper[possible]] - before[possible]
  lower <- possible[order(width, -held)[1]]
  c(lower, upper[lower])
}

# Monte Carlo errors of the expected rank and of both probabilities.
independent_errors <- function(table, draws) {
  of_share <- function(p) sqrt(p * (1 - p) / draws)
  data.frame(
    mcse_mean = table$sd / sqrt(draws), mcse_best = of_share(table$p_best), mcse_among = of_share(table$p_among)
  )
}

chain_errors <- function(ranks, chains, best) {
  error <- function(x) mcse_of_means(x, chains)
  data.frame(mcse_mean = error(ranks), mcse_best = error(ranks == 1), mcse_among = error(ranks <= best))
}

#' @rdname group_ranks
#' @export
print.bayespool_group_ranks <- function(x, digits = 2, n_rows = 30, ...) {
  if (!identical(names(x), rank_columns) || is.null(attr(x, "prob"))) {
    return(NextMethod()) # a part of the table
  }
  shown <- as.data.frame(unclass(x))[seq_len(min(nrow(x), n_rows)), 1:7]
  shown$group <- shorten(shown$group, 25)
  shown[c("mean", "sd")] <- lapply(shown[c("mean", "sd")], format_numbers, digits)
  shown[c("p_best", "p_among")] <- lapply(shown[c("p_best", "p_among")], formatC, digits = 3, format = "f")
  print(shown, row.names = FALSE)
  note_more(nrow(x) - nrow(shown), "groups")
  best <- attr(x, "best")
  print_note(
    "rank 1: ", if (attr(x, "highest")) "highest " else "lowest ", attr(x, "quantity"), "; p_among: among the ",
    if (best == 1) "first" else paste("first", best)
  )
  note_errors(c(mean = max(x$mcse_mean), probabilities = max(x$mcse_best, x$mcse_among)))
  note_interval(x, "rank")
  invisible(x)
}

rank_columns <- c(
  "group", "mean", "sd", "lower", "upper", "p_best", "p_among", "mcse_mean", "mcse_best", "mcse_among"
)
