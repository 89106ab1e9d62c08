# Code that is run in an R process of its own.

# A text of R code that makes `value` again, for a script.
as_code <- function(value) paste(deparse(value), collapse = "\n")

# Starts a script in the background. `lines` may use `done(value)`, which hands a value over. Returns functions to `wait()` for
# the value and to `interrupt()` the process, as Ctrl-C does.
start_process <- function(lines, environment = character(), frame = parent.frame()) {
  dir <- withr::local_tempdir(.local_envir = frame)
  file <- function(name) file.path(dir, name)
  hand_over <- function(value, name) {
    paste0("{ saveRDS(", value, ", '", file("part"), "'); file.rename('", file("part"), "', '", file(name), "') }")
  }
  script <- c(
    paste0(".libPaths(", as_code(.libPaths()), ")"),
    "suppressPackageStartupMessages(library(bayespool))",
    paste("done <- function(value)", hand_over("value", "done")),
    paste("started <- function()", hand_over("Sys.getpid()", "started")),
    lines
  )
  writeLines(enc2utf8(script), file("script.R"), useBytes = TRUE)
  system2(
    file.path(R.home("bin"), "Rscript"), c("--vanilla", "--encoding=UTF-8", shQuote(file("script.R"))),
    stdout = file("output"), stderr = file("errors"), wait = FALSE, env = environment
  )
  wait <- function(name = "done", seconds = 60) {
    end <- Sys.time() + seconds
    while (!file.exists(file(name)) && Sys.time() < end) Sys.sleep(0.02)
    if (!file.exists(file(name))) stop("The process did not finish:\n", paste(readLines(file("errors")), collapse = "\n"))
    readRDS(file(name))
  }
  list(wait = wait, interrupt = function() tools::pskill(wait("started"), tools::SIGINT))
}

# Interrupts `work`, code that takes long, half a second after it began. Returns whether it told of the interrupt, whether the
# session could be used afterwards, and the seconds that it took to come back.
interrupt_work <- function(work, setup = character(), frame = parent.frame()) {
  process <- start_process(frame = frame, c(
    "check <- function() unclass(partial_pooling(yield ~ 1 + (1 | block), npk, iter_sampling = 20, seed = 1)$draws)",
    "before <- check()",
    setup,
    "started()",
    "said <- tryCatch({", work, "'finished' }, interrupt = function(cnd) 'interrupted')",
    "done(list(said = said, at = Sys.time(), usable = identical(check(), before)))"
  ))
  process$wait("started")
  Sys.sleep(0.5)
  sent <- Sys.time()
  process$interrupt()
  result <- process$wait()
  result$seconds <- as.numeric(result$at - sent, units = "secs")
  result
}

expect_interrupted <- function(work, setup = character()) {
  result <- interrupt_work(work, setup)
  expect_identical(result$said, "interrupted")
  expect_true(result$usable)
  expect_lt(result$seconds, 5) # some tenths of a second on a quiet machine
}
