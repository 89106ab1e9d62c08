# model_graph(): a fit's model as a plate diagram, in the language of Graphviz.

#' Plate diagram of a model
#'
#' The model of a fit as a graph: what depends on what, with the distribution of each quantity, and one plate (a frame) for
#' what is repeated over groups and over observations. `plot()` draws it; as text it is in DOT, the language of Graphviz.
#'
#' With two grouping factors each has a plate. Where they are crossed, as subjects and items, the two overlap, and the observations are in
#' both; where each group of one is within one group of the other, as classes in schools, its plate is inside the other's. Graphviz
#' cannot draw plates that overlap: in the text of crossed factors the plate of the observations stands beside the two, and its label says
#' `in j and k`.
#'
#' In the picture circles are random quantities, with a double line where they follow from what points to them; squares are
#' known. What was observed is half grey. More than three predictors share one circle and one square. In the text ellipses
#' are random quantities, grey where they were observed; boxes are known or follow from others.
#'
#' Of counts (`family`) the logit of the probability, or the logarithm of the rate, is what coefficients add up to; the numbers of trials
#' `n[i]`, or the exposures `e[i]`, are known.
#'
#' With `prior_only = TRUE` the response has not been seen and is not grey. NUTS in its non-centered form moves the
#' standardised `eta[j]`; the graph shows them. All other fits of the hierarchical models are shown centered, as the
#' formulas of their help pages are written.
#'
#' @param fit A fit.
#' @param x What `model_graph()` returned.
#' @param ... Not used.
#' @return `model_graph()`: a string of class `bayespool_graph`, the DOT. `print()` shows it and returns it, invisibly:
#'   paste it into any Graphviz viewer, or `writeLines(model_graph(fit), "model.dot")` and run `dot -Tpdf -O model.dot`.
#'   `plot()`: a ggplot.
#' @section Errors: Of class `bayespool_error_argument`: a `fit` that is none. Of class `bayespool_error_package`: `plot()`
#'   where ggplot2 is not installed.
#' @examples
#' graph <- model_graph(partial_pooling(scontrol ~ 1 + (1 | site), hpp_sites, iter_sampling = 0))
#' graph
#' if (requireNamespace("ggplot2", quietly = TRUE)) plot(graph)
#' @export
model_graph <- function(fit) {
  check_fit(fit, rlang::current_env())
  nodes <- c(parameter_nodes(fit), group_nodes(fit), observation_nodes(fit))
  diagram <- list(
    title = paste0(fit$model$title, if (is_prior_only(fit)) " (prior only)"), nodes = nodes,
    group_plates = group_plates(fit), nested = length(outer_factor(fit)) > 0, observation_plate = observation_plate_label(fit)
  )
  structure(format_dot(diagram), diagram = diagram, class = "bayespool_graph")
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
  check_plot_packages(call, "ggplot2")
  draw_diagram(attr(x, "diagram"))
}

# DOT ----------------------------------------------------------------------------------------------------------------------

format_dot <- function(diagram) {
  nodes <- diagram$nodes
  plate <- function(name) vapply(Filter(function(node) node$plate == name, nodes), format_node, "")
  inner <- format_plate("observations", diagram$observation_plate, plate("observation"))
  plates <- diagram$group_plates
  crossed <- length(plates) > 1 && !diagram$nested
  for (name in rev(names(plates))) {
    cluster <- sub("group", "groups", name)
    inner <- if (crossed) {
      c(format_plate(cluster, plates[[name]], plate(name)), inner)
    } else {
      format_plate(cluster, plates[[name]], c(plate(name), inner))
    }
  }
  edges <- unlist(lapply(nodes, function(node) if (length(node$parents) > 0) paste(node$parents, "->", node$id)))
  lines <- c(
    paste0("label = ", quote_dot(diagram$title)), "labelloc = t", "node [shape = ellipse]", plate("none"), inner, edges
  )
  paste(c("digraph bayespool {", indent(lines), "}"), collapse = "\n")
}

format_node <- function(node) {
  style <- switch(node$kind, random = "", observed = ", style = filled, fillcolor = grey85", ", shape = box")
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
