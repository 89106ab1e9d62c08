# plot() of model_graph(): the room that nodes, their texts and plates take.

# One unit is a bit less than an inch in a picture of 7 x 5, where these are the sizes of a node, a line and a character.
node_radius <- 0.37
beside_node <- 0.44
line_height <- 0.17
character_width <- 0.082

# Width of the text beside these nodes.
text_width <- function(nodes) character_width * max(0, nchar(unlist(lapply(nodes, `[[`, "beside")), "width"))

text_height <- function(node) line_height * length(node$beside)

# `places`: x and y by id, of some of the nodes.
put_nodes <- function(nodes, places) {
  nodes[names(places)] <- Map(function(node, place) {
    node$x <- place[1]
    node$y <- place[2]
    node
  }, nodes[names(places)], places)
  nodes
}

# The room that a node takes with its text.
node_box <- function(node) {
  width <- text_width(list(node))
  height <- text_height(node)
  reach <- function(side, size) if (node$side == side) beside_node + size else node_radius
  across <- if (node$side %in% c("above", "below")) max(node_radius, width / 2) else 0
  along <- if (node$side %in% c("left", "right")) max(node_radius, height / 2) else 0
  data.frame(
    left = node$x - max(across, reach("left", width)),
    right = node$x + max(across, reach("right", width), reach("lower right", width)),
    bottom = node$y - max(along, reach("below", height), if (node$side == "lower right") height - node$begins),
    top = node$y + max(along, reach("above", height))
  )
}

# The frame of a plate around these boxes, with room for its label.
frame_boxes <- function(boxes, label) {
  width <- max(boxes$right) - min(boxes$left)
  lines <- wrap_line(shorten(label, 100), max(38, floor(width / character_width)))
  wider <- 0.12 + max(0, character_width * max(nchar(lines, "width")) - width) / 2
  data.frame(
    label = paste(lines, collapse = "\n"), left = min(boxes$left) - wider, right = max(boxes$right) + wider,
    bottom = min(boxes$bottom) - line_height * length(lines) - 0.12, top = max(boxes$top) + 0.12
  )
}

# Lines of up to `width`, broken after spaces and the marks that join words in names, but not within numbers, and elsewhere where there are
# none.
wrap_line <- function(text, width) {
  inside <- "(?:[^ _.,]|[.](?=[0-9]))"
  words <- regmatches(text, gregexpr(paste0(inside, "*(?:[ _,]|[.](?![0-9]))+|", inside, "+$"), text, perl = TRUE))[[1]]
  pieces <- unlist(lapply(words, function(word) {
    starts <- seq(1, nchar(word), width)
    substring(word, starts, starts + width - 1)
  }))
  lines <- ""
  for (piece in pieces) {
    longer <- paste0(lines[length(lines)], piece)
    if (nchar(trimws(longer), "width") > width) lines <- c(lines, piece) else lines[length(lines)] <- longer
  }
  trimws(lines)
}
