# The explorer's page, which is HTML with styles and scripts of its own in inst/app. The browser puts in the texts, in its language.

explorer_page <- function(lang) {
  tags <- shiny::tags
  file <- function(name) paste0("bayespool-explorer/", name)
  bslib::page(
    title = "bayespool", theme = bslib::bs_theme(version = 5), lang = lang %||% "en",
    tags$head(
      tags$meta(name = "explorer-language", content = lang),
      tags$link(rel = "stylesheet", href = file("explorer.css")),
      tags$script(src = file("words.js")), tags$script(src = file("explorer.js"))
    ),
    shiny::includeHTML(system.file("app", "page.html", package = "bayespool"))
  )
}
