# Draws the pictures of the explorer in the README and in the article "In the classroom": Rscript tools/classroom_figures.R
# It opens the installed package's explorer in a headless browser, does what a student does, and takes pictures of the page. Needs shiny,
# bslib, chromote and Chromium or Chrome.

library(bayespool)
port <- httpuv::randomPort()
log <- tempfile()
invisible(file.create(log))
pid <- tempfile()
serve <- paste0(
  "library(bayespool); writeLines(as.character(Sys.getpid()), '", pid, "'); ",
  "five <- subset(hpp_sites, site %in% c('Southampton', 'METU', 'Kassel', 'Tsinghua', 'Oslo')); ",
  "shiny::runApp(explore_pooling(scontrol ~ 1 + (1 | site), five, lang = 'en'), port = ", port, ", launch.browser = FALSE)"
)
system2(file.path(R.home("bin"), "Rscript"), c("-e", shQuote(serve)), stdout = log, stderr = log, wait = FALSE)
while (!any(grepl("Listening", readLines(log, warn = FALSE)))) Sys.sleep(0.2)

chromote::set_chrome_args(c("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"))
open_page <- function(width) {
  tab <- chromote::ChromoteSession$new(width = width, height = 800L)
  invisible(tab$Page$navigate(paste0("http://127.0.0.1:", port)))
  wait_for(tab, "window.explorer && explorer.ready")
  tab
}
run <- function(tab, code) tab$Runtime$evaluate(code, returnByValue = TRUE)$result$value
wait_for <- function(tab, condition) while (!isTRUE(run(tab, paste0("!!(", condition, ")")))) Sys.sleep(0.1)
# Sets a field of the page as a user would, and waits for R's answer.
set <- function(tab, field, value, event = "change") {
  before <- run(tab, "explorer.ready")
  run(tab, paste0("(f => { f.value = '", value, "'; f.dispatchEvent(new Event('", event, "')); })(", field, ")"))
  wait_for(tab, paste0("explorer.ready > ", before, " && explorer.idle()"))
}
photograph <- function(tab, file, clip) {
  data <- tab$Page$captureScreenshot(format = "png", clip = c(clip, list(scale = 1)))$data
  writeBin(jsonlite::base64_dec(data), file)
}
size <- "document.getElementById('size')"

# What one sees first.
page <- open_page(1100L)
wait_for(page, "document.querySelector('[data-what=elpd_logo][data-model=partial]:not(.stale)')?.textContent.includes('(')")
set(page, "document.getElementById('group')", 4)
photograph(page, "vignettes/figures/explorer.png", list(x = 0, y = 0, width = 1085, height = 720))

# Three steps: as the data are; if Southampton had 60 people; and if sites hardly differed a priori.
steps <- open_page(380L)
take <- function(title) {
  run(steps, "document.getElementById('svg').click()")
  paste0("<figure><figcaption>", title, "</figcaption>", steps$Runtime$evaluate(
    "explorer.saved.blob.text()", awaitPromise = TRUE, returnByValue = TRUE
  )$result$value, "</figure>")
}
set(steps, "document.getElementById('group')", 4)
first <- take("Southampton has 6 people")
set(steps, size, 60)
second <- take("What if it had 60?")
set(steps, size, 6)
set(steps, "document.querySelectorAll('#priors fieldset')[2].querySelector('input[type=number]')", 20)
third <- take("What if sites hardly differ?")
style <- paste(
  "body { margin: 4px; font: 13px sans-serif; display: flex; align-items: flex-start }",
  "figure { margin: 0 4px; width: 300px } svg { width: 300px; height: auto }"
)
html <- tempfile(fileext = ".html")
writeLines(c("<meta charset='utf-8'><style>", style, "</style>", first, second, third), html)
picture <- chromote::ChromoteSession$new(width = 940L, height = 400L)
invisible(picture$Page$navigate(paste0("file://", html)))
Sys.sleep(1)
height <- run(picture, "Math.ceil(document.querySelector('svg').getBoundingClientRect().bottom) + 4")
photograph(picture, "man/figures/readme-explorer.png", list(x = 0, y = 0, width = 932, height = height))
tools::pskill(as.integer(readLines(pid)))
