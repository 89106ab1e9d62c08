# Which R file uses which, one arrow a line: Rscript tools/call_graph.R [--dot]. Fails where files use each other in a circle, or
# where a file uses one of a layer above its own, and where two define the same name, of which R would keep the last.
#
# A file uses another where its code has the name of something that the other defines at top level: in a call, or as a value
# that is handed on. Methods are called through their generics and are not seen.

# From the bottom up, by the names of files. A file may use its own layer and those below.
layers <- c(
  base = "^(check|errors|format|memory|tables)$", core = "^(core(-effects|-counts)?|RcppExports)$", parts = "^(data|prior)-",
  model = "^(model|engine)-",
  fit = "^(fit(-|$)|nuts_control$)", verbs_and_answers = ""
)
layer_of <- function(files) vapply(files, function(file) which(vapply(layers, grepl, NA, file))[[1]], 1L)

paths <- Sys.glob("R/*.R")
files <- sub("\\.R$", "", basename(paths))

# Each definition `name <- value` of a file, named; its names that are not local to it are those of a function with that body.
definitions <- function(path) {
  found <- Filter(function(x) is.call(x) && identical(x[[1]], as.name("<-")), as.list(parse(path, keep.source = FALSE)))
  stats::setNames(lapply(found, `[[`, 3), vapply(found, function(x) as.character(x[[2]]), ""))
}
names_used <- function(value) codetools::findGlobals(eval(call("function", NULL, value), baseenv()))

defined <- stats::setNames(lapply(paths, definitions), files)
home <- rep(files, lengths(defined))
names(home) <- unlist(lapply(defined, names))
uses <- lapply(defined, function(values) home[intersect(unlist(lapply(values, names_used)), names(home))])
uses <- Map(function(targets, file) targets[targets != file], uses, files)

# Files that can be reached, and so those that reach each other.
reached <- function(file) {
  found <- character()
  new <- unique(uses[[file]])
  while (length(new) > 0) {
    found <- c(found, new)
    new <- setdiff(unlist(uses[new]), found)
  }
  found
}
reach <- lapply(stats::setNames(nm = files), reached)
circles <- unique(lapply(Filter(function(file) file %in% reach[[file]], files), function(file) {
  sort(Filter(function(other) file %in% reach[[other]], reach[[file]]))
}))

arrows <- data.frame(
  from = rep(files, lengths(uses)), to = as.character(unlist(uses)), what = as.character(unlist(lapply(uses, names)))
)
if (identical(commandArgs(trailingOnly = TRUE), "--dot")) {
  cat("digraph {\n", sprintf("  \"%s\" -> \"%s\";\n", arrows$from, arrows$to)[!duplicated(arrows[1:2])], "}\n", sep = "")
} else {
  for (file in files) if (length(uses[[file]]) > 0) cat(file, "->", sort(unique(uses[[file]])), "\n")
}

report <- function(title, arrows) {
  cat(title, sprintf("  %s -> %s by %s", arrows$from, arrows$to, arrows$what), sep = "\n", file = stderr())
}
for (circle in circles) report("In a circle:", arrows[arrows$from %in% circle & arrows$to %in% circle, ])
upward <- arrows[layer_of(arrows$from) < layer_of(arrows$to), ]
if (nrow(upward) > 0) report("Upward:", upward)
twice <- unique(names(home)[duplicated(names(home))])
if (length(twice) > 0) cat("Defined twice:", twice, sep = "\n  ", file = stderr())
if (length(circles) > 0 || nrow(upward) > 0 || length(twice) > 0) quit(status = 1)
