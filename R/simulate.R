# simulate(): responses as the data could have been, in the form that they have there.

#' Simulate responses
#'
#' Draws responses for the rows that were fitted from their posterior predictive distribution, in the shape that
#' [stats::simulate()] has for all models: a column a simulation. Each simulation uses a draw of its own of all parameters, so that it
#' has their uncertainty. [posterior_predict()][posterior_predict.bayespool_fit] has the same numbers as a matrix, and takes
#' new rows.
#'
#' @inheritParams prediction_arguments
#' @param nsim Number of simulations, at most the number of draws of the fit.
#' @return A data frame with the columns `sim_1`, `sim_2`, ... and a line for each row that the fit used, in their order. A
#'   simulated response has the form of the observed one: numbers, counts, proportions, `TRUE` and `FALSE`, a factor, or the two columns
#'   of `cbind()`, a matrix. The attribute `seed` is the `seed`, or without one the state of R's generator before.
#' @section Errors: As in [predictions]. Of class `bayespool_error_argument`: more simulations than draws.
#' @seealso [predictions]; [pp_check()][pp_check.bayespool_fit] for pictures of simulated beside observed responses.
#' @examples
#' fit <- varying_intercept(yield ~ N + (1 | block), npk, seed = 1)
#' head(simulate(fit, nsim = 3, seed = 1))
#' @importFrom stats simulate
#' @export
simulate.bayespool_fit <- function(object, nsim = 1, seed = NULL, ..., re_formula = NULL, re.form = NULL,
                                   cores = getOption("mc.cores", 1L)) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  draws <- count_draws(object, NULL, call)
  valid <- is_whole(nsim, lower = 1, upper = draws)
  check_argument(nsim, valid, paste0("a whole number from 1 to ", draws, ", the number of draws"), call)
  options <- prediction_options(nsim, NULL, re_formula, re.form, TRUE, seed, cores, call)
  rows <- observed_rows(object, "simulate()", call)
  state <- seed %||% random_state()
  task <- prediction_task(object, NULL, options, "simulate()", call, noise = TRUE)
  check_prediction_memory(task, call)
  simulated <- core_predict(task)
  observed <- if (object$model$family == "binomial") stats::model.response(stats::model.frame(object))
  columns <- lapply(seq_len(nsim), function(i) in_form_of(observed, simulated[i, ], rows$size))
  names(columns) <- paste0("sim_", seq_len(nsim))
  structure(columns, class = "data.frame", row.names = rows$name %||% seq_along(rows$y), seed = state)
}

# Of R's generator, which has one once it was used.
random_state <- function() {
  if (!exists(".Random.seed", globalenv())) stats::runif(1)
  get(".Random.seed", globalenv())
}

# `observed`: the response of binomial trials, as the formula has it, or NULL where that is numbers. `events`: of each row.
in_form_of <- function(observed, events, trials) {
  if (is.matrix(observed)) {
    return(matrix(c(events, trials - events), ncol = 2, dimnames = list(NULL, colnames(observed))))
  }
  if (is.factor(observed)) {
    return(factor(levels(observed)[events + 1], levels(observed)))
  }
  if (is.logical(observed)) {
    return(events == 1)
  }
  if (is.null(observed)) events else events / trials
}
