# Editions of a page in two languages have the same code.

# The expressions in the chunks, without comments and options.
chunk_code <- function(file) {
  lines <- readLines(file, encoding = "UTF-8")
  fence <- startsWith(lines, "```")
  opened <- rep(FALSE, length(lines))
  of_r <- FALSE
  for (i in seq_along(lines)) {
    if (fence[i]) of_r <- !of_r && startsWith(lines[i], "```{r") else opened[i] <- of_r
  }
  parse(text = lines[opened], keep.source = FALSE)
}

test_that("the Chinese edition of three-ways-to-pool has the code of the English one", {
  vignettes <- test_path("..", "..", "vignettes")
  english <- file.path(vignettes, "articles", "three-ways-to-pool.Rmd")
  chinese <- file.path(vignettes, "articles", "three-ways-to-pool-zh.Rmd")
  skip_if_not(file.exists(chinese), "the articles are only in a checkout")
  code <- chunk_code(english)[-1] # the first expression reads setup.R, which the two find in different places
  expect_gt(length(code), 0)
  expect_identical(as.character(chunk_code(chinese)[-1]), as.character(code))
})
