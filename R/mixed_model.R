#' @export
mixed_model <- function(formula, data, prior = NULL, ...,
               algorithm = c("exact", "nuts"), chains = 4, iter_sampling = 1000, iter_warmup = 1000,
               seed = NULL, prior_only = FALSE, cores = getOption("mc.cores", 1L), control = nuts_control()) {
  call <- rlang::current_env()
  fit_model(
    "mixed_model", formula, data, prior,
    new_settings(algorithm, chains, iter_sampling, iter_warmup, seed, prior_only, cores, control, rlang::exprs(...), call),
    call
  )
}
