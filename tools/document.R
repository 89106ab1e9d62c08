# Writes NAMESPACE, man/ and the RcppExports files from the sources, without compiling.

load_sources <- function(path) {
  env <- roxygen2::load_source(path)
  for (file in Sys.glob(file.path(path, "data", "*.rda"))) load(file, envir = env)
  env
}

document <- function(...) roxygen2::roxygenise(load_code = load_sources, ...)

if (!file.exists("NAMESPACE")) document(roclets = "namespace") # compileAttributes() insists on one
Rcpp::compileAttributes()
document()
