# The package's own help page and the imports that the namespace needs.

#' @details
#' [complete_pooling()], [no_pooling()], [partial_pooling()] and [varying_intercept()] fit the models.
#' [exact_summary()], [summary()][summary.bayespool_fit], [log_marginal_likelihood()] and
#' [as_draws()][as_draws.bayespool_fit] read a fit. [bayespool-priors] is about priors, [group_moments()] about
#' what the models need from the data. `vignette("get-started", package = "bayespool")` shows them on real data;
#' `browseVignettes("bayespool")` lists the other pages.
#' @keywords internal
#' @importFrom Rcpp evalCpp
#' @importFrom rlang %||%
#' @importFrom stats gaussian
#' @useDynLib bayespool, .registration = TRUE
"_PACKAGE"

# What other packages need to know, once they are loaded.
.onLoad <- function(libname, pkgname) {
  rlang::on_package_load("texreg", set_extract())
  rlang::on_package_load("ggeffects", register_get_predictions())
  rlang::on_package_load("marginaleffects", add_model_class())
  rlang::on_package_load("parsnip", register_with_parsnip())
}
