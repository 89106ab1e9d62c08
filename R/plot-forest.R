# forest_plot(): the estimates of a meta-analysis beside the effects of the studies, the pooled effect and that of a new study.

#' Forest plot of a meta-analysis
#'
#' One row a study: its estimate with the interval that its standard error alone gives, and below it the effect of the study given all
#' studies, which is drawn towards the others. At the bottom the pooled effect, as a diamond, and the effect of a new study, as a bar. The
#' columns at the right have the estimates and the pooled effect as numbers, and the weights of the studies.
#'
#' The square is the estimate \eqn{y_i}, the larger the more precise, and its line is \eqn{y_i \pm z s_i}{y[i] -+ z s[i]}, which holds
#' `prob` of \eqn{N(y_i, s_i^2)}{N(y[i], s[i]^2)}. All other points are posterior means, and their lines intervals of the posterior, exact
#' after the exact algorithm: of \eqn{\mu_j}{mu[j]} (circle), of \eqn{\mu}{hyper_mu} (diamond, as wide as its interval), and of the effect
#' of a study that is not among these (bar), often called the prediction interval.
#'
#' **Weights.** The estimate of a study has the variance \eqn{s_j^2 + \tau^2} around the pooled effect, so what it says of that counts as
#' \eqn{1 / (s_j^2 + \tau^2)}. The weight is the posterior mean of this precision, as a percentage of the sum over all studies (also those
#' that `groups` leaves out). Like the rest it averages over what is not known of \eqn{\tau}.
#'
#' **Several estimates of a study** have a square each, but the study has one effect, and one weight. The number at the right is their mean,
#' weighted by \eqn{1 / s_i^2}, with its standard error \eqn{s_j = 1 / \sqrt{\sum 1 / s_i^2}}.
#'
#' **With moderators** the circle is the effect at the study's own moderators (the mean of those of several estimates), as
#' [fitted()][fitted.bayespool_fit] has it. What is pooled is no longer one effect, so there are no weights, and diamond and bar only for
#' the moderators in `newdata`.
#'
#' **Another scale.** `transf` is applied to estimates, posterior means and ends of intervals. An interval holds the same probability on
#' both scales, but `exp` of the mean of a log odds ratio is less than the mean of the odds ratio. With `exp` itself the axis is
#' logarithmic, so that intervals keep their shape.
#'
#' With more than 40 studies there is no room for the columns of numbers; `groups = 1:40` chooses some of the studies.
#'
#' @param fit A fit by [meta_analysis()], other than with `prior_only = TRUE`. It needs no draws after the exact algorithm.
#' @param prob Probability in all intervals, between 0 and 1.
#' @param interval `"hdi"`, the highest density interval, or `"central"`, with as much probability below as above.
#' @param groups Which studies to show. Text: their labels. Whole numbers: their places in the order of `sort`, so that
#'   `groups = 1:20`, `groups = 21:40` and so on leaf through many studies. `NULL`: all of them.
#' @param sort Order of the studies: `"data"`, as in the data or the levels of the factor; `"label"`; `"size"`, the most precise first;
#'   `"mean"`, by their estimates, the smallest first.
#' @param newdata With moderators: a data frame with one row, for which to show the pooled effect and that of a new study.
#' @param transf A function of numbers that rises or falls all the way, such as `exp` for log odds ratios or `tanh` for Fisher's z.
#' @param refline Where to draw a dashed line, on the scale of the estimates, before `transf`; `NULL`: nowhere.
#' @return A ggplot.
#' @section Data of the plot: One row a study, from the top: `group` (a factor), `n` (its number of estimates), `weight` (percent; `NA` with
#'   moderators), `estimate`, `estimate_lower` and `estimate_upper` (by itself), `mean`, `lower` and `upper` (given all studies), and `y`
#'   (the height of its row). The layers of points and lines have `what`, `group`, `mean`, `lower` and `upper`. All are on the scale that
#'   `transf` gives.
#' @section Errors: Of class `bayespool_error_model`: a fit by another function than [meta_analysis()]. Of class
#'   `bayespool_error_argument`: a fit with `prior_only = TRUE`, a `prob` outside (0, 1), groups that are not in the fit, a `transf` that is
#'   not a function or does not go one way, a `refline` that is not a number. Of class `bayespool_error_data`: a `newdata` without the
#'   moderators, or with other than one row. Of class `bayespool_error_draws`: a fit by NUTS without draws.
#' @references Lewis, S. and Clarke, M. (2001). Forest plots: trying to see the wood and the trees. *British Medical Journal*,
#'   322(7300), 1479-1480. \doi{10.1136/bmj.322.7300.1479}
#'
#'   Higgins, J. P. T., Thompson, S. G. and Spiegelhalter, D. J. (2009). A re-evaluation of random-effects meta-analysis. *Journal of the
#'   Royal Statistical Society A*, 172(1), 137-159. \doi{10.1111/j.1467-985X.2008.00552.x}
#' @seealso [funnel_plot()] for small studies that differ from large ones.
#' @examplesIf rlang::is_installed(c("ggplot2", "bayesplot"))
#' # Log odds ratios of three trials:
#' trials <- data.frame(
#'   trial = c("north", "south", "west"), yi = c(-0.9, -0.3, -0.5), se = c(0.4, 0.2, 0.3)
#' )
#' fit <- meta_analysis(
#'   yi ~ 1 + (1 | trial), trials, se = se, iter_sampling = 0,
#'   prior = list(hyper_mu = dist_normal(0, 1), sigma_mu = dist_exponential(2))
#' )
#' forest_plot(fit)
#' forest_plot(fit, transf = exp, sort = "size")
#' @export
forest_plot <- function(fit, prob = 0.94, interval = c("hdi", "central"), groups = NULL, sort = c("data", "label", "size", "mean"),
                        newdata = NULL, transf = identity, refline = 0) {
  call <- rlang::current_env()
  name <- rlang::enexpr(transf)
  check_plot_packages(call)
  check_meta_analysis(fit, "forest_plot", call)
  check_interval_prob(prob, call)
  interval <- choose_interval(interval, call)
  valid <- is.null(refline) || checkmate::test_number(refline, finite = TRUE)
  check_argument(refline, valid, "one number, or {.code NULL} for no line", call)
  check_argument(transf, is.function(transf), "a function, such as {.code exp}", call)
  moments <- fit$reduced
  # The precision of a study is its size.
  sizes <- list(group = moments$group, n = group_weights(moments), mean = moments$mean)
  chosen <- choose_groups(sizes, groups, sort, call)
  rows <- observed_rows(fit, "forest_plot()", call)
  parts <- c(
    by_themselves(fit, rows, chosen, prob), given_all(fit, rows, chosen, read_new_study(fit, newdata, call), prob, interval, call)
  )
  check_transf(transf, c(refline, unlist(lapply(parts, `[`, c("mean", "lower", "upper")))), call)
  parts <- lapply(parts, transform_interval, transf)
  axis <- if (is.name(name)) paste0(name, "(", response_label(fit), ")") else paste("transformed", response_label(fit))
  data <- forest_data(fit, parts, chosen, call)
  draw_forest(data, parts, if (!is.null(refline)) transf(refline), prob, logarithmic = identical(transf, exp)) +
    ggplot2::labs(x = if (identical(transf, identity)) response_label(fit) else axis, y = grouping_factor(fit)) +
    forest_caption(fit, parts, prob, interval)
}

forest_caption <- function(fit, parts, prob, interval) {
  studies <- nrow(parts$studies)
  merged <- nrow(parts$estimates) > studies && studies <= most_numbered
  given <- has_moderators(fit)
  caption(
    paste0("Square: estimate with its ", percent(prob), " interval", if (merged) " (number: mean of several)", "."),
    paste0("Circle: effect given all studies", if (given) ", at its moderators", "."),
    if (!is.null(parts$pooled)) paste0("Diamond: pooled effect; bar: effect of a new study", if (given) " (at given moderators)", "."),
    paste0("Posterior means with ", interval_name(prob, interval), "s", if (!has_quadrature(fit)) ", from draws", "."),
    height_advice(studies)
  )
}

# Of `values`, all that are to be transformed.
check_transf <- function(transf, values, call) {
  values <- sort(unique(values))
  moved <- eval_user(transf(values), "{.arg transf}", call, "fit")
  valid <- is.numeric(moved) && length(moved) == length(values) && all(is.finite(moved))
  steps <- if (valid) diff(moved)
  if (!valid || any(steps < 0) && any(steps > 0)) {
    abort_bayespool(
      c(
        "{.arg transf} must give a finite number for each, and rise or fall all the way.",
        i = if (valid) "From {format(values[1])} to {format(values[length(values)])} it turns.",
        i = if (!valid) "It must do so from {format(values[1])} to {format(values[length(values)])}."
      ),
      "argument", call
    )
  }
}

# A function that falls swaps the ends.
transform_interval <- function(table, transf) {
  if (is.null(table)) {
    return(NULL)
  }
  lower <- transf(table$lower)
  upper <- transf(table$upper)
  table$mean <- transf(table$mean)
  table$lower <- pmin(lower, upper)
  table$upper <- pmax(lower, upper)
  table
}
