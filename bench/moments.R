# Moments of 1e7 rows in 1e5 groups with one predictor, beside a naive loop.
# Run: Rscript bench/moments.R
#
# The naive loop adds up n, sums and raw products of each group: no checks, no protection against
# large offsets, group codes from 0 given. group_moments() is timed as users call it: formula,
# checks, coding of the groups, object.

library(bayespool)

Rcpp::sourceCpp(code = "
  #include <Rcpp.h>
  // [[Rcpp::export]]
  Rcpp::NumericVector naive_moments(Rcpp::NumericVector x, Rcpp::NumericVector y, Rcpp::IntegerVector group, int groups) {
    Rcpp::NumericMatrix sums(6, groups);
    const double* px = x.begin();
    const double* py = y.begin();
    const int* pg = group.begin();
    double* all = sums.begin();
    for (R_xlen_t i = 0; i < x.size(); ++i) {
      double* s = all + 6 * static_cast<R_xlen_t>(pg[i]);
      s[0] += 1;
      s[1] += px[i];
      s[2] += py[i];
      s[3] += px[i] * px[i];
      s[4] += px[i] * py[i];
      s[5] += py[i] * py[i];
    }
    return sums;
  }
")

rows <- as.integer(Sys.getenv("BENCH_ROWS", "10000000"))
groups <- as.integer(Sys.getenv("BENCH_GROUPS", "100000"))
repeats <- 15

set.seed(1)
data <- data.frame(x = rnorm(rows), group = sample.int(groups, rows, replace = TRUE))
data$y <- 3 + 0.5 * data$x + rnorm(rows)
code <- data$group - 1L

seconds <- function(expr) {
  expr <- substitute(expr)
  env <- parent.frame()
  system.time(eval(expr, env), gcFirst = FALSE)[["elapsed"]]
}

# Interleaved, so that whatever else the machine does falls on all of them.
grouped <- list(
  integer = data,
  factor = transform(data, group = factor(group, levels = seq_len(groups))),
  `whole doubles` = transform(data, group = as.double(group))
)
times <- replicate(repeats, {
  gc()
  c(
    naive = seconds(naive_moments(data$x, data$y, code, groups)),
    vapply(grouped, function(rows) seconds(group_moments(y ~ x + (1 | group), rows)), numeric(1))
  )
})
median_seconds <- apply(times, 1, median)
print(data.frame(seconds = round(median_seconds, 3), ratio = round(median_seconds / median_seconds[["naive"]], 2)))

# Memory beyond the data at its highest, relative to the columns that are used.
columns <- as.numeric(object.size(data$x)) + as.numeric(object.size(data$y)) + as.numeric(object.size(data$group))
peak <- vapply(grouped, function(rows) {
  before <- sum(gc(reset = TRUE)[, 2])
  moments <- group_moments(y ~ x + (1 | group), rows)
  (sum(gc()[, 6]) - before) * 2^20 / columns
}, numeric(1))
cat("\nR memory at the peak, in copies of the columns\n")
print(round(peak, 2))
