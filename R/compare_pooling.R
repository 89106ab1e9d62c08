# Complete, no and partial pooling of the same data, side by side.

#' Compare complete, no and partial pooling, or models with fewer effects that vary
#'
#' Fits several models to the same data and puts them side by side: what each says about every group, how far partial
#' pooling moves each group, and how well each model predicts. With `(1 | g)` in the formula these are complete, no and partial
#' pooling; where slopes vary, as with `(1 + x | g)`, they are models with fewer effects that vary.
#'
#' With `(1 | g)` the three models are [complete_pooling()], which gives all groups one mean; [no_pooling()], which gives each group a
#' mean of its own; and [partial_pooling()], which draws the group means from a population. With predictors in the
#' formula the third is [varying_intercept()], the other two have the same predictors, and the means are intercepts:
#' mean responses where all predictors are 0.
#'
#' **Shrinkage.** Given the two standard deviations, the partial-pooling estimate of a group is a weighted mean of the
#' group's own mean and that of the population. The weight of the population is
#' \deqn{1 - \kappa_j = \frac{\sigma^2}{\sigma^2 + n_j \tau^2},
#'   }{1 - kappa_j = sigma^2 / (sigma^2 + n_j tau^2),}
#' with \eqn{\sigma} the standard deviation within groups and \eqn{\tau} that between them. It is 0 where a group keeps
#' its own mean and 1 where it takes the population's. With \eqn{\theta_j}{theta[j]} the group's mean, this is also
#' \deqn{1 - \kappa_j = \mathrm{Var}(\theta_j \mid y, \beta, \sigma, \tau) / \tau^2,
#'   }{1 - kappa_j = Var(theta[j] | y, beta, sigma, tau) / tau^2,}
#' the share of the variance in the population that the group's data leave. `shrinkage` is its posterior mean, by quadrature, and
#' `shrinkage_lower` and `shrinkage_upper` are the ends of its interval. Small groups are shrunk most.
#'
#' **Of counts** (`family`) all estimates are on the scale of the response, probabilities or rates, and so is what was observed, the
#' proportion or the rate of each group. There is no weight of means there, but the share of the variance exists: with
#' \eqn{\theta_j}{theta[j]} the log odds or the log rate, `shrinkage` is the posterior mean of
#' \eqn{\mathrm{Var}(\theta_j \mid y, \beta, \tau) / \tau^2}{Var(theta[j] | y, beta, tau) / tau^2}. It lies between 0 and 1 for any
#' count, also for groups without an event, whose observed log odds are infinite (for these the ends of its interval are good to about
#' 0.001, all else is exact); the distance between the observed and the estimated
#' probability is about this share of that to the population's. Predictors belong to groups: complete and partial pooling use them,
#' no pooling cannot, and all estimates are at the group's own predictors.
#'
#' **Where slopes vary** the models are complete pooling, where no coefficient differs between groups; each term of the bar alone; and
#' all of them together, as the formula says. So `y ~ x + (1 + x | g)` compares
#'
#' * `complete`: nothing varies; [complete_pooling()];
#' * `intercept`: `(1 | g)`, by [varying_intercept()];
#' * `x`: `(0 + x | g)`, by [varying_slope()];
#' * `all`: `(1 + x | g)`, by [varying_intercept_slope()].
#'
#' A model of one term has the term's name, as `poly(x, 2)`; `.1` is added to that of a variable called `complete`, `intercept` or
#' `all`. Where one term varies and no intercept, as in `y ~ x + (0 + x | g)`, there are two models, `complete` and `x`. A factor is one
#' term. By itself, `(0 + f | g)` would let each of its levels vary, which is as much as an intercept and all differences, so
#' the columns of its contrasts take its place, as in `(0 + fb + fc | g)`. All models are fitted to the rows that the whole one
#' uses. Predictors are best centred: what varies alone is an intercept, or slopes from one common point, *where the predictors are
#' 0*; and far from 0 the fits are slow, above all leaving out observations.
#'
#' All estimates, intervals and comparisons are exact: they do not use the draws of the fits, so
#' `iter_sampling = 0` makes this faster. The longest part is one quadrature for each group that is left out.
#'
#' **Which model is best?** The log evidence is about the data as a whole and depends on the priors. `elpd_loo` is about
#' new observations in these groups, `elpd_logo` about new groups. Their differences between models come with standard
#' errors: `loo_compare(lapply(comparison$fits, loo))`.
#'
#' @param formula Response, predictors and groups, as in `y ~ 1 + (1 | g)` or `y ~ x + (1 | g)`, or with slopes that vary, as in
#'   `y ~ x + (1 + x | g)` or any other formula of [mixed_model()] with one grouping factor.
#' @param data A data frame with the variables of `formula`, [group moments][group_moments()] that hold its columns, or a list of such
#'   moments of parts of the rows. A table in a database, or rows that come in parts: see [bayespool-rows].
#' @param prior `NULL`, or a list with a list of priors for each model that should not have the default priors:
#'   `list(complete = list(...), none = list(...), partial = list(...))`, or where slopes vary
#'   `list(complete = list(...), intercept = list(...), x = list(...), all = list(...))`. The parameters of the models have different
#'   names, see [bayespool-priors].
#' @param sigma `"group"` or `"common"`: whether the groups have standard deviations of their own without pooling; see
#'   [no_pooling()]. Not where slopes vary.
#' @param ... Arguments for all fits, such as `seed`, `iter_sampling`, `algorithm` or [`weights`][bayespool-weights]. With weights the
#'   mean of a group's observations is weighted, and the sum of a group's weights takes the place of \eqn{n_j}{n_j} in the shrinkage.
#' @param family The distribution of the outcome: `gaussian()`, `binomial()` or `poisson()`; see [partial_pooling()].
#' @param prob,interval Probability in the intervals, and their kind: `"hdi"`, the shortest intervals, or `"central"`, with as
#'   much below as above.
#' @return A list of class `compare_pooling`:
#'
#'   * `fits`: the three fits, named `complete`, `none` and `partial`.
#'   * `groups`: a data frame with one row for each group and model. `group` (a factor in the order of the fits), `n`,
#'     `raw_mean` (the mean of the group's observations; of counts the observed proportion or rate, with a column `trials` or
#'     `exposure` before it), `model` (a factor: complete, none, partial), `estimate` (the
#'     posterior mean of the group's mean or intercept), `lower`, `upper`; for partial pooling also `shrinkage`,
#'     `shrinkage_lower` and `shrinkage_upper`, which are `NA` in the other rows.
#'   * `population`: a data frame with `estimate`, `lower` and `upper` of the population mean (or intercept) under partial
#'     pooling. Of counts a probability or rate, that of a group without a deviation; with predictors there is one row for each group,
#'     with its label in `group`.
#'   * `models`: a data frame with one row for each model. `model`; `log_evidence`, the [log marginal
#'     likelihood][log_marginal_likelihood()]; `bayes_factor`, the marginal likelihood relative to that of the
#'     best model; `elpd_loo`, `se_elpd_loo` and `p_loo` of exact [leave-one-out][loo.bayespool_fit]; `elpd_logo` and
#'     `se_elpd_logo` of leaving out one group at a time. `NA` where something does not exist: the log evidence with a flat prior,
#'     leave-one-out of observations for fits from group moments, and all of it with `prior_only = TRUE`.
#'   * `notes`: what is `NA`, and why.
#'   * `prob`, `interval`: as given.
#'
#'   Where slopes vary its class is `compare_effects` too, and these differ:
#'
#'   * `fits`: named `complete`, by the terms, and `all`.
#'   * `groups`: one row for each model, coefficient and group. `group`, `n`, `coefficient` (a factor with the names that [coef()]
#'     gives: `(Intercept)`, `x`), `model`, and `estimate`, `lower` and `upper` of the group's coefficient. Where a model does not let it
#'     vary it is the population's; a coefficient that a model has not is 0.
#'   * `population`: one row for each coefficient that varies: `coefficient`, `estimate`, `lower` and `upper` of its mean in
#'     the population under the whole model.
#' @section Errors: Those of the fitting functions. Of class `bayespool_error_formula`: a formula without groups or with two grouping
#'   factors, or one that leaves
#'   nothing to complete pooling: no intercept, or where slopes vary neither an intercept nor a predictor outside of the bar. Of class
#'   `bayespool_error_prior`: a `prior` that is not a list of lists named by model. Of class `bayespool_error_argument`: `sigma` where
#'   slopes vary.
#' @references Gelman, A. and Pardoe, I. (2006). Bayesian measures of explained variance and pooling in multilevel
#'   (hierarchical) models. *Technometrics*, 48(2), 241-251. \doi{10.1198/004017005000000517}
#' @seealso [plot()][plot.compare_pooling] for a picture of the shrinkage, [another][plot.compare_effects] where slopes vary;
#'   [tidy()][tidy.compare_pooling] for a long table.
#' @param x What `compare_pooling()` returned. With predictors the printed means are those at the mean of the predictors over all
#'   observations, and `observed` is the group's mean adjusted to it by the slopes of partial pooling, so that all columns
#'   can be compared; `groups` has the intercepts.
#' @param digits Number of decimals to print.
#' @param n_rows Number of groups to print; the rest is counted in a last line.
#' @examples
#' sites <- subset(hpp_sites, site %in% c("Southampton", "METU", "Kassel", "Tsinghua", "Oslo"))
#' comparison <- compare_pooling(scontrol ~ 1 + (1 | site), sites, iter_sampling = 0)
#' comparison
#' subset(comparison$groups, group == "Southampton")
#' loo_compare(lapply(comparison$fits, loo, unit = "group"))
#' compare_pooling(height ~ age + (1 + age | Subject), nlme::Oxboys, iter_sampling = 0)
#'
#' # Admissions to departments of Berkeley in 1973.
#' admitted <- as.data.frame(apply(UCBAdmissions, c("Dept", "Admit"), sum))
#' admitted$dept <- rownames(admitted)
#' compare_pooling(
#'   cbind(Admitted, Rejected) ~ 1 + (1 | dept), admitted, family = binomial(), iter_sampling = 0
#' )
#' @aliases shrinkage
#' @export
compare_pooling <- function(formula, data, prior = NULL, sigma = c("group", "common"), ..., family = gaussian(), prob = 0.94,
                            interval = c("hdi", "central")) {
  call <- rlang::current_env()
  check_interval_prob(prob, call)
  interval <- choose_interval(interval, call)
  family <- read_family(family, call)
  parsed <- parse_formula(formula, call = call, family = family)
  if (is.null(parsed$group)) {
    abort_formula("{.fn compare_pooling} needs a grouping factor.",
                  "Add it as {.code (1 | g)}, with {.code g} the name of a column.", formula, call)
  }
  if (has_two_factors(parsed)) {
    abort_bayespool(
      c(
        "{.fn compare_pooling} is for one grouping factor.",
        i = "The formula has {.field {names(parsed$factors)}}.",
        i = "Fits of {.fn mixed_model} with both, and of models with one, can be compared by {.fn loo} and {.fn log_marginal_likelihood}."
      ),
      "formula", call
    )
  }
  if (!missing(data) && !is.data.frame(data) && !inherits(data, c("group_moments", "group_counts"))) {
    # What is not in R is read once.
    weights <- rlang::enquos(...)$weights %||% rlang::quo(NULL)
    reduced <- if (is_counts(family)) {
      reduce_counts(parsed, attach_trials(parsed, data, weights, call), call)
    } else {
      reduce_data(parsed, attach_weights(data, weights, call), FALSE, call)
    }
    with_reduced <- function(..., weights) {
      compare_pooling(formula, reduced, prior, sigma, ..., family = family$name, prob = prob, interval = interval)
    }
    return(with_reduced(...))
  }
  if (has_varying_terms(parsed)) {
    check_counts_vary(parsed, call)
    if (!identical(sigma, c("group", "common"))) {
      abort_bayespool(
        c(
          "{.arg sigma} belongs to {.fn no_pooling}, which is not compared where slopes vary.",
          i = "Leave it out: all of these models have one standard deviation within groups."
        ),
        "argument", call
      )
    }
    return(compare_effects(parsed, data, prior, ..., prob = prob, interval = interval, call = call))
  }
  if (!parsed$intercept) {
    abort_formula("{.fn compare_pooling} compares means and needs an intercept.",
                  "Leave {.code 0 +} or {.code - 1} out of the formula.", formula, call)
  }
  check_priors_by_model(
    prior, c("complete", "none", "partial"),
    "list(complete = list(sigma = dist_exponential(1)), partial = list(sigma_y = dist_exponential(1)))", call
  )
  fits <- list(complete = complete_pooling(formula, data, prior = prior$complete, ..., family = family$name))
  alone <- if (is_counts(family)) without_predictors(parsed, data, call) else list(formula = formula, data = data)
  # The first fit has told of rows that were dropped.
  suppressMessages(classes = "bayespool_message_dropped", {
    # What it says of groups of one observation, the next one says too.
    fits$none <- suppressWarnings(
      no_pooling(alone$formula, alone$data, prior = prior$none, sigma = sigma, ..., family = family$name),
      classes = "bayespool_warning_undetermined"
    )
    fits$partial <- if (length(parsed$terms) > 0) {
      varying_intercept(formula, data, prior = prior$partial, ..., family = family$name)
    } else {
      partial_pooling(formula, data, prior = prior$partial, ..., family = family$name)
    }
  })
  estimates <- if (is_counts(family)) {
    compare_counts(fits, prob, interval, call)
  } else {
    compare_means(fits, prob, interval, call)
  }
  models <- compare_models(fits)
  structure(
    list(
      fits = fits,
      groups = with_shrinkage(estimates$groups, fits$partial, prob, interval, call),
      population = estimates$population,
      models = models$table,
      notes = models$notes,
      prob = prob,
      interval = interval
    ),
    class = "compare_pooling"
  )
}

# `groups` and `population` of a comparison, but for the shrinkage.
compare_means <- function(fits, prob, interval, call) {
  moments <- fits$partial$reduced
  groups <- length(moments$group)
  summaries <- lapply(fits, exact_interval_table, prob, interval, call = call)
  estimates <- Map(function(fit, summary) {
    means <- layout_variables(fit$model, if (has_groups(fit$model)) "group" else "population")
    summary_rows(summary, rep_len(means, groups))
  }, fits, summaries)
  list(
    groups = data.frame(
      group = rep(factor(moments$group, levels = moments$group), 3), n = rep(moments$n, 3),
      raw_mean = rep(unname(moments$mean[, ncol(moments$mean)]), 3),
      model = factor(rep(names(fits), each = groups), levels = names(fits)), do.call(rbind, unname(estimates))
    ),
    population = summary_rows(summaries$partial, fits$partial$model$intercept)
  )
}

# Columns `shrinkage`, `shrinkage_lower` and `shrinkage_upper`, NA where the model is not partial pooling.
with_shrinkage <- function(groups, fit, prob, interval, call) {
  shrinkage <- exact_pooling_weights(fit_posterior(fit), group_weights(fit$reduced), prob, interval, call)
  columns <- c(shrinkage = 1, shrinkage_lower = 3, shrinkage_upper = 4)
  partial <- groups$model == "partial"
  groups[names(columns)] <- lapply(columns, function(column) replace(rep(NA_real_, nrow(groups)), partial, shrinkage[, column]))
  groups
}

#' @rdname compare_pooling
#' @export
print.compare_pooling <- function(x, digits = 2, n_rows = 20, ...) {
  fit <- x$fits$partial
  at_average <- compare_at_average(x, x$prob, "hdi", rlang::current_env())
  groups <- split(at_average$groups, at_average$groups$model)
  counts <- has_counts(fit$model)
  quantity <- if (counts) outcome_label(fit, TRUE)
  where <- if (has_predictors(fit$model) && !counts) " at the average predictors"
  print_head(x$fits)
  cat(
    "Posterior mean of ", if (counts) paste0("the ", quantity, " in "), "each group", where, ", beside ",
    if (counts) paste("the observed", families[[fit$model$family]]$observed) else "the mean of its observations",
    if (!is.null(where)) ", adjusted to them", "\n", sep = ""
  )
  table <- data.frame(group = groups$partial$group, n = groups$partial$n)
  if (counts) names(table)[2] <- families[[fit$model$family]]$size
  table <- data.frame(
    table, observed = groups$partial$observed,
    lapply(groups, function(rows) rows$estimate), shrinkage = x$groups$shrinkage[x$groups$model == "partial"]
  )
  if (counts) digits <- max(digits, decimals_for(diff(range(table$partial))))
  print_groups(table, digits, n_rows)
  print_note("Shrinkage: how far partial pooling moves a group from its own mean (0) to the population's (1).")
  if (nrow(at_average$population) == 1) {
    print_note(
      "Population ", if (counts) sub(" of .*", "", quantity) else "mean", where, " under partial pooling: ",
      format_numbers(at_average$population$estimate, digits), ", ",
      percent(x$prob), " HDI ", format_numbers(at_average$population$lower, digits), " to ",
      format_numbers(at_average$population$upper, digits)
    )
  }
  print_models(x)
  invisible(x)
}

#' Long table of a comparison of pooling
#'
#' The estimates of [compare_pooling()] in one data frame, one row an estimate, as plots and tables by
#' other packages want them.
#'
#' @param x What [compare_pooling()] returned.
#' @param ... Ignored: what other packages pass to all models. What looks like a misspelt argument gets a warning.
#' @return A data frame with columns `model`, `group`, `term`, `estimate`, `conf.low` and `conf.high`. `term` is `mean`
#'   (or `intercept`, with predictors; of counts `probability` or `rate`) for the groups under each
#'   model, and for the population under partial pooling,
#'   where `group` is `NA`; it is `shrinkage` for the shrinkage of each group. Where slopes vary it is the coefficient's name, and the
#'   population is that of the whole model. Means are on the scale of the response,
#'   intervals hold the `prob` of the comparison, and shrinkage lies between 0 and 1.
#' @section Errors: Of class `bayespool_error_argument`: arguments without a name.
#' @examples
#' comparison <- compare_pooling(yield ~ 1 + (1 | block), npk, iter_sampling = 0)
#' head(generics::tidy(comparison))
#' @importFrom generics tidy
#' @export
tidy.compare_pooling <- function(x, ...) {
  ignore_dots(rlang::exprs(...), rlang::current_env())
  groups <- x$groups
  model <- x$fits$partial$model
  term <- if (has_counts(model)) {
    c(binomial = "probability", poisson = "rate")[[model$family]]
  } else if (has_predictors(model)) {
    "intercept"
  } else {
    "mean"
  }
  partial <- groups[groups$model == "partial", ]
  shrinkage <- partial[c("shrinkage", "shrinkage_lower", "shrinkage_upper")]
  rbind(
    long_rows(groups$model, groups$group, term, groups),
    long_rows("partial", x$population$group %||% NA, if (is.null(x$population$group)) term else paste("population", term), x$population),
    long_rows("partial", partial$group, "shrinkage", stats::setNames(shrinkage, c("estimate", "lower", "upper")))
  )
}
