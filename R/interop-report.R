# Methods for report: its texts and tables of the models of rstanarm, which read a fit through insight, bayestestR and performance.

as_of_stanreg <- function(generic) {
  function(x, ...) utils::getS3method(generic, "stanreg", envir = asNamespace("report"))(x, ...)
}

#' @exportS3Method report::report
report.bayespool_fit <- as_of_stanreg("report")

# Effect sizes are of standardized fits, which there are none of.
#' @exportS3Method report::report_table
report_table.bayespool_fit <- function(x, include_effectsize = FALSE, ...) {
  as_of_stanreg("report_table")(x, include_effectsize = include_effectsize, ...)
}

#' @exportS3Method report::report_text
report_text.bayespool_fit <- as_of_stanreg("report_text")

#' @exportS3Method report::report_parameters
report_parameters.bayespool_fit <- as_of_stanreg("report_parameters")

#' @exportS3Method report::report_statistics
report_statistics.bayespool_fit <- as_of_stanreg("report_statistics")

#' @exportS3Method report::report_model
report_model.bayespool_fit <- as_of_stanreg("report_model")

#' @exportS3Method report::report_info
report_info.bayespool_fit <- as_of_stanreg("report_info")

#' @exportS3Method report::report_performance
report_performance.bayespool_fit <- as_of_stanreg("report_performance")

#' @exportS3Method report::report_intercept
report_intercept.bayespool_fit <- as_of_stanreg("report_intercept")

# Of any families.
#' @exportS3Method report::report_priors
report_priors.bayespool_fit <- function(x, ...) {
  each <- paste(names(x$priors), "~", vapply(x$priors, format_prior, ""))
  text <- paste("Priors were", paste(each, collapse = ", "))
  getExportedValue("report", "as.report_priors")(text, summary = text)
}

#' @exportS3Method report::report_random
report_random.bayespool_fit <- as_of_stanreg("report_random")
