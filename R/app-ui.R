# The explorer's page: what is there before R has sent any number. Texts are put in by the browser, in its language.

explorer_page <- function(lang) {
  tags <- shiny::tags
  word <- function(key, tag = tags$span, ...) tag(`data-word` = key, ...)
  card <- function(key, ..., id = NULL) {
    tags$section(class = "card", id = id, `aria-labelledby` = paste0("title-", key), word(key, tags$h2, id = paste0("title-", key)), ...)
  }
  button <- function(key, id) word(key, tags$button, id = id, type = "button", class = "btn btn-sm btn-outline-secondary")
  number <- function(key, id) tags$label(word(key), tags$input(id = id, type = "number", class = "form-control form-control-sm", step = "any"))
  bslib::page(
    title = "bayespool", theme = bslib::bs_theme(version = 5), lang = lang %||% "en",
    tags$head(
      tags$meta(name = "viewport", content = "width=device-width, initial-scale=1"),
      tags$link(rel = "stylesheet", href = "bayespool-explorer/explorer.css"),
      tags$script(src = "bayespool-explorer/explorer.js")
    ),
    tags$main(
      class = "explorer", `data-lang` = lang,
      tags$header(
        word("title", tags$h1), tags$p(id = "about"),
        tags$div(id = "problem", role = "alert", hidden = NA), tags$p(id = "summary", role = "status", `aria-live` = "polite")
      ),
      tags$div(
        class = "columns",
        tags$div(
          class = "controls",
          card("priors", tags$label(word("model"), tags$select(id = "model", class = "form-select form-select-sm")), tags$div(id = "priors")),
          card(
            "group", tags$label(word("group"), tags$select(id = "group", class = "form-select form-select-sm")),
            tags$div(class = "pair", number("size", "size"), number("mean", "mean")),
            tags$div(class = "buttons", button("drop", "drop"), button("add", "add"), button("reset", "reset"), button("reset_all", "reset-all"))
          )
        ),
        tags$div(
          class = "pictures",
          card(
            "means", tags$div(id = "legend"), tags$fieldset(id = "intervals", word("intervals", tags$legend)),
            tags$div(id = "rows-frame", tags$svg(id = "rows", role = "group", `aria-labelledby` = "title-means")),
            word("hint", tags$p, class = "hint"),
            tags$div(class = "buttons", button("png", "png"), button("svg", "svg"))
          ),
          card("lines", tags$svg(id = "lines", role = "img", `aria-labelledby` = "title-lines"), tags$p(id = "lines-key"), id = "lines-card"),
          tags$div(
            class = "side-by-side",
            card("spread", tags$table(id = "spread", class = "table table-sm")),
            card("new_group", tags$div(id = "new-group"))
          ),
          card("evidence", tags$table(id = "evidence", class = "table table-sm"), word("evidence_note", tags$p, class = "hint")),
          card(
            "table", tags$div(class = "scroll", tabindex = "0", role = "region", `aria-labelledby` = "title-table", tags$table(
              id = "table", class = "table table-sm"
            )),
            tags$div(class = "buttons", button("csv", "csv"))
          ),
          card("code", tags$pre(id = "code", tabindex = "0"), tags$div(class = "buttons", button("copy", "copy")))
        )
      )
    )
  )
}
