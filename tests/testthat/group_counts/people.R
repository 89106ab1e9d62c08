# Rows of people in four groups, and what tests of their counts share.

people <- withr::with_seed(4, {
  n <- 400
  people <- data.frame(
    g = sample(c("s10", "s2", "tokyo", "b"), n, TRUE), n = rpois(n, 6), days = round(runif(n, 0.5, 9), 2), w = sample(1:3, n, TRUE)
  )
  people$z <- c(s10 = 0.1, s2 = 4, tokyo = -2, b = 1 / 3)[people$g]
  people$f <- c(s10 = "u", s2 = "v", tokyo = "w", b = "u")[people$g]
  people$k <- rbinom(n, people$n, c(s10 = 0.1, s2 = 0.4, tokyo = 0.9, b = 0.5)[people$g])
  people$y <- rbinom(n, 1, 0.3)
  people$count <- rpois(n, 2 * people$days)
  people$m <- people$n - people$k
  people$yes <- people$y == 1
  people$word <- factor(ifelse(people$yes, "alive", "dead"), levels = c("dead", "alive"))
  people
})
with_trials <- people[people$n > 0, ] # others are told of as dropped
sum_of <- function(values, rows = people) as.double(tapply(values, rows$g, sum))
in_turn <- function(parts) {
  i <- 0
  function() if (i < length(parts)) parts[[i <<- i + 1]]
}
expect_same_counts <- function(found, wanted) {
  sums <- c("n", "events", "size", "log_constant", "x")
  expect_identical(unclass(found)[setdiff(names(found), sums)], unclass(wanted)[setdiff(names(wanted), sums)])
  for (field in sums) expect_equal(found[[field]], wanted[[field]], tolerance = 1e-13)
}
expect_refused <- function(expr, class, text) expect_error(expr, text, class = paste0("bayespool_error_", class))
