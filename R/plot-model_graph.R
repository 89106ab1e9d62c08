# model_graph(): a fit's model as a plate diagram, in the language of Graphviz.

#' Plate diagram of a model
#'
#' The model of a fit as a graph in DOT, the language of Graphviz: what depends on what, with the distribution of each
#' quantity, and one plate (a frame) for what is repeated over groups and over observations.
#'
#' Ellipses are random quantities, grey where they were observed; boxes are known or follow from others. With
#' `prior_only = TRUE` the response has not been seen and is not grey. NUTS in its non-centered form moves the
#' standardised `eta[j]`; the graph shows them. All other fits of the hierarchical models are shown centered, as the
#' formulas of their help pages are written.
#'
#' @param fit A fit.
#' @param x What `model_graph()` returned.
#' @param ... Not used.
#' @return `model_graph()`: a string of class `bayespool_graph`, the DOT. `print()` shows it and returns it, invisibly:
#'   paste it into any Graphviz viewer, or `writeLines(model_graph(fit), "model.dot")` and run `dot -Tpdf -O model.dot`.
#'   `plot()` draws it with `DiagrammeR::grViz()`, where that package is installed, and returns the htmlwidget.
#' @section Errors: Of class `bayespool_error_argument`: a `fit` that is none.
#' @examples
#' model_graph(partial_pooling(scontrol ~ 1 + (1 | site), hpp_sites, iter_sampling = 0))
#' @export
model_graph <- function(fit) {
  check_fit(fit, rlang::current_env())
  nodes <- c(parameter_nodes(fit), group_nodes(fit), observation_nodes(fit))
  plate <- function(name) vapply(Filter(function(node) node$plate == name, nodes), format_node, "")
  observations <- format_plate("observations", observation_plate_label(fit), plate("observation"))
  in_groups <- !is.null(fit$parameters$group)
  inner <- if (in_groups) {
    groups <- length(fit$parameters$labels)
    format_plate("groups", paste0(fit$group_name, " j = 1, ..., ", groups), c(plate("group"), observations))
  } else {
    observations
  }
  edges <- unlist(lapply(nodes, function(node) if (length(node$parents) > 0) paste(node$parents, "->", node$id)))
  title <- paste0(model_table[[fit$model]]$title, if (fit$prior_only) " (prior only)")
  text <- c(
    "digraph bayespool {",
    indent(c(
      paste0("label = ", quote_dot(title)), "labelloc = t", "node [shape = ellipse]", plate("none"), inner, edges
    )),
    "}"
  )
  structure(paste(text, collapse = "\n"), class = "bayespool_graph")
}

#' @rdname model_graph
#' @export
print.bayespool_graph <- function(x, ...) {
  check_no_dots(rlang::exprs(...), rlang::current_env())
  cat(x, "\n", sep = "")
  invisible(x)
}

#' @rdname model_graph
#' @export
plot.bayespool_graph <- function(x, ...) {
  call <- rlang::current_env()
  check_no_dots(rlang::exprs(...), call)
  rlang::check_installed("DiagrammeR", reason = "to draw a graph.", call = call)
  # Not among the suggested packages: it would bring a dozen others to whoever builds this one.
  getExportedValue("DiagrammeR", "grViz")(unclass(x))
}

# Nodes --------------------------------------------------------------------------------------------------------------------

# `label`: lines of text; `kind`: "random", "observed" or "known"; `plate`: "none", "group" or "observation"; `parents`: ids.
new_node <- function(id, label, kind = "random", plate = "none", parents = character()) {
  list(id = id, label = label, kind = kind, plate = plate, parents = parents)
}

# A parameter with a prior.
prior_node <- function(fit, id, name, plate = "none") {
  prior <- fit$priors[[name]]
  index <- if (plate == "group") "[j]"
  if (is_fixed(prior)) {
    return(new_node(id, c(paste0(name, index), format_prior(prior)), "known", plate))
  }
  new_node(id, c(paste0(name, index), paste("~", format_prior(prior))), "random", plate)
}

parameter_nodes <- function(fit) {
  parameters <- fit$parameters
  c(
    if (!is.null(parameters$population)) list(prior_node(fit, "population", parameters$population)),
    if (!is.null(parameters$tau)) list(prior_node(fit, "tau", parameters$tau)),
    lapply(seq_along(parameters$slopes), function(k) prior_node(fit, paste0("slope_", k), parameters$slopes[k])),
    if (!parameters$separate) list(prior_node(fit, "sigma", parameters$sigma))
  )
}

group_nodes <- function(fit) {
  parameters <- fit$parameters
  if (is.null(parameters$group)) {
    return(list())
  }
  if (is.null(parameters$tau)) {
    return(c(
      list(prior_node(fit, "group", parameters$group, "group")),
      if (parameters$separate) list(prior_node(fit, "sigma", parameters$sigma, "group"))
    ))
  }
  name <- paste0(parameters$group, "[j]")
  population <- if (!is.null(parameters$population)) "population"
  if (fit$algorithm == "nuts" && fit$arguments$control$parameterization == "noncentered") {
    value <- paste(c(parameters$population, paste0(parameters$tau, " eta[j]")), collapse = " + ")
    return(list(
      new_node("eta", c("eta[j]", "~ normal(0, 1)"), plate = "group"),
      new_node("group", c(name, paste("=", value)), "known", "group", c(population, "tau", "eta"))
    ))
  }
  distribution <- paste0("~ normal(", parameters$population %||% "0", ", ", parameters$tau, ")")
  list(new_node("group", c(name, distribution), plate = "group", parents = c(population, "tau")))
}

observation_nodes <- function(fit) {
  parameters <- fit$parameters
  predictors <- utils::head(colnames(fit$moments$mean), -1)
  intercept <- if (!is.null(parameters$group)) paste0(parameters$group, "[j]") else parameters$population
  sigma <- paste0(parameters$sigma, if (parameters$separate) "[j]")
  slopes <- seq_along(predictors)
  mean <- if (length(slopes) > 0) "m[i]" else intercept
  # One line a term: there may be many.
  terms <- c(intercept, sprintf("%s %s[i]", parameters$slopes, predictors))
  response <- new_node(
    "response",
    c(
      paste0(response_label(fit), "[i]"), paste0("~ normal(", mean, ", ", sigma, ")"),
      if (length(slopes) > 0) paste0(c("m[i] = ", rep("+ ", length(terms) - 1)), terms)
    ),
    if (fit$prior_only) "random" else "observed", "observation",
    c(
      if (!is.null(parameters$group)) "group" else if (!is.null(parameters$population)) "population",
      sprintf("slope_%d", slopes), sprintf("predictor_%d", slopes), "sigma"
    )
  )
  c(
    lapply(slopes, function(k) new_node(paste0("predictor_", k), paste0(predictors[k], "[i]"), "known", "observation")),
    list(response)
  )
}

observation_plate_label <- function(fit) {
  number <- format(stats::nobs(fit), big.mark = ",", scientific = FALSE)
  if (is.null(fit$parameters$group)) {
    paste0("observation i = 1, ..., ", number)
  } else {
    paste0("observation i in j (", number, " in all)")
  }
}

# DOT ----------------------------------------------------------------------------------------------------------------------

format_node <- function(node) {
  style <- switch(node$kind, random = "", observed = ", style = filled, fillcolor = grey85", known = ", shape = box")
  paste0(node$id, " [label = ", quote_dot(node$label), style, "]")
}

format_plate <- function(id, label, content) {
  c(
    paste0("subgraph cluster_", id, " {"),
    indent(c(paste0("label = ", quote_dot(label)), "labelloc = b", "labeljust = r", content)),
    "}"
  )
}

indent <- function(lines) paste0("  ", lines)

# Lines of text as a DOT string. A backslash begins an escape in it.
quote_dot <- function(lines) {
  lines <- gsub("\"", "\\\"", gsub("\\", "\\\\", lines, fixed = TRUE), fixed = TRUE)
  paste0("\"", paste(lines, collapse = "\\n"), "\"")
}
