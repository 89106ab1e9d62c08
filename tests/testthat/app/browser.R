# The explorer in a headless browser: chromote drives it, where it and a browser are installed.

exported <- function(package, name) getExportedValue(package, name)

skip_without_browser <- function() {
  for (package in c("chromote", "shiny", "bslib")) skip_if_not_installed(package)
  found <- tryCatch(exported("chromote", "find_chrome")(), error = function(cnd) NULL)
  skip_if(is.null(found) || !file.exists(found), "no browser")
}

# An R process that serves `app`, code of an explorer; returns its address.
serve <- function(app, frame = parent.frame()) {
  port <- exported("httpuv", "randomPort")()
  dir <- withr::local_tempdir(.local_envir = frame)
  script <- file.path(dir, "serve.R")
  writeLines(c(
    paste0(".libPaths(", paste(deparse(.libPaths()), collapse = ""), ")"), "library(bayespool)",
    paste0("writeLines(as.character(Sys.getpid()), ", deparse(file.path(dir, "pid")), ")"),
    paste0("shiny::runApp(", app, ", port = ", port, ", launch.browser = FALSE)")
  ), script)
  log <- file.path(dir, "log")
  system2(file.path(R.home("bin"), "Rscript"), c("--vanilla", script), stdout = log, stderr = log, wait = FALSE)
  end <- Sys.time() + 60
  while (!any(grepl("Listening", if (file.exists(log)) readLines(log, warn = FALSE)))) {
    if (Sys.time() > end) stop("The app did not start:\n", paste(readLines(log), collapse = "\n"))
    Sys.sleep(0.1)
  }
  withr::defer(tools::pskill(as.integer(readLines(file.path(dir, "pid")))), envir = frame)
  structure(paste0("http://127.0.0.1:", port), log = log)
}

# A tab at this address: functions to `run()` JavaScript, `wait()` until it is true, press and drag; `complaints()` of the console.
open_tab <- function(address, width = 1280L, frame = parent.frame()) {
  exported("chromote", "set_chrome_args")(c("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=en"))
  tab <- exported("chromote", "ChromoteSession")$new(width = width, height = 1000L)
  withr::defer(tab$close(), envir = frame)
  complaints <- character()
  tab$Runtime$enable()
  tab$Runtime$exceptionThrown(callback_ = function(message) complaints <<- c(complaints, message$exceptionDetails$exception$description))
  tab$Runtime$consoleAPICalled(callback_ = function(message) {
    if (message$type %in% c("error", "warning")) complaints <<- c(complaints, as.character(message$args[[1]]$value))
  })
  run <- function(code) {
    result <- tab$Runtime$evaluate(code, returnByValue = TRUE, awaitPromise = TRUE)
    if (!is.null(result$exceptionDetails)) stop(result$exceptionDetails$exception$description)
    result$result$value
  }
  wait <- function(condition, seconds = 60) {
    end <- Sys.time() + seconds
    while (!isTRUE(run(paste0("!!(", condition, ")")))) {
      if (Sys.time() > end) stop("Never true: ", condition)
      Sys.sleep(0.05)
    }
  }
  # Does something, and waits until R has answered all of it.
  act <- function(doing) {
    before <- run("explorer.ready")
    force(doing)
    wait(paste0("explorer.ready > ", before, " && explorer.idle()"))
  }
  # `from`: a CSS selector; the pointer goes `by` pixels to the right.
  drag <- function(from, by) {
    box <- run(paste0(
      "(b => [b.x + b.width / 2, b.y + b.height / 2])((e => { e.scrollIntoView({ block: 'center' }); return e.getBoundingClientRect(); })",
      "(document.querySelector('", from, "')))"
    ))
    mouse <- function(type, x) tab$Input$dispatchMouseEvent(type = type, x = x, y = box[[2]], button = "left", buttons = 1, clickCount = 1)
    mouse("mousePressed", box[[1]])
    for (k in 1:5) mouse("mouseMoved", box[[1]] + by * k / 5)
    mouse("mouseReleased", box[[1]] + by)
  }
  press <- function(key, times = 1) {
    for (k in seq_len(times)) {
      tab$Input$dispatchKeyEvent(type = "keyDown", key = key)
      tab$Input$dispatchKeyEvent(type = "keyUp", key = key)
    }
  }
  tab$Page$navigate(address)
  wait("window.explorer && explorer.ready")
  list(tab = tab, run = run, wait = wait, act = act, drag = drag, press = press, complaints = function() complaints)
}
