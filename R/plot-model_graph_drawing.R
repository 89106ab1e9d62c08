# plot() of model_graph(): where the nodes of a plate diagram stand, and how they are drawn.

draw_diagram <- function(diagram) {
  nodes <- place_shared_intercept(merge_predictors(split_mean(diagram$nodes)))
  above <- nodes_above(nodes)
  narrow <- length(above) > 2 & names(nodes) %in% above
  nodes <- place_nodes(Map(divide_text, nodes, ifelse(narrow, 22, 26)), diagram)
  frame <- data.frame(
    id = names(nodes), x = node_field(nodes, "x", 0), y = node_field(nodes, "y", 0), kind = node_field(nodes, "kind", "")
  )
  boxes <- do.call(rbind, lapply(nodes, node_box))
  plates <- place_plates(boxes, node_field(nodes, "plate", ""), diagram)
  xlim <- c(min(boxes$left, plates$left), max(boxes$right, plates$right))
  ylim <- c(min(boxes$bottom, plates$bottom), max(boxes$top, plates$top))
  # Of text: a large graph is drawn smaller, and one with two factors has text at the edges of all plates.
  size <- 2.6 * min(1, (if (length(diagram$group_plates) > 1) 9.4 else 10.2) / diff(xlim), 6.4 / diff(ylim))
  text <- do.call(rbind, lapply(nodes, place_text))
  outlines <- do.call(rbind, lapply(seq_along(nodes), function(k) node_outlines(frame[k, ])))
  halves <- do.call(rbind, lapply(which(frame$kind %in% c("observed", "predictor")), function(k) lower_half(frame[k, ])))
  ggplot2::ggplot() +
    ggplot2::geom_rect(
      ggplot2::aes(xmin = .data$left, xmax = .data$right, ymin = .data$bottom, ymax = .data$top), plates, fill = NA, colour = "grey40"
    ) +
    ggplot2::geom_text(
      ggplot2::aes(.data$right - 0.07, .data$bottom + 0.07, label = .data$label), plates, hjust = 1, vjust = 0, size = size,
      lineheight = 0.95, colour = "grey25"
    ) +
    ggplot2::geom_segment(
      ggplot2::aes(.data$x, .data$y, xend = .data$xend, yend = .data$yend), place_edges(nodes, frame), linewidth = 0.4,
      arrow = ggplot2::arrow(length = ggplot2::unit(0.09, "inches"), type = "closed")
    ) +
    ggplot2::geom_polygon(ggplot2::aes(.data$x, .data$y, group = .data$piece), outlines, fill = "white") +
    (if (!is.null(halves)) {
      ggplot2::geom_polygon(ggplot2::aes(.data$x, .data$y, group = .data$piece), halves, fill = "grey80")
    }) +
    ggplot2::geom_polygon(
      ggplot2::aes(.data$x, .data$y, group = .data$piece), outlines, fill = NA, colour = "black", linewidth = 0.4
    ) +
    ggplot2::geom_text(
      ggplot2::aes(.data$x, .data$y, label = .data$label, hjust = .data$hjust, vjust = .data$vjust), text,
      size = size, lineheight = 0.95
    ) +
    ggplot2::coord_fixed(xlim = xlim, ylim = ylim, expand = FALSE, clip = "off") +
    ggplot2::theme_void() +
    ggplot2::theme(
      plot.title.position = "plot", plot.caption.position = "plot", plot.caption = ggplot2::element_text(size = 8),
      plot.title = ggplot2::element_text(margin = ggplot2::margin(b = 8)),
      plot.margin = ggplot2::margin(8, 8, 8, 8),
      plot.background = ggplot2::element_rect(fill = "white", colour = NA)
    ) +
    ggplot2::labs(title = diagram$title, caption = diagram_caption(frame$kind))
}

diagram_caption <- function(kinds) {
  paste0(
    "Circle: random. ", if (any(is_square(kinds))) "Square: known. ",
    if (any(kinds %in% c("observed", "predictor"))) "Half grey: observed.",
    if ("deterministic" %in% kinds) "\nDouble line: follows from what points to it."
  )
}

# Places -------------------------------------------------------------------------------------------------------------------

# The population's coefficients and what else the groups' effects follow from: they stand side by side. Of two grouping factors each has
# its own above it.
nodes_above <- function(nodes) {
  if (!"group_2" %in% names(nodes)) unlist(lapply(c("^population$", "^center_", "^tau", "^rho$"), grep, names(nodes), value = TRUE))
}

# Adds the `side` where text stands that is not in the node, the text `within` it, and the lines `beside` it. A name stands
# within where it fits, with its index in a line of its own if need be. Text that hangs down beside a node `begins` so far above its centre.
divide_text <- function(node, width_above) {
  role <- sub("_[0-9]+$", "", node$id)
  node$side <- switch(role, response = "below", mean = , group = "right", slope = , predictor = , direction = "left", "above")
  name <- node$label[1]
  lines <- if (nchar(name, "width") > 10) strsplit(sub("[", "\n[", name, fixed = TRUE), "\n", fixed = TRUE)[[1]] else name
  fits <- max(nchar(lines, "width")) <= 10
  if (fits) node$within <- paste(lines, collapse = "\n")
  width <- switch(node$side, left = 22, above = width_above, below = 26, right = if (role == "group") 34 else 28)
  node$beside <- as.character(unlist(lapply(shorten(c(if (!fits) name, node$label[-1]), 90), wrap_line, width = width)))
  # Many lines hang down beside a group, so that arrows reach it from above.
  if (role == "group" && length(node$beside) > 2) node$side <- "lower right"
  node$begins <- 0.1
  node
}

# Adds `x` and `y`. The middle column is the chain from the population to the response, with its mean at 0; slopes are at its
# left, outside the plates, predictors at its left inside, the standard deviation of observations at its right.
place_nodes <- function(nodes, diagram) {
  if (length(diagram$group_plates) > 1) {
    return(place_two_factors(nodes, diagram))
  }
  has <- function(id) id %in% names(nodes)
  slopes <- grep("^slope_", names(nodes), value = TRUE)
  predictors <- grep("^(predictor|direction)_", names(nodes), value = TRUE)
  above <- nodes_above(nodes)
  mean <- if (has("mean")) 1.15 else 0
  hangs <- has("group") && nodes$group$side == "lower right"
  group <- mean + max(1.15, text_height(nodes$mean) / 2 + if (hangs) text_height(nodes$group) + 0.15 else 0)
  top <- if (has("group")) group + 1.2 else group
  right <- max(1.3, text_width(nodes["response"]) / 2, text_width(nodes[intersect(c("mean", "group"), names(nodes))]) + beside_node)
  if (hangs && has("eta")) nodes$eta$side <- "left"
  left <- -1.5 - beside_node - text_width(nodes[c(predictors, if (hangs && has("eta")) "eta")])
  sigma <- if (identical(nodes$sigma$plate, "group")) c(right + text_width(nodes["sigma"]) / 2, group) else c(right + 1, 0)
  places <- list(
    response = c(0, 0), mean = c(0, mean), group = c(0, group), eta = if (hangs) c(-1.3, group - 0.45) else c(-1.15, group), sigma = sigma
  )
  across <- side_by_side(nodes[above])
  for (k in seq_along(above)) places[[above[k]]] <- c(across[k], top)
  for (k in seq_along(slopes)) places[[slopes[k]]] <- c(left - 0.65, mean + 0.35 + 0.85 * (k - 1))
  for (k in seq_along(predictors)) places[[predictors[k]]] <- c(-1.5, mean - 0.45 - 0.72 * (k - 1))
  put_nodes(nodes, places[intersect(names(nodes), names(places))])
}

# Where the centres of these nodes are, around 0: as far apart as their texts need.
side_by_side <- function(nodes) {
  widths <- vapply(nodes, function(node) text_width(list(node)), 0)
  gaps <- pmax(if (length(nodes) > 2) 1.1 else 2, (widths[-1] + utils::head(widths, -1)) / 2 + 0.2)
  at <- cumsum(c(0, gaps))
  at - mean(range(at))
}

# Drawing ------------------------------------------------------------------------------------------------------------------

# The frames of the plates with their labels, that of the groups around that of the observations.
place_plates <- function(boxes, plate, diagram) {
  observations <- frame_boxes(boxes[plate == "observation", ], diagram$observation_plate)
  if (length(diagram$group_plates) > 1) {
    return(rbind(place_two_plates(boxes, plate, observations, diagram), observations))
  }
  groups <- if (length(diagram$group_plates) > 0) {
    frame_boxes(rbind(boxes[plate == "group", ], observations[names(boxes)]), diagram$group_plates)
  }
  rbind(groups, observations)
}

# From the outline of one node to that of another.
place_edges <- function(nodes, frame) {
  parents <- lapply(nodes, `[[`, "parents")
  from <- frame[match(unlist(parents), frame$id), ]
  to <- frame[rep(seq_along(nodes), lengths(parents)), ]
  length <- sqrt((to$x - from$x)^2 + (to$y - from$y)^2)
  reach <- node_radius / length
  gap <- (node_radius + 0.04) / length
  data.frame(
    from = from$id, to = to$id, x = from$x + reach * (to$x - from$x), y = from$y + reach * (to$y - from$y),
    xend = to$x - gap * (to$x - from$x), yend = to$y - gap * (to$y - from$y)
  )
}

is_square <- function(kind) kind %in% c("fixed", "predictor")

# A circle, or a square of about the same area, from one angle to another.
outline <- function(node, radius, piece, from = 0, to = 2 * pi) {
  angle <- seq(from, to, length.out = 97)
  radius <- if (is_square(node$kind)) 0.85 * radius / pmax(abs(cos(angle)), abs(sin(angle))) else radius
  data.frame(x = node$x + radius * cos(angle), y = node$y + radius * sin(angle), piece = paste(node$id, piece))
}

node_outlines <- function(node) {
  rbind(
    outline(node, node_radius, "outer"),
    if (node$kind == "deterministic") outline(node, node_radius - 0.05, "inner")
  )
}

lower_half <- function(node) outline(node, node_radius, "half", pi)

place_text <- function(node) {
  at <- switch(
    node$side,
    above = list(x = node$x, y = node$y + beside_node, hjust = 0.5, vjust = 0),
    below = list(x = node$x, y = node$y - beside_node, hjust = 0.5, vjust = 1),
    right = list(x = node$x + beside_node, y = node$y, hjust = 0, vjust = 0.5),
    "lower right" = list(x = node$x + beside_node, y = node$y + node$begins, hjust = 0, vjust = 1),
    left = list(x = node$x - beside_node, y = node$y, hjust = 1, vjust = 0.5)
  )
  rbind(
    if (!is.null(node$within)) data.frame(label = node$within, x = node$x, y = node$y, hjust = 0.5, vjust = 0.5),
    if (length(node$beside) > 0) data.frame(label = paste(node$beside, collapse = "\n"), at)
  )
}
