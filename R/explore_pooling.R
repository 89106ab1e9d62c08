# explore_pooling(): a page on which a fit moves with its priors and data.

#' Explore pooling in the browser
#'
#' Opens a page that shows complete, no and partial pooling of your data side by side, and follows while you change them: drag a prior
#' and watch the posterior, drag the mean of a group and see where partial pooling puts it, ask what would be if a group had 60 people.
#' Everything shown is exact, as in [compare_pooling()], and the page gives the R code for it.
#'
#' **What you can do.** Choose the family of each prior and move its numbers; its density stands beside that of the posterior. Drag the
#' point of a group to another mean, its bar to another size, or type them. Drop groups, put them back, add copies. All of it works by
#' keyboard: in the picture, left and right change the mean or the size, up and down go to the next group; Delete drops it, Escape resets.
#'
#' **What it shows.** For each group its own mean, an arrow to its mean under partial pooling, and intervals; the standard deviations
#' within and between groups; the distribution of a new group; how well each model predicts, by the log evidence and by leaving out
#' observations or groups, which take a moment longer and follow. With predictors there are lines of the groups, and the means are those
#' at the average predictors. Where slopes vary the models are those of [compare_pooling()]. Of counts there are probabilities or
#' rates. A change to a group's size keeps the spread within it; a change to its mean keeps its predictors. Priors that you do not
#' touch are the defaults, and these scale with the data: see [bayespool-priors].
#'
#' **What you can take away.** The code that makes the same comparison in R, the table as a CSV file, the picture as PNG or SVG.
#'
#' Where priors and data make no posterior the page says why and keeps what it had. It needs no network. The data stay in your R session;
#' the page receives sizes and means of groups.
#'
#' @param formula A formula of [compare_pooling()], as `y ~ 1 + (1 | g)`, `y ~ x + (1 | g)` or `y ~ x + (1 + x | g)`; or a fit with such
#'   a formula, whose data and priors are then the start.
#' @param data,prior As in [compare_pooling()].
#' @param ... `family`, `sigma` and [`weights`][bayespool-weights], as in [compare_pooling()].
#' @param lang Language of the page, `"en"` (English) or `"zh"` (Chinese); `NULL`: that of the browser.
#' @return An app of the shiny package, which opens when it is printed. It serves any number of browsers at once: print it with
#'   `shiny::runApp(app, host = "0.0.0.0")` to let a class look at it.
#' @section Errors: Those of [compare_pooling()]. Of class `bayespool_error_package`: shiny or bslib is not installed. Of class
#'   `bayespool_error_model`: a fit with known errors, by [meta_analysis()]. Of class `bayespool_error_argument`: another `lang`, or other
#'   arguments.
#' @seealso [compare_pooling()] for the same numbers in R; the article *In the classroom*.
#' @examplesIf rlang::is_installed(c("shiny", "bslib"))
#' app <- explore_pooling(scontrol ~ 1 + (1 | site), hpp_sites)
#' # It opens when it is printed:
#' if (interactive()) app
#'
#' fit <- varying_intercept(yield ~ N + (1 | block), npk, iter_sampling = 0)
#' if (interactive()) explore_pooling(fit)
#' @export
explore_pooling <- function(formula, data, prior = NULL, ..., lang = NULL) {
  call <- rlang::current_env()
  check_argument(lang, is.null(lang) || isTRUE(lang %in% c("en", "zh")), "{.val en}, {.val zh} or {.code NULL}", call)
  check_app_packages(call)
  dots <- rlang::enquos(...)
  check_no_dots(dots[!rlang::names2(dots) %in% c("family", "sigma", "weights")], call)
  if (missing(formula)) {
    abort_bayespool("{.arg formula} must be given: a formula, with {.arg data}, or a fit.", "argument", call)
  }
  exploration <- if (inherits(formula, "bayespool_fit")) {
    explored_fit(formula, substitute(formula), call)
  } else {
    expr <- list(
      formula = if (inherits(formula, "formula")) without_attributes(formula), data = substitute(data),
      weights = if (!is.null(dots$weights)) rlang::quo_get_expr(dots$weights)
    )
    family <- if (is.null(dots$family)) "gaussian" else rlang::eval_tidy(dots$family)
    sigma <- if (!is.null(dots$sigma)) choose_one(rlang::eval_tidy(dots$sigma), c("group", "common"), call)
    new_exploration(formula, data, prior, family, sigma, dots$weights %||% rlang::quo(NULL), expr, call)
  }
  shiny::shinyApp(explorer_page(lang), explorer_server(exploration, lang))
}

check_app_packages <- function(call) {
  tryCatch(
    rlang::check_installed(c("shiny", "bslib"), reason = "to open the explorer.", call = call),
    rlib_error_package_not_found = function(cnd) {
      abort_bayespool(
        c(
          "The explorer needs the packages {.pkg shiny} and {.pkg bslib}.",
          i = "Install with {.code install.packages(c(\"shiny\", \"bslib\"))}."
        ),
        "package", call
      )
    }
  )
}

# A formula as it is written.
without_attributes <- function(formula) {
  attributes(formula) <- NULL
  formula
}

# Data, formula and priors of a fit. `name`: the user's expression of it.
explored_fit <- function(fit, name, call) {
  if (has_known_errors(fit$model)) {
    abort_bayespool(
      c(
        "{.fn explore_pooling} explores models that estimate the standard deviation within groups.",
        i = "That of a meta-analysis is known; {.fn compare_meta} compares its models."
      ),
      "model", call
    )
  }
  part <- if (has_rows(fit)) "data" else "reduced"
  expr <- list(formula = without_attributes(fit$formula), data = call("$", name, as.name(part)), weights = fit$of_rows$weights)
  weights <- if (is.null(fit$weights)) rlang::quo(NULL) else rlang::new_quosure(fit$weights, baseenv())
  sigma <- fit$own_arguments$sigma
  exploration <- new_exploration(
    fit$formula, fit[[part]], NULL, fit$model$family, if (length(sigma) == 1) sigma, weights, expr, call
  )
  verbs <- vapply(exploration$models, `[[`, "", "verb")
  same <- utils::tail(names(verbs)[verbs == fit$model$name], 1)
  if (length(same) > 0 && length(fit$prior) > 0) exploration$prior <- stats::setNames(list(fit$prior), same)
  exploration
}
