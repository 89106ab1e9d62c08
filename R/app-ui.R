# The explorer's page: HTML with styles and a script of its own, in inst/app. The browser puts in the texts.

explorer_page <- function(lang) {
  bslib::page(
    title = "bayespool", theme = bslib::bs_theme(version = 5), lang = lang %||% "en",
    shiny::tags$head(
      shiny::tags$meta(name = "viewport", content = "width=device-width, initial-scale=1"),
      shiny::tags$meta(name = "explorer-language", content = lang)
    ),
    shiny::includeCSS(app_file("explorer.css")),
    shiny::includeHTML(app_file("page.html")),
    shiny::includeScript(app_file("words.js")),
    shiny::includeScript(app_file("explorer.js"))
  )
}

app_file <- function(name) system.file("app", name, package = "bayespool")
