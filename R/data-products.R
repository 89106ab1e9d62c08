# Sums of cross-products of the columns, and what follows from them over all groups.

# The pairs of columns whose products a packed triangle holds, in its order.
pairs_of <- function(columns) list(first = columns[sequence(seq_along(columns))], second = rep(columns, seq_along(columns)))

# The symmetric matrix whose upper triangle `packed` holds, column by column.
unpack_within <- function(packed) {
  d <- (sqrt(8 * length(packed) + 1) - 1) / 2
  within <- matrix(0, d, d)
  upper <- .row(c(d, d)) <= .col(c(d, d))
  within[upper] <- packed
  within[!upper] <- t(within)[!upper]
  within
}

# Mean and standard deviation of the response and the predictors, for the scales of default priors, and `sigma`, what the spread of the
# response says of an observation of weight 1.
scale_statistics <- function(reduced) UseMethod("scale_statistics")

# Of counts: the scale of log odds and log rates needs none; predictors belong to groups, each of which counts once.
#' @export
#' @noRd
scale_statistics.group_counts <- function(reduced) {
  x <- reduced$x
  list(mean_y = 0, sd_y = 1, sigma = 1, mean_x = colMeans(x), sd_x = apply(x, 2, stats::sd))
}

#' @export
#' @noRd
scale_statistics.group_moments <- function(reduced) {
  total <- merge_into_one(reduced)
  weight <- group_weights(total) / total$n # of an average row
  sds <- sqrt(diag(unpack_within(total$within[1, ])) / weight / (total$n - 1))
  means <- total$mean[1, ]
  d <- length(means)
  names(sds) <- names(means)
  list(mean_y = means[[d]], sd_y = sds[[d]], sigma = sds[[d]] * sqrt(weight), mean_x = means[-d], sd_x = sds[-d])
}
