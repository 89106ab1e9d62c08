# plot() of model_graph() with two grouping factors: where their nodes and plates stand.

# The middle column is as with one factor, with the first factor on top (of nested ones the outer); the second is at the right of the mean
# of observations, with its text below. The intercept is beside the slopes: all groups share it.
place_two_factors <- function(nodes, diagram) {
  number <- sub("group", "", names(diagram$group_plates), fixed = TRUE)
  first <- paste0(c("group", "eta", "tau"), number[1])
  second <- paste0(c("group", "eta", "tau"), number[2])
  nodes$mean[c("side", "begins")] <- list("lower right", -0.12) # below the arrow from the second factor
  nodes[[first[1]]]$side <- "right"
  for (id in intersect(second[1:2], names(nodes))) nodes[[id]]$side <- "below"

  slopes <- grep("^slope_", names(nodes), value = TRUE)
  predictors <- grep("^predictor_", names(nodes), value = TRUE)
  mean <- max(1.15, text_height(nodes$mean) + 0.24, text_height(nodes[[second[1]]]) + beside_node + 0.2)
  group <- mean + max(1.2, text_height(nodes[[first[1]]]) / 2 + 0.75)
  top <- group + 1.2
  places <- list(response = c(0, 0), mean = c(0, mean))
  for (k in seq_along(predictors)) places[[predictors[k]]] <- c(-1.5, mean - 0.45 - 0.72 * (k - 1))
  places[[first[1]]] <- c(0, group)
  if (first[2] %in% names(nodes)) places[[first[2]]] <- c(-1.15, group)
  places[[first[3]]] <- c(0, top)

  # What is at the right and at the left of these, and of the plates around them.
  middle <- put_nodes(nodes, places)[setdiff(names(places), first[3])]
  plate <- node_field(middle, "plate", "")
  boxes <- do.call(rbind, lapply(middle, node_box))
  observations <- frame_boxes(boxes[plate == "observation", ], diagram$observation_plate)
  around <- frame_boxes(rbind(boxes, observations[names(boxes)]), diagram$group_plates[[1]])
  half_width <- function(ids) max(node_radius, text_width(nodes[ids]) / 2)
  right <- around$right + 0.25 + half_width(second[1])
  places[[second[1]]] <- c(right, mean)
  places[[second[3]]] <- c(max(right, half_width(first[3]) + half_width(second[3]) + 0.2), top)
  right <- right + half_width(second[1])
  if (second[2] %in% names(nodes)) {
    places[[second[2]]] <- c(right + 0.2 + half_width(second[2]), mean)
    right <- right + 0.2 + 2 * half_width(second[2])
  }
  places$sigma <- c(right + 0.6 + half_width("sigma"), 0)
  for (k in seq_along(slopes)) places[[slopes[k]]] <- c(around$left - 0.4 - half_width(slopes), mean + 0.35 + 0.85 * (k - 1))
  put_nodes(nodes, places)
}

# The frames of the two factors. That of the first reaches above the second's, which reaches beyond it at the right and below; or the second
# is in it. `observations`: the frame in both.
place_two_plates <- function(boxes, plate, observations, diagram) {
  ids <- names(diagram$group_plates)
  within <- observations[names(boxes)]
  if (diagram$nested) {
    second <- frame_boxes(rbind(boxes[plate == ids[2], ], within), diagram$group_plates[[2]])
    first <- frame_boxes(rbind(boxes[plate == ids[1], ], second[names(boxes)]), diagram$group_plates[[1]])
  } else {
    first <- frame_boxes(rbind(boxes[plate == ids[1], ], within), diagram$group_plates[[1]])
    first$left <- first$left - 0.12
    within$bottom <- first$bottom
    second <- frame_boxes(rbind(boxes[plate == ids[2], ], within), diagram$group_plates[[2]])
  }
  rbind(first, second)
}
