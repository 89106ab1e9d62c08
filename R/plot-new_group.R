# plot_new_group(): what a fit predicts for a group that it has not seen.

#' Plot the prediction for a new group
#'
#' The posterior distribution of the mean of a group that was not among the data, and that of one observation in such a
#' group.
#'
#' The mean of a new group is drawn from the population, so it varies with the differences between groups
#' (`sigma_mu` or `sigma_0`) beside the uncertainty of the population's mean. An observation scatters around it with
#' `sigma_y`. Complete pooling knows no groups: there is only a new observation. No pooling learns nothing from one group
#' about another and cannot predict a new one. With `prior_only = TRUE` these are prior predictions.
#'
#' The curves are of draws. Means and intervals are exact after the exact algorithm, by quadrature as in
#' [predict()][predict.bayespool_fit].
#'
#' Where `newdata` has several rows, the mean of the group is that over its rows. Where their predictors differ, the observation
#' is that of a row taken at random, and its interval is of draws. Where `newdata` has the response, the picture shows the observed
#' values below the curve, and their mean as a diamond; those outside the interval of a prediction at their own predictors, as
#' [predictive_table()] has it, have another shape and colour. So a group that was kept aside shows whether the model had
#' expected it.
#'
#' **With two grouping factors** the new group is one of `factor`, and `newdata` says beside which groups of the other it is seen, known or
#' new ones: a new subject who reads known items. The mean of the group is that over the rows; where these are of several groups of the
#' other factor, its interval is of draws, and the observation is that of a row taken at random. A new school brings new classes, so for
#' classes in schools `plot_new_group(fit, factor = "school")` needs no more than the predictors.
#'
#' **Of counts** (`family`) the picture shows the probability or the rate of a new group. Where `newdata` has the counts of one, a diamond
#' is the observed proportion or rate; predictors belong to groups and must be the same in all of its rows.
#'
#' @param fit A fit with draws, other than from [no_pooling()].
#' @param newdata A data frame with rows of one new group: the values of the predictors, where the model has some, and
#'   the response, where it was observed. The grouping factor may be left out, of two the one of the new group.
#' @param prob Probability in the highest density interval under each curve, between 0 and 1.
#' @param seed A whole number: the same seed gives the same draws. `NULL` takes one from R's random number generator.
#' @param factor Name of the grouping factor of the new group, where the model has two.
#' @return A ggplot.
#' @section Errors: Of class `bayespool_error_model`: a fit by [no_pooling()]. Of class `bayespool_error_argument`: a
#'   `prob` outside (0, 1), no `factor` where there are two, or one that is not in the formula. Of class `bayespool_error_data`: predictors,
#'   or a second grouping factor, without `newdata`; rows of more than one group, or of one that was fitted; missing values. Of class
#'   `bayespool_error_draws`: a fit with `iter_sampling = 0`. Of class
#'   `bayespool_error_package`: ggplot2 or bayesplot is not installed.
#' @examplesIf rlang::is_installed(c("ggplot2", "bayesplot"))
#' plot_new_group(partial_pooling(scontrol ~ 1 + (1 | site), hpp_sites, seed = 1), seed = 1)
#' fit <- varying_intercept(scontrol ~ stress + (1 | site), hpp_sites, seed = 1)
#' plot_new_group(fit, newdata = data.frame(stress = 40), seed = 1)
#'
#' # A block that the model has not seen, and what was observed there:
#' others <- partial_pooling(yield ~ 1 + (1 | block), subset(npk, block != "5"), seed = 1)
#' plot_new_group(others, newdata = subset(npk, block == "5"), seed = 1)
#' @export
plot_new_group <- function(fit, newdata = NULL, prob = 0.94, seed = NULL, factor = NULL) {
  call <- rlang::current_env()
  check_plot_packages(call)
  check_fit(fit, call)
  check_interval_prob(prob, call)
  if (has_independent_groups(fit$model)) {
    abort_bayespool(
      c(
        "{.fn {fit$model$name}} cannot predict a new group.",
        i = "It learns nothing from one group about another: a new group would have its prior, whatever the data.",
        i = "Use {.or {.fn {population_verbs()}}}."
      ),
      "model", call
    )
  }
  rows <- new_group_rows(fit, newdata, factor, call)
  if (has_counts(fit$model)) {
    return(plot_new_count_group(fit, rows, prob, call))
  }
  seed <- seed %||% sample.int(.Machine$integer.max, 1)
  predicted <- rstantools::posterior_predict(fit, newdata = rows$data, seed = seed)
  # A row at random for each draw: as each draw is at random, the rows may take turns.
  observation <- predicted[cbind(seq_len(nrow(predicted)), rep_len(seq_len(ncol(predicted)), nrow(predicted)))]
  two <- has_two_terms(fit$model)
  what <- paste(c("mean of a new", "observation in a new"), if (two) shorten(factor) else "group")
  draws <- if (has_groups(fit$model)) {
    mean <- rowMeans(rstantools::posterior_epred(fit, newdata = rows$data, seed = seed))
    data.frame(what = rep(what, c(length(mean), length(observation))), value = c(mean, observation))
  } else {
    what <- "new observation"
    data.frame(what = what, value = observation)
  }
  groups <- split(draws$value, draws$what)
  of_rows <- row_table(fit, rows$x, rows$levels, noise = noise_of_rows(fit, rows, call), prob, "hdi", call)
  alike <- all(distinct_rows(rows$x, rows$levels) == 0)
  of_one <- if (alike) of_rows[1, , drop = FALSE] else interval_of_draws(matrix(observation), prob, "hdi")
  of_mean <- if (length(what) > 1) mean_of_group(fit, rows, mean, prob, call)
  intervals <- data.frame(what = what, rbind(of_mean, of_one), row.names = NULL)
  where <- if (!is.null(rows$y)) inside_or_outside(rows$y, of_rows[, "lower"], of_rows[, "upper"])
  ggplot2::ggplot(draws, ggplot2::aes(.data$value)) +
    ggplot2::geom_density(fill = shade("light"), colour = shade("dark")) +
    ggplot2::geom_linerange(
      ggplot2::aes(y = 0, xmin = .data$lower, xmax = .data$upper), intervals, inherit.aes = FALSE, linewidth = 1.5
    ) +
    ggplot2::geom_point(ggplot2::aes(.data$mean, 0), intervals, shape = 21, size = 3, fill = "white") +
    (if (!is.null(rows$y)) observed_layers(rows$y, where, groups, what)) +
    ggplot2::facet_wrap("what", ncol = 1, scales = "free_y") +
    picture_theme() +
    legend_below() +
    ggplot2::theme(axis.text.y = ggplot2::element_blank()) +
    ggplot2::labs(
      x = response_label(fit), y = "density",
      subtitle = if (!is.null(rows$y)) {
        label <- if (!is.null(rows$label)) paste0(shorten(rows$label), ":")
        paste0(label, if (!is.null(label)) if (nchar(label, "width") > 20) "\n" else " ", outside_subtitle(where == "outside", prob))
      },
      caption = paste0(
        if (is_prior_only(fit)) "Prior prediction. ", "Point: mean. Line: ", interval_name(prob, "hdi"), ".",
        if (!is.null(rows$y)) {
          own <- if (two) "row." else "predictors."
          paste0(" Diamond: mean of the observed.", if (!alike) paste("\nOutside: of the interval for its own", own))
        }
      )
    )
}

# The mean over the rows of the new group; where these are of several groups of another factor too, from its draws `mean`.
mean_of_group <- function(fit, rows, mean, prob, call) {
  if (nrow(unique(rows$levels)) > 1) {
    return(interval_of_draws(matrix(mean), prob, "hdi"))
  }
  row_table(fit, t(colMeans(rows$x)), rows$levels[1, , drop = FALSE], noise = 0, prob, "hdi", call)
}

# Below the curves: the observations beside the prediction of one, and their mean beside that of the mean. `what`: the panels,
# the last of which is of observations.
observed_layers <- function(y, where, groups, what) {
  peak <- vapply(groups[what], function(values) max(stats::density(values)$y), 0)
  of_one <- what[length(what)]
  points <- data.frame(what = of_one, y = y, where = where, height = -0.14 * peak[[of_one]])
  list(
    ggplot2::geom_point(
      ggplot2::aes(.data$y, .data$height, shape = .data$where, colour = .data$where, size = .data$where), points,
      position = ggplot2::position_jitter(width = 0, height = 0.07 * peak[[of_one]], seed = 1)
    ),
    marked_observations(length(y)),
    ggplot2::geom_point(
      ggplot2::aes(.data$y, .data$height), data.frame(what = what[1], y = mean(y), height = -0.14 * peak[[what[1]]]),
      shape = 23, size = 3, fill = "black"
    )
  )
}

# Rows of one group, of the chosen factor where there are two, that was not fitted: the frame `data` with a `label` of its own, which is
# NULL where the user gave none, and
# `x`, `levels` and `y` as new_rows() has them.
new_group_rows <- function(fit, newdata, factor, call) {
  predictors <- predictor_variables(fit)
  term <- choose_any_factor(fit, factor, call)
  beside <- columns_beside(fit, term)
  if (is.null(newdata) && length(predictors) == 0 && length(beside) == 0) {
    newdata <- data.frame(row.names = 1)
  }
  if (!is.data.frame(newdata) || nrow(newdata) == 0) {
    abort_bayespool(
      c(
        "{.arg newdata} must be a data frame with rows of the new group.",
        i = if (length(predictors) > 0) "The predictor{?s} {?is/are} {.val {predictors}}.",
        i = if (length(beside) > 0) "Beside which groups of the other factor it is, known or new ones, {.val {beside}} must say.",
        i = "Found {if (is.data.frame(newdata)) 'no rows' else format_found(newdata)}."
      ),
      "data", call
    )
  }
  missing <- setdiff(beside, names(newdata))
  if (length(missing) > 0) {
    abort_bayespool(
      c(
        "{.arg newdata} has no column {.val {missing}}.",
        i = "It says beside which groups of the other factor, known or new ones, the new group of {.field {term$factor}} is.",
        i = "Its columns are {.val {names(newdata)}}."
      ),
      "data", call
    )
  }
  label <- labels_of_groups(fit$reduced, fit$parsed, newdata, call, as.character(term$columns))
  if (!is.null(label)) label <- check_new_label(term$labels, label, call)
  for (name in setdiff(group_columns(fit$parsed), names(newdata))) {
    known <- fit$reduced$cells$columns[[name]]$labels %||% fit$reduced$group
    newdata[[name]] <- utils::tail(make.unique(c(known, "new group")), 1)
  }
  rows <- new_rows(fit, newdata, population = FALSE, call)
  if (!is.null(rows$y)) check_new_response(fit, rows$y, "The picture of observations", call)
  c(list(data = newdata, label = label), rows[c("x", "group", "levels", "y", "weight")])
}

# The grouping columns that rows of a new group of this term must have: those of the other factor, unless its groups are within the term's.
columns_beside <- function(fit, term) {
  if (has_two_terms(fit$model)) {
    other <- Filter(function(other) other$factor != term$factor, varying_terms(fit$model))[[1]]
    if (!all(term$columns %in% other$columns)) other$columns
  }
}

# `known`: labels of the groups of the fit; `labels`: of the group of each row.
check_new_label <- function(known, labels, call) {
  label <- unique(labels)
  if (length(label) != 1 || is.na(label) || label %in% known) {
    abort_bayespool(
      c(
        "{.arg newdata} must be rows of one group that was not fitted.",
        i = "Its groups are {.val {label}}.",
        i = "The fit has {.val {known}}."
      ),
      "data", call
    )
  }
  label
}
