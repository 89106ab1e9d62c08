# What users of lme4 ask a fit for: fixef(), ranef(), coef(), VarCorr(), sigma(), ngrps(), vcov(), model.frame(). See
# model_terms.R for terms(), model.matrix(), family().

#' Effects, as for any mixed model
#'
#' The functions that users of lme4, nlme, rstanarm and brms know, with the names that they know: the intercept is
#' `(Intercept)`, whatever the fit calls it, and a slope has the name of its predictor. All numbers are posterior
#' means: by quadrature, without draws and without Monte Carlo error, for an exact fit, and of the draws of a fit by NUTS.
#'
#' | | complete pooling | no pooling | models with a population |
#' |---|---|---|---|
#' | `fixef()` | `mu` or `beta_0`, and slopes | slopes only | `hyper_mu` or `beta_0`, and slopes |
#' | `ranef()` | error | error | group mean (or intercept, slopes) minus that of the population |
#' | `coef()` | as `fixef()` | group means (or intercepts), and slopes | group means (or intercepts, slopes), and what all groups share |
#'
#' In no pooling each group has parameters of its own and there is no population that they deviate from. A model
#' without a population mean, such as `y ~ 0 + (1 | g)`, has group means that deviate from 0; so do slopes that vary between
#' groups and are no predictors, as in `y ~ 1 + (0 + x | g)`.
#'
#' Posterior means add up, `coef()` being `fixef()` plus `ranef()`, but means of squares are not squares of
#' means: in `VarCorr()` the variance is the posterior mean of the variance, the standard deviation is the posterior mean of the
#' standard deviation, and the first is larger than the square of the second. So it is with covariances, which are posterior
#' means of covariances, and correlations. lme4 reports one estimate and its square.
#'
#' `ranef(fit, condVar = TRUE)` adds the posterior variances and intervals of the deviations, exact for an exact fit. lme4's
#' variances are conditional on its estimates of the standard deviations; these are not conditional on anything: they contain
#' the uncertainty of the standard deviations and of the population's mean, so they are larger. `coef(fit, condVar = TRUE)` adds
#' posterior standard deviations and intervals of the coefficients.
#'
#' **With two grouping factors**, as in `(1 | subject) + (1 | item)`, the lists of `ranef()`, `coef()` and `VarCorr()` have an element for
#' each, in the order of the formula. `coef()` adds to `fixef()` the deviations of this factor alone, as lme4 does: what is expected of a
#' subject with an average item.
#'
#' **Of counts** (`family`) all of these are on the scale of the link: log odds, or logarithms of rates. A group's deviation is its log
#' odds or log rate minus what the population's mean and the group's predictors say. There is no standard deviation within groups, so
#' `VarCorr()` has no `Residual` and `sigma()` is 1, as lme4 has it for `glmer()`.
#'
#' @param object,x,formula A fit. (`formula` is what [stats::model.frame()] calls its argument.)
#' @param sigma Part of the generic function in nlme; it must be left at 1.
#' @param condVar Whether to add the posterior variances, and intervals, of the deviations; for `coef()` standard deviations and
#'   intervals.
#' @param prob,interval Probability in these intervals, between 0 and 1; `"hdi"`, the shortest interval, or `"central"`.
#' @param row.names,optional Part of the generic function [as.data.frame()]; not used.
#' @param digits Number of significant digits to print.
#' @param ... Ignored: what other packages pass to all models. What looks like a misspelt argument gets a warning.
#' @return
#' * `fixef()`: a named vector.
#' * `ranef()`: a list of one data frame for each grouping factor, named by it, with one row a group, named by its label, and the
#'   column `(Intercept)`, or a column for each of the \eqn{q} coefficients that vary. With `condVar` the data frame has the attribute
#'   `postVar`, an array of \eqn{q} x \eqn{q} x groups with the posterior variances and covariances of a group's deviations (lme4 has a
#'   list of arrays where effects are independent; here they have covariances then, too, as the data tie them to each other).
#'   `as.data.frame()` makes columns `grpvar` (the grouping factor), `term` (the coefficient), `grp` (the group, a
#'   factor with levels in the order of the first coefficient's deviations) and `condval` (the deviation) of it, with
#'   `condVar` also `condsd` (its
#'   posterior standard deviation), `lower` and `upper`. The names are lme4's, but for the last two.
#' * `coef()`: a list of data frames like that of `ranef()`, with a column for each slope too; for complete
#'   pooling a named vector. With `condVar` the data frame (or the vector) has the attributes `sd`, `lower` and `upper`, matrices of
#'   its shape.
#' * `VarCorr()`: a list of one matrix for each grouping factor, named by it, with the variances between groups (and the covariances of
#'   effects that may be correlated) and the attributes `stddev` and `correlation`; the attribute `sc` of the list is the standard
#'   deviation within groups. Effects that are independent, as with `(1 + x || g)`, have a 1 x 1 matrix each, with names such as `g` and
#'   `g.1`. `as.data.frame()` makes columns `grp`, `var1`, `var2`, `vcov` and `sdcor` of it, with a row for each standard deviation
#'   between groups, then each correlation, and one for the `Residual`.
#' * `sigma()`: the standard deviation within groups, one number (of counts 1); for no pooling with one for each group a vector named by
#'   the groups' labels.
#' * `ngrps()`: the number of groups, named by the grouping factor.
#' * `vcov()`: the posterior covariance matrix of what `fixef()` gives, from the draws.
#' * `model.frame()`: a data frame with the response, the predictors, what varies between groups and the grouping factor of
#'   the rows that the
#'   fit used.
#' * `terms()`: the terms of what `fixef()` gives, with the response and the offset, as lme4 has them. They know the bases of the fit, such
#'   as those of [poly()] and [scale()], so `model.frame(delete.response(terms(fit)), data)` has the variables of other rows as the fit
#'   takes them.
#' * `model.matrix()`: the matrix that the coefficients of `fixef()` belong to, with a column for each of them and a row for each row that
#'   the fit used.
#' * `family()`: [gaussian()], [binomial()] or [poisson()].
#' @section Errors: Of class `bayespool_error_model`: `ranef()` and `VarCorr()` of a model without a population of groups, and
#'   `ngrps()` of a fit without groups. Of class `bayespool_error_argument`: a `prob` outside (0, 1), another `interval`. Of class
#'   `bayespool_error_data`: `model.frame()` and `model.matrix()` of a fit made from group
#'   moments. Of class `bayespool_error_draws`: `vcov()` of a fit
#'   without draws, and everything for a fit by NUTS without draws.
#' @seealso [variance_components()] for the variances with intervals and for the intraclass correlation.
#' @references Bates, D., Maechler, M., Bolker, B. and Walker, S. (2015). Fitting linear mixed-effects models using lme4.
#'   *Journal of Statistical Software*, 67(1), 1-48. \doi{10.18637/jss.v067.i01}
#' @examples
#' fit <- varying_intercept(yield ~ N + (1 | block), npk, seed = 1)
#' fixef(fit)
#' ranef(fit)
#' as.data.frame(ranef(fit, condVar = TRUE))
#' coef(fit)$block
#' VarCorr(fit)
#' as.data.frame(VarCorr(fit))
#' sigma(fit)
#' ngrps(fit)
#' head(model.frame(fit))
#'
#' # Varieties of oats on plots within blocks.
#' plots <- mixed_model(yield ~ nitro + (1 | Block/Variety), nlme::Oats, iter_sampling = 0)
#' VarCorr(plots)
#' ranef(plots)$Block
#' @name mixed_model_methods
NULL

#' @importFrom nlme fixef
#' @export fixef
NULL

#' @importFrom nlme ranef
#' @export ranef
NULL

#' @importFrom nlme VarCorr
#' @export VarCorr
NULL

#' @rdname mixed_model_methods
#' @aliases fixef
#' @export
fixef.bayespool_fit <- function(object, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  fixed_means(object, posterior_means(object, call = call))
}

#' @rdname mixed_model_methods
#' @aliases ranef
#' @export
ranef.bayespool_fit <- function(object, condVar = FALSE, prob = 0.94, interval = c("hdi", "central"), ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  check_has_population(object, "ranef", "{.code coef(fit)} gives what it estimates.", call)
  check_flag(condVar, call)
  check_interval_prob(prob, call)
  interval <- choose_interval(interval, call)
  if (!condVar) {
    means <- posterior_means(object, deviations = TRUE, call = call)
    effects <- by_factor(object$model, function(term) group_frame(term, group_means(object$model, term, means)))
    return(structure(effects, class = "bayespool_ranef"))
  }
  table <- interval_table(object, prob, interval, layout_variables(object$model, "group"), deviations = TRUE, call = call)
  effects <- by_factor(object$model, function(term) {
    own <- table[group_variables(object$model, term), , drop = FALSE]
    by_direction <- function(column) matrix(own[, column], ncol = length(term$directions))
    structure(
      group_frame(term, group_means(object$model, term, own[, "mean"])),
      postVar = deviation_covariances(object, term, by_direction("sd"), call), lower = by_direction("lower"), upper = by_direction("upper")
    )
  })
  structure(
    effects,
    class = "bayespool_ranef", prob = prob, interval = interval, draws = if (has_chains(object)) posterior::ndraws(object)
  )
}

#' @rdname mixed_model_methods
#' @export
as.data.frame.bayespool_ranef <- function(x, row.names = NULL, optional = FALSE, ...) {
  ignore_dots(rlang::exprs(...), rlang::current_env())
  tables <- lapply(names(x), function(name) ranef_rows(name, x[[name]]))
  data.frame(do.call(rbind, tables), row.names = row.names)
}

# `name` of a grouping factor; `effects` of its groups, with or without attributes.
ranef_rows <- function(name, effects) {
  groups <- rownames(effects)
  directions <- names(effects)
  table <- data.frame(
    grpvar = name, term = factor(rep(directions, each = length(groups)), directions),
    grp = rep(factor(groups, groups[order(effects[[1]])]), length(directions)), condval = unlist(effects, use.names = FALSE)
  )
  variance <- attr(effects, "postVar")
  if (!is.null(variance)) {
    table$condsd <- sqrt(unlist(lapply(seq_along(directions), function(k) variance[k, k, ])))
    for (end in c("lower", "upper")) table[[end]] <- as.vector(attr(effects, end))
  }
  table
}

#' @rdname mixed_model_methods
#' @export
print.bayespool_ranef <- function(x, ...) {
  print(lapply(x, identity)) # without the attributes
  if (!is.null(attr(x, "prob"))) {
    cat("as.data.frame() shows them with condsd (posterior sds) and lower, upper\n")
    note_interval(x, "deviation")
  }
  invisible(x)
}

#' @rdname mixed_model_methods
#' @importFrom stats coef
#' @export
coef.bayespool_fit <- function(object, condVar = FALSE, prob = 0.94, interval = c("hdi", "central"), ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  check_flag(condVar, call)
  check_interval_prob(prob, call)
  interval <- choose_interval(interval, call)
  if (!condVar) {
    return(arrange_coefficients(object, coefficient_means(object, call)))
  }
  table <- coefficient_table(object, prob, interval, call)
  arranged <- lapply(list(mean = "mean", sd = "sd", lower = "lower", upper = "upper"), function(column) {
    arrange_coefficients(object, table[, column])
  })
  coefficients <- arranged$mean
  for (name in c("sd", "lower", "upper")) {
    for (factor in factors_of_terms(object$model)) {
      attr(coefficients[[factor]], name) <- as.matrix(arranged[[name]][[factor]])
    }
    if (!has_groups(object$model)) attr(coefficients, name) <- arranged[[name]]
  }
  coefficients
}

# One number for each coefficient, `values`, named by variable: a vector, or where groups have coefficients a list of data frames.
arrange_coefficients <- function(fit, values) {
  fixed <- fixed_means(fit, values)
  if (!has_groups(fit$model)) {
    return(fixed)
  }
  by_factor(fit$model, function(term) {
    # As in lme4 what has no mean in the population comes first.
    columns <- lapply(as.list(fixed), rep, times = length(term$labels))
    own <- group_means(fit$model, term, values)
    columns <- c(own[!names(own) %in% names(fixed)], columns)
    columns[names(own)] <- own
    group_frame(term, columns)
  })
}

# Posterior means of the coefficients. The variables of groups of two factors are deviations; here they are the population's coefficient
# and the effect of this factor alone.
coefficient_means <- function(fit, call) {
  means <- posterior_means(fit, call = call)
  if (has_two_terms(fit$model) && has_intercept(fit$model)) {
    groups <- layout_variables(fit$model, "group")
    means[groups] <- means[groups] + means[[fit$model$intercept]]
  }
  means
}

# The same as rows of interval_table().
coefficient_table <- function(fit, prob, interval, call) {
  model <- fit$model
  if (!has_two_terms(model) || !has_intercept(model)) {
    return(interval_table(fit, prob, interval, layout_variables(model, c("population", "slope", "group")), call = call))
  }
  groups <- layout_variables(model, "group")
  of_groups <- if (has_quadrature(fit)) {
    exact_factor_coefficients(fit_posterior(fit), prob, interval, fit$settings$cores, call)
  } else {
    draws <- draws_matrix(fit, call)
    interval_of_draws(draws[, groups, drop = FALSE] + draws[, model$intercept], prob, interval)
  }
  dimnames(of_groups) <- list(groups, interval_columns)
  rbind(interval_table(fit, prob, interval, layout_variables(model, c("population", "slope")), call = call), of_groups)
}

#' @rdname mixed_model_methods
#' @aliases VarCorr
#' @export
VarCorr.bayespool_fit <- function(x, sigma = 1, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  check_argument(sigma, identical(sigma, 1), "1", call)
  check_has_population(x, "VarCorr", "It has only a standard deviation within groups, {.code sigma(fit)}.", call)
  within <- x$model$scale_within$name
  scales <- c(effect_sds(x$model), within)
  known <- x$model$scale_within$known
  if (has_quadrature(x)) {
    table <- posterior_table(x, call = call)
    means <- table[, "mean"]
    squares <- rowSums(table[scales, c("mean", "sd"), drop = FALSE]^2)
    covariances <- function(term) exact_effect_covariances(fit_posterior(x), effect_pairs(term), sqrt(squares[term$sd]), call)
  } else {
    draws <- draws_matrix(x, call)
    means <- colMeans(draws)
    squares <- colMeans(draws[, scales, drop = FALSE]^2)
    covariances <- function(term) {
      pairs <- effect_pairs(term)
      products <- draws[, term$sd[pairs[, 1]], drop = FALSE] * draws[, term$sd[pairs[, 2]], drop = FALSE]
      colMeans(draws[, term$correlation, drop = FALSE] * products)
    }
  }
  blocks <- lapply(varying_terms(x$model), function(term) {
    between <- effects_matrix(term, squares[term$sd], if (length(term$correlation) > 0) covariances(term))
    attr(between, "stddev") <- stats::setNames(unname(means[term$sd]), term$directions)
    attr(between, "correlation") <- effects_matrix(term, 1, means[term$correlation])
    # As in lme4 independent effects have a matrix each.
    alone <- function(k) {
      block <- between[k, k, drop = FALSE]
      structure(block, stddev = attr(between, "stddev")[k], correlation = attr(between, "correlation")[k, k, drop = FALSE])
    }
    blocks <- if (length(term$correlation) > 0) list(between) else lapply(seq_along(term$directions), alone)
    stats::setNames(blocks, make.unique(rep(term$factor, length(blocks))))
  })
  structure(
    unlist(blocks, recursive = FALSE),
    # As in lme4 it is 1 where there is no residual.
    sc = known %||% if (is.null(within)) 1 else means[[within]],
    residual_variance = if (!is.null(known)) known^2 else if (!is.null(within)) squares[[within]], class = "bayespool_varcorr"
  )
}

# A symmetric matrix of a group's effects; `pairs`: above the diagonal, in the order of their correlations.
effects_matrix <- function(term, diagonal, pairs) {
  directions <- term$directions
  matrix <- diag(diagonal, length(directions))
  dimnames(matrix) <- list(directions, directions)
  if (length(pairs) > 0) {
    at <- effect_pairs(term)
    matrix[at] <- matrix[at[, 2:1, drop = FALSE]] <- pairs
  }
  matrix
}

#' @rdname mixed_model_methods
#' @export
as.data.frame.bayespool_varcorr <- function(x, row.names = NULL, optional = FALSE, ...) {
  ignore_dots(rlang::exprs(...), rlang::current_env())
  none <- NA_character_
  blocks <- lapply(names(x), function(name) {
    block <- x[[name]]
    below <- which(lower.tri(block), arr.ind = TRUE)
    directions <- colnames(block)
    data.frame(
      grp = name, var1 = directions[c(seq_along(directions), below[, "col"])],
      var2 = c(rep(none, length(directions)), directions[below[, "row"]]), vcov = c(diag(block), block[below]),
      sdcor = c(attr(block, "stddev"), attr(block, "correlation")[below])
    )
  })
  residual <- attr(x, "residual_variance")
  within <- if (!is.null(residual)) data.frame(grp = "Residual", var1 = none, var2 = none, vcov = residual, sdcor = attr(x, "sc"))
  data.frame(do.call(rbind, c(blocks, list(within))), row.names = row.names)
}

#' @rdname mixed_model_methods
#' @export
print.bayespool_varcorr <- function(x, digits = 4, ...) {
  table <- as.data.frame(x)
  rows <- is.na(table$var2)
  correlations <- table[!rows, ]
  table <- table[rows, ]
  shown <- data.frame(
    Groups = ifelse(duplicated(table$grp), "", table$grp), Name = ifelse(is.na(table$var1), "", table$var1),
    Variance = format(table$vcov, digits = digits), Std.Dev. = format(table$sdcor, digits = digits)
  )
  # A column for each effect that later ones are correlated with.
  for (name in unique(correlations$var1)) {
    of_name <- correlations[correlations$var1 == name, ]
    text <- replace(rep("", nrow(table)), match(of_name$var2, table$var1), formatC(of_name$sdcor, digits = 3, format = "f"))
    shown <- cbind(shown, stats::setNames(list(text), if ("Corr" %in% names(shown)) "" else "Corr"))
  }
  print(shown, row.names = FALSE, right = FALSE)
  invisible(x)
}

#' @rdname mixed_model_methods
#' @importFrom stats sigma
#' @export
sigma.bayespool_fit <- function(object, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  if (has_counts(object$model)) {
    return(1)
  }
  sigma <- drop(unname(sigmas_given(object$model, rbind(posterior_means(object, call = call)))))
  if (shares_sigma(object$model)) sigma else stats::setNames(sigma, varying_term(object$model)$labels)
}

#' @rdname mixed_model_methods
#' @export
ngrps <- function(object, ...) {
  UseMethod("ngrps")
}

#' @rdname mixed_model_methods
#' @export
#' @rawNamespace S3method(lme4::ngrps, bayespool_fit)
#' S3method(brms::ngrps, bayespool_fit)
ngrps.bayespool_fit <- function(object, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  if (!has_grouping_factor(object)) {
    abort_bayespool(
      c("This fit has no groups.", i = "Its formula is {.code {format_formula(object$formula)}}, without {.code (1 | g)}."),
      "model", call
    )
  }
  terms <- object$model$terms
  stats::setNames(lengths(lapply(terms, `[[`, "labels")), vapply(terms, `[[`, "", "factor"))
}

# Where this package was attached after lme4, its generic function must still serve what lme4's does. Under the name
# ngrps.default that one would find this function, and not its own.
#' @rawNamespace S3method(ngrps, default, ngrps_of_lme4)
ngrps_of_lme4 <- function(object, ...) {
  rlang::check_installed("lme4")
  lme4::ngrps(object, ...)
}

#' @rdname mixed_model_methods
#' @importFrom stats vcov
#' @export
vcov.bayespool_fit <- function(object, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  stats::cov(fixed_draws(object, call))
}

#' @rdname mixed_model_methods
#' @importFrom stats model.frame
#' @export
model.frame.bayespool_fit <- function(formula, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  used <- observed_rows(formula, "model.frame()", call)$row
  variables <- reformulas::subbars(formula$formula)
  # The bases of terms, such as poly()'s, are those of all rows; R keeps labels and other attributes of the variables here.
  stats::model.frame(
    variables, formula$data, na.action = function(frame) frame[used, , drop = FALSE], drop.unused.levels = TRUE
  )
}

# The fixed effects with the names of lme4. `means`: of all variables, named.
fixed_means <- function(fit, means) {
  stats::setNames(means[layout_variables(fit$model, c("population", "slope"))], fixed_names(fit$model))
}

fixed_draws <- function(fit, call) {
  variables <- layout_variables(fit$model, c("population", "slope"))
  matrix(draws_matrix(fit, call)[, variables], ncol = length(variables), dimnames = list(NULL, fixed_names(fit$model)))
}

fixed_names <- function(model) c(if (has_intercept(model)) "(Intercept)", model$predictors)

# The coefficients of a term's groups, one list element a direction. `means`: of these variables, named.
group_means <- function(model, term, means) {
  lapply(stats::setNames(nm = term$directions), function(direction) unname(means[group_variables(model, term, direction)]))
}

# Posterior covariances of the deviations of each of a term's groups: q x q x groups. `sd`: groups x q.
deviation_covariances <- function(fit, term, sd, call) {
  pairs <- effect_pairs(term)
  covariances <- if (nrow(pairs) == 0) {
    matrix(0, nrow(sd), 0)
  } else if (has_quadrature(fit)) {
    exact_deviation_covariances(fit_posterior(fit), pairs, sd, fit$settings$cores, call)
  } else {
    draws <- deviations_or_draws(fit, TRUE, call)
    columns <- lapply(term$directions, function(direction) group_variables(fit$model, term, direction))
    apply(pairs, 1, function(pair) mapply(function(k, l) stats::cov(draws[, k], draws[, l]), columns[[pair[1]]], columns[[pair[2]]]))
  }
  by_group <- vapply(
    seq_len(nrow(sd)), function(j) unname(effects_matrix(term, sd[j, ]^2, covariances[j, ])), diag(ncol(sd))
  )
  array(by_group, c(ncol(sd), ncol(sd), nrow(sd)))
}

# `columns`: named lists of one number a group.
group_frame <- function(term, columns) structure(columns, class = "data.frame", row.names = term$labels)

# What `f` makes of each term, by its factor.
by_factor <- function(model, f) {
  stats::setNames(lapply(varying_terms(model), f), factors_of_terms(model))
}
