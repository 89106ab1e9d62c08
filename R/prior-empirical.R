# Published predictive distributions of the heterogeneity of studies: numbers for a help page, which no code uses.

# One row an outcome, one column a comparison; the numbers are those of log(tau^2).
empirical_numbers <- function(outcomes, comparisons, mu, sigma) {
  names <- list(outcomes, comparisons)
  shaped <- function(x) matrix(x, length(outcomes), length(comparisons), dimnames = names)
  list(mu = shaped(mu), sigma = shaped(sigma))
}

# Turner et al. (2015), table IV: log(tau^2) ~ normal(mu, sigma).
turner_2015 <- empirical_numbers(
  c(
    "all-cause mortality", "obstetric", "cause-specific mortality, major morbidity, composite of them",
    "use of resources, stay in hospital, process", "success or failure of surgery or device", "withdrawals, drop-outs",
    "internal structure", "general physical health", "adverse events", "infection, onset of new disease",
    "signs or symptoms of continuation or end of condition", "pain", "quality of life, functioning (dichotomised)",
    "mental health", "biological markers (dichotomised)", "subjective (various)"
  ),
  c(
    "Pharmacological against placebo or control", "Pharmacological against pharmacological",
    "Non-pharmacological against placebo or control", "Non-pharmacological against pharmacological",
    "Non-pharmacological against non-pharmacological"
  ),
  -c(
    3.95, 3.52, 3.71, 2.34, 2.14, 2.99, 2.71, 2.29, 1.87, 2.49, 2.06, 1.83, 2.54, 2.12, 1.77, 2.70,
    4.18, 3.75, 3.95, 2.58, 2.37, 3.23, 2.94, 2.53, 2.10, 2.73, 2.29, 2.06, 2.78, 2.35, 2.00, 2.93,
    4.17, 3.74, 3.93, 2.56, 2.36, 3.21, 2.93, 2.51, 2.10, 2.71, 2.28, 2.05, 2.77, 2.34, 1.99, 2.92,
    2.92, 2.49, 2.68, 1.31, 1.11, 1.96, 1.67, 1.26, 0.84, 1.46, 1.03, 0.80, 1.51, 1.09, 0.74, 1.67,
    3.50, 3.08, 3.27, 1.90, 1.69, 2.55, 2.26, 1.85, 1.43, 2.05, 1.61, 1.38, 2.10, 1.67, 1.33, 2.26
  ),
  c(
    1.34, 1.74, 1.74, 1.74, 1.74, 1.74, 1.74, 1.53, 1.52, 1.52, 1.51, 1.52, 1.54, 1.53, 1.52, 1.52,
    1.41, 1.79, 1.79, 1.79, 1.79, 1.79, 1.79, 1.58, 1.58, 1.58, 1.58, 1.58, 1.60, 1.60, 1.58, 1.58,
    1.55, 1.91, 1.91, 1.91, 1.91, 1.91, 1.92, 1.72, 1.71, 1.71, 1.71, 1.71, 1.73, 1.72, 1.71, 1.71,
    1.02, 1.50, 1.51, 1.50, 1.50, 1.51, 1.51, 1.25, 1.24, 1.24, 1.24, 1.25, 1.27, 1.27, 1.24, 1.25,
    1.26, 1.68, 1.68, 1.68, 1.68, 1.68, 1.68, 1.46, 1.45, 1.45, 1.45, 1.45, 1.47, 1.47, 1.45, 1.45
  )
)

# Rhodes et al. (2015), tables 3, A.3.1 and A.3.2, by medical area: (log(tau^2) - mu) / sigma is Student-t with 5 degrees of freedom.
rhodes_numbers <- function(mu, sigma) {
  empirical_numbers(
    c(
      "obstetric", "use of resources, stay in hospital, process", "internal and external structure",
      "general physical health, adverse events, pain, quality of life, functioning",
      "signs or symptoms of continuation or end of condition, infection, onset of new disease",
      "mental health", "biological markers", "subjective (various)"
    ),
    c("Pharmacological against placebo or control", "Pharmacological against pharmacological", "Non-pharmacological (any)"),
    mu, sigma
  )
}

rhodes_2015 <- list(
  respiratory = rhodes_numbers(
    -c(
      6.03, 4.46, 4.33, 5.07, 4.90, 4.90, 5.31, 4.66,
      6.31, 4.73, 4.61, 5.34, 5.18, 5.17, 5.59, 4.94,
      5.89, 4.32, 4.19, 4.93, 4.76, 4.76, 5.17, 4.52
    ),
    c(
      2.36, 2.74, 2.51, 2.51, 2.50, 2.17, 2.83, 2.59,
      2.31, 2.70, 2.46, 2.45, 2.47, 2.14, 2.78, 2.59,
      2.21, 2.57, 2.33, 2.28, 2.33, 1.94, 2.66, 2.41
    )
  ),
  cancer = rhodes_numbers(
    -c(
      1.57, -0.01, 0.13, 0.60, 0.44, 0.43, 0.85, 0.20,
      1.85, 0.27, 0.14, 0.88, 0.71, 0.71, 1.13, 0.48,
      1.43, -0.15, -0.27, 0.46, 0.30, 0.29, 0.71, 0.06
    ),
    c(
      2.45, 2.83, 2.61, 2.61, 2.60, 2.28, 2.93, 2.68,
      2.41, 2.79, 2.56, 2.55, 2.57, 2.25, 2.87, 2.68,
      2.24, 2.68, 2.45, 2.40, 2.46, 2.08, 2.78, 2.53
    )
  ),
  other = rhodes_numbers(
    -c(
      4.13, 2.55, 2.43, 3.16, 3.00, 2.99, 3.41, 2.76,
      4.40, 2.83, 2.70, 3.44, 3.27, 3.27, 3.68, 3.03,
      3.99, 2.41, 2.29, 3.02, 2.86, 3.85, 3.27, 2.62
    ),
    c(
      2.34, 2.73, 2.50, 2.50, 2.50, 2.16, 2.83, 2.58,
      2.31, 2.70, 2.46, 2.44, 2.47, 2.14, 2.78, 2.59,
      2.11, 2.57, 2.32, 2.27, 2.33, 1.93, 2.66, 2.41
    )
  )
)

# For the help page: one table a comparison, with the published numbers and the prior of tau. `constructor`: text up to mu.
empirical_tables <- function(numbers, constructor) {
  one <- function(comparison) {
    mu <- numbers$mu[, comparison]
    sigma <- numbers$sigma[, comparison]
    rows <- sprintf("| %s | %.2f | %.2f | `%s%g, %g)` |", rownames(numbers$mu), mu, sigma, constructor, mu / 2, sigma / 2)
    c(paste0(comparison, ":"), "", "| outcome | mu of tau^2 | sigma of tau^2 | prior of tau |", "|---|---|---|---|", rows, "")
  }
  paste(unlist(lapply(colnames(numbers$mu), one)), collapse = "\n")
}

#' Published priors for the heterogeneity of studies
#'
#' In a meta-analysis of few studies the data say little of the standard deviation \eqn{\tau} of the true effects between studies. Two
#' papers describe how large it was in thousands of meta-analyses of the Cochrane Database. Their distributions can serve as the
#' prior `sigma_mu` of [partial_pooling()], or `sigma_0` of [varying_intercept()].
#'
#' The papers give distributions of the **variance** \eqn{\tau^2}{tau^2}, by the `mu` and `sigma` of its logarithm. All priors on scales
#' here are on the **standard deviation** \eqn{\tau}. Since \eqn{\log(\tau) = \log(\tau^2) / 2}{log(tau) = log(tau^2) / 2}, halve both
#' numbers: `dist_lognormal(mu / 2, sigma / 2)` and [dist_log_student_t()]`(5, mu / 2, sigma / 2)`. The last column of each table is the
#' prior to copy.
#'
#' A distribution holds only on its own scale: the first ones for log odds ratios, the second ones for standardised mean differences.
#'
#' @section Log odds ratios (Turner et al. 2015):
#' \eqn{\tau^2}{tau^2} is log-normal. For outcomes and comparisons of any kind it has `mu` -2.56 and `sigma` 1.74, which makes the prior
#' `dist_lognormal(-1.28, 0.87)`.
#'
#' `r empirical_tables(turner_2015, "dist_lognormal(")`
#'
#' @section Standardised mean differences (Rhodes et al. 2015):
#' The logarithm of \eqn{\tau^2}{tau^2} has a Student-t distribution with 5 degrees of freedom. For outcomes, comparisons and medical
#' areas of any kind it has `mu` -3.44 and `sigma` 2.59, which makes the prior `dist_log_student_t(5, -1.72, 1.295)`.
#'
#' In the papers' tables the values of `mu` differ between comparisons by nearly the same amount for each outcome. Two do not: -3.85
#' for mental health, non-pharmacological, in areas other than respiratory diseases and cancer (the others suggest -2.85), and -0.13 for
#' structure, pharmacological against placebo, in cancer (0.13). They may be misprints. They are given here as they are in the source.
#'
#' @section Respiratory diseases (Rhodes et al. 2015):
#' `r empirical_tables(rhodes_2015$respiratory, "dist_log_student_t(5, ")`
#'
#' @section Cancer (Rhodes et al. 2015):
#' `r empirical_tables(rhodes_2015$cancer, "dist_log_student_t(5, ")`
#'
#' @section Other medical areas (Rhodes et al. 2015):
#' `r empirical_tables(rhodes_2015$other, "dist_log_student_t(5, ")`
#'
#' @source The numbers were taken from the functions `TurnerEtAlPrior()` and `RhodesEtAlPrior()` of the package bayesmeta (Röver 2020),
#'   which has them from the papers' tables.
#' @references
#' Turner RM, Jackson D, Wei Y, Thompson SG, Higgins JPT (2015). Predictive distributions for between-study heterogeneity and simple
#' methods for their application in Bayesian meta-analysis. *Statistics in Medicine* 34(6), 984-998. \doi{10.1002/sim.6381}.
#'
#' Rhodes KM, Turner RM, Higgins JPT (2015). Predictive distributions were developed for the extent of heterogeneity in meta-analyses
#' of continuous outcome data. *Journal of Clinical Epidemiology* 68(1), 52-60. \doi{10.1016/j.jclinepi.2014.08.012}.
#'
#' Röver C (2020). Bayesian random-effects meta-analysis using the bayesmeta R package. *Journal of Statistical Software* 93(6), 1-51.
#' \doi{10.18637/jss.v093.i06}.
#'
#' @seealso [bayespool-priors], [dist_log_student_t()].
#' @examples
#' # Log odds ratios of five studies with their standard errors: pain, a drug against placebo.
#' studies <- data.frame(
#'   study = c("A", "B", "C", "D", "E"),
#'   y = c(-0.2, 0.1, -0.6, -0.3, -0.4),
#'   se = c(0.25, 0.3, 0.2, 0.35, 0.15)
#' )
#' fit <- meta_analysis(
#'   y ~ 1 + (1 | study), studies, se = se, iter_sampling = 0,
#'   prior = list(hyper_mu = dist_normal(0, 1), sigma_mu = dist_lognormal(-0.915, 0.76))
#' )
#' prior_summary(fit)
#' exact_summary(fit)
#' @name empirical-priors
NULL
