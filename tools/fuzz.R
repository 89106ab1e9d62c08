# Random calls for a given time: Rscript tools/fuzz.R [seconds] [first seed], or a case again: Rscript tools/fuzz.R --seed N
# Seeds above a million are of counts and proportions, above two million of two grouping factors.
#
# Cases run in child processes, a batch each, so that a crash or a hang is one case's: its seed is printed.

suppressPackageStartupMessages(library(bayespool))
for (file in list.files("tests/testthat/fuzz", full.names = TRUE)) source(file)
arguments <- commandArgs(trailingOnly = TRUE)

if (length(arguments) > 0 && arguments[1] == "--seed") {
  seed <- as.integer(arguments[2])
  print(fuzz_case(seed), right = FALSE)
  set.seed(seed)
  utils::str(fuzz_start(seed)$arguments, list.len = 50, give.attr = FALSE)
  quit("no")
}

seconds <- if (length(arguments) > 0) as.numeric(arguments[1]) else 60
seed <- if (length(arguments) > 1) as.integer(arguments[2]) else 1L
batch <- 100L
end <- Sys.time() + seconds
calls <- defects <- 0
clean <- 0 # cases since the last defect
counts <- integer()
first_seed <- seed
while (Sys.time() < end) {
  # Not in the session's folder, which a child that crashes deletes.
  progress <- tempfile("fuzz", dirname(tempdir()))
  done <- tempfile("fuzz", dirname(tempdir()))
  child <- parallel::mcparallel({
    for (s in seq(seed, length.out = batch)) {
      cat(s, file = progress)
      case <- fuzz_case(s)
      utils::write.table(case, done, append = TRUE, col.names = FALSE, row.names = FALSE, sep = "\t")
    }
    TRUE
  }, silent = FALSE)
  started <- Sys.time()
  result <- NULL
  last <- ""
  while (is.null(result)) {
    result <- parallel::mccollect(child, wait = FALSE, timeout = 1)
    now <- if (file.exists(progress)) readLines(progress, warn = FALSE) else ""
    if (!identical(now, last)) {
      last <- now
      started <- Sys.time()
    }
    if (is.null(result) && difftime(Sys.time(), started, units = "secs") > 150) {
      tools::pskill(child$pid, tools::SIGKILL)
      result <- list("hang")
    }
  }
  if (file.exists(done)) {
    cases <- utils::read.table(done, sep = "\t", col.names = c("seed", "call", "state"), quote = "\"", comment.char = "",
    allowEscapes = TRUE)
    calls <- calls + nrow(cases)
    kind <- sub(":.*", "", cases$state)
    counts <- c(counts, table(paste(cases$call, kind)))
    bad <- cases[kind == "defect", ]
    defects <- defects + nrow(bad)
    clean <- if (nrow(bad) > 0) seed + batch - 1 - max(bad$seed) else clean + batch
    for (i in seq_len(nrow(bad))) cat(bad$seed[i], bad$call[i], bad$state[i], "\n", sep = "\t")
    flush(stdout())
  }
  unlink(c(progress, done))
  next_seed <- seed + batch
  if (!isTRUE(result[[1]])) {
    cat(last, "crash or hang", "\n", sep = "\t")
    defects <- defects + 1
    clean <- 0
    next_seed <- as.integer(last) + 1L
  }
  seed <- next_seed
}
totals <- tapply(counts, names(counts), sum)
print(totals)
cat(seed - first_seed, " cases (seeds ", first_seed, " to ", seed - 1, "), ", calls, " calls, ", defects, " defects, ",
  clean, " cases since the last\n", sep = "")
if (defects > 0) quit("no", 1)
