# The explorer's page: HTML with styles and a script of its own, which tools/app.R packs into one file. The browser puts in the texts.

explorer_page <- function(lang) {
  bslib::page(
    title = "bayespool", theme = bslib::bs_theme(version = 5), lang = lang %||% "en",
    shiny::tags$head(
      shiny::tags$meta(name = "viewport", content = "width=device-width, initial-scale=1"),
      shiny::tags$meta(name = "explorer-language", content = lang)
    ),
    shiny::includeHTML(system.file("explorer.html.gz", package = "bayespool"))
  )
}
