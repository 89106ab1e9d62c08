# Builds the web site in docs/ from the installed package; needs pkgdown and pandoc, and no network.
#
# What pkgdown leaves to a script from the web or gets wrong is mended in its pages afterwards: formulas become MathML, which
# browsers show by themselves, links to files of the repository become links to their pages, and Chinese lines are joined.

options(pkgdown.internet = FALSE)
pkgdown::build_site(preview = FALSE, devel = FALSE, new_process = FALSE, install = FALSE)

# Replaces what `pattern` matches in `text`, outside of code, by the result of `convert` on all matches together.
replace_outside_code <- function(text, pattern, convert) {
  code <- gregexpr("(?s)<(pre|code|script)\\b.*?</\\1>", text, perl = TRUE)
  prose <- regmatches(text, code, invert = TRUE)[[1]]
  found <- gregexpr(pattern, prose, perl = TRUE)
  matches <- unlist(regmatches(prose, found))
  if (length(matches) == 0) {
    return(text)
  }
  regmatches(prose, found) <- relist(convert(matches), regmatches(prose, found))
  paste(c(rbind(prose, c(regmatches(text, code)[[1]], ""))), collapse = "")
}

# `formulas`: TeX as it stands in a page, in \(...\), or in $$...$$ or \[...\] for a line of its own.
mathml <- function(formulas) {
  delimiter <- ifelse(startsWith(formulas, "\\("), "$", "$$")
  tex <- substring(formulas, 3, nchar(formulas) - 2)
  tex <- gsub("&amp;", "&", gsub("&gt;", ">", gsub("&lt;", "<", tex)))
  markdown <- tempfile(fileext = ".md")
  html <- tempfile(fileext = ".html")
  writeLines(paste0(delimiter, trimws(gsub("\\s+", " ", tex)), delimiter, "\n"), markdown, useBytes = TRUE)
  rmarkdown::pandoc_convert(markdown, to = "html", from = "markdown", output = html, options = "--mathml")
  text <- paste(readLines(html, encoding = "UTF-8"), collapse = "\n")
  result <- regmatches(text, gregexpr("(?s)<math\\b.*?</math>", text, perl = TRUE))[[1]]
  if (length(result) != length(formulas)) stop("pandoc cannot write a formula as MathML; see its warning.")
  result
}

repository <- "https://github.com/bayespool/bayespool/blob/main/"

# The site has the pages of vignettes/ and of vignettes/articles/, which use the pictures in vignettes/figures/, in one folder.
mend_articles <- function(text, folder) {
  source <- paste0('href="(', repository, ')?vignettes/(articles/)?([a-z-]+)[.]Rmd"( class="external-link")?')
  page <- paste0('href="', folder, '\\3.html"')
  text <- gsub(source, page, text)
  gsub('src="../figures/', 'src="figures/', text, fixed = TRUE)
}

# Chinese has no space where a line of its source ends; pandoc writes one.
join_chinese <- function(text) {
  character <- "[\\p{Han}\\x{3000}-\\x{303F}\\x{FF00}-\\x{FFEF}]" # with punctuation
  line_end <- paste0("(?<=", character, ")[ \n](?=", character, ")")
  replace_outside_code(text, line_end, function(found) rep("", length(found)))
}

mend_links <- function(text) {
  pages <- sub("[.]html$", "", list.files("docs", "[.]html$"))
  for (page in pages) {
    file <- if (page == "index") "README" else page
    outside <- paste0('href="', repository, file, '.md" class="external-link"')
    text <- gsub(outside, paste0('href="', page, '.html"'), text, fixed = TRUE)
  }
  text
}

mend <- function(file) {
  text <- paste(readLines(file, encoding = "UTF-8"), collapse = "\n")
  text <- gsub("<script[^>]*mathjax[^>]*></script>\n?", "", text, ignore.case = TRUE)
  text <- replace_outside_code(text, "(?s)\\\\\\(.*?\\\\\\)|\\\\\\[.*?\\\\\\]|\\$\\$.*?\\$\\$", mathml)
  home <- dirname(file) == "docs"
  text <- mend_articles(text, if (home) "articles/" else "../articles/")
  if (home) text <- mend_links(text)
  text <- join_chinese(text)
  writeLines(text, file, useBytes = TRUE)
}

for (file in list.files("docs", "[.]html$", recursive = TRUE, full.names = TRUE)) mend(file)
