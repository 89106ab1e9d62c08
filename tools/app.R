# Packs the explorer's page, with styles, words and script, from tools/app into one file of inst/, which is small: Rscript tools/app.R

part <- function(name) paste(readLines(file.path("tools/app", name), encoding = "UTF-8"), collapse = "\n")
page <- c(
  "<style>", part("explorer.css"), "</style>", part("page.html"), "<script>", part("words.js"), part("explorer.js"), "</script>"
)
connection <- gzfile("inst/explorer.html.gz", "wb", compression = 9)
writeLines(enc2utf8(page), connection, useBytes = TRUE)
close(connection)
