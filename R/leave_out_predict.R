# Predictions of observations from all others.

# Columns mean, sd, lower, upper (of the central interval that holds `prob`) of what is "expected" in each row without it, of counts also
# on the scale of the "link", or of an "observation" there. `rows`: as observed_rows() returns them. Where the nodes of the full posterior
# do not serve, by a quadrature of the others.
predict_left_out <- function(fit, rows, about, prob, cores, call) {
  if (has_counts(fit$model)) {
    return(predict_counts_left_out(fit, rows, about, prob, call))
  }
  posterior <- fit_posterior(fit)
  if (about == "link") about <- "expected"
  table <- exact_leave_rows_out(
    posterior, columns_of_rows(rows, fit$reduced), rows$weight, rows$levels, about, prob, cores, call
  )
  colnames(table) <- interval_columns
  table[, -2] <- table[, -2] + rows$y
  # Each row takes at most one moment away. The nodes reach as far as moments that exist need.
  orders <- posterior$propriety$orders
  order <- if (is.matrix(orders)) pmin(orders[, "sigma"], orders[, "tau"]) else min(orders)
  sure <- order[if (shares_sigma(fit$model)) 1 else rows$group] >= 4
  for (i in which(!sure | !is.finite(rowSums(table)))) table[i, ] <- predict_without_row(fit, rows, i, about, prob, call)
  table
}

predict_without_row <- function(fit, rows, i, about, prob, call) {
  others <- moments_around(fit, rows, i, -1)
  none <- length(others$n) == 0
  other <- without(
    paste("row", rows$row[i]), refit(fit, if (none) moments_around(fit, rows, i, 0) else others, none, call), call
  )
  levels <- levels_in(other$model, fit$model, rows$levels[i, , drop = FALSE])
  noise <- if (about == "observation") 1 / rows$weight[i] else 0
  row_table(other, rows$x[i, , drop = FALSE], levels, noise, prob, "central", call)
}

# Rows that are alike in groups that are alike once.
predict_counts_left_out <- function(fit, rows, about, prob, call) {
  whole <- whole_counts(fit, rows$group, rows$x, call)
  parts <- check_parts(whole$counts, list(group = whole$group, y = rows$y, size = rows$size), call)
  id <- distinct_parts(whole$counts, parts)
  first <- which(!duplicated(id))
  table <- vapply(first, function(i) {
    others <- counts_without(whole$counts, parts, i)
    none <- length(others$n) == 0
    other <- without(paste("row", rows$row[i]), refit(fit, if (none) whole$counts else others, none, call), call)
    level <- groups_of_model(other, levels_in(other$model, fit$model, cbind(whole$group[i])))
    x <- rows$x[i, , drop = FALSE]
    if (about == "link") {
      shift <- if (fit$model$family == "poisson") log(rows$size[i]) else 0
      exact_link_rows(fit_posterior(other), x, level[, 1], prob, "central", 1L, call) + shift * c(1, 0, 1, 1)
    } else {
      size <- if (about == "expected" && fit$model$family == "binomial") 1 else rows$size[i] # probabilities
      row_table(other, x, level, if (about == "observation") 1 else 0, prob, "central", call, size)
    }
  }, numeric(4))
  structure(t(table)[match(id, id[first]), , drop = FALSE], dimnames = list(NULL, interval_columns))
}

# The fit, by quadrature, of the same model with the same priors to other moments or counts of its columns; to `none` of the data, so that
# the priors are left, of the groups that are in these.
refit <- function(fit, reduced, none, call) {
  posterior <- if (none) {
    new_posterior(with_groups(fit$model, reduced), reduced, fit$priors, prior_only = TRUE, call)
  } else {
    other_posterior(fit, reduced, call)
  }
  fit[c("model", "reduced", "propriety")] <- list(posterior$model, reduced, posterior$propriety)
  fit$settings[c("algorithm", "prior_only")] <- list("exact", none)
  fit["record"] <- list(NULL)
  fit
}

# Levels of the groups of a model (n x factors) as those of another model of some of these groups, where the others are new.
levels_in <- function(other, model, levels) {
  terms <- varying_terms(model)
  for (k in seq_along(terms)) {
    known <- varying_terms(other)[[k]]$labels
    own <- match(terms[[k]]$labels[levels[, k]], known)
    levels[, k] <- ifelse(is.na(own), length(known) + 1L, own)
  }
  levels
}
