# The package's own help page and the imports that the namespace needs.

#' @keywords internal
#' @importFrom Rcpp evalCpp
#' @importFrom rlang %||%
#' @useDynLib bayespool, .registration = TRUE
"_PACKAGE"
