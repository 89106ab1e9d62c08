# The explorer in a browser: what a student does there, and the code that comes out.

skip_on_cran() # all of it starts a browser
use_code("app")

# That what the page shows is what its code makes.
expect_code_makes_page <- function(page) {
  code <- page$run("explorer.code()")
  env <- new.env(parent = globalenv())
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  utils::capture.output(eval(parse(text = code), env))
  shown <- page$run("explorer.numbers().groups")
  # With predictors what one sees, and what is printed, is at their average.
  made <- compare_at_average(env$comparison, 0.94, "hdi", NULL)$groups
  for (model in names(shown$models)) {
    rows <- made[made$model == model, ]
    rows <- rows[match(unlist(shown$label), rows$group), ]
    for (column in c("estimate", "lower", "upper")) {
      expect_equal(as.numeric(unlist(shown$models[[model]][[column]])), rows[[column]], tolerance = 1e-10)
    }
  }
  expect_equal(unlist(page$run("explorer.numbers().evidence")), env$comparison$models$log_evidence, tolerance = 1e-10, ignore_attr = TRUE)
  invisible(env$comparison)
}

# Of the prior on sigma_mu.
choose_family <- function(family) {
  paste0("(s => { s.value = '", family, "'; s.dispatchEvent(new Event('change')); })(document.querySelector('[data-parameter=sigma_mu]'))")
}

test_that("a student drags a prior and points, drops a group, and takes the code", {
  skip_without_browser()
  address <- serve("explore_pooling(scontrol ~ 1 + (1 | site), hpp_sites)")
  page <- open_tab(address)
  expect_code_makes_page(page)
  of_rows <- function(code) page$run(paste0("explorer.numbers().groups.", code))
  spread <- page$run("explorer.numbers().spread.estimate[1]")

  # A slider of a prior.
  page$run("document.querySelectorAll('#priors fieldset')[2].querySelector('input[type=range]').focus()")
  page$act(page$press("ArrowRight", 30))
  expect_gt(page$run("explorer.numbers().priors[2].par[0]"), 0.15)
  expect_lt(page$run("explorer.numbers().spread.estimate[1]"), spread)
  expect_code_makes_page(page)

  # Another family.
  page$act(page$run(choose_family("cauchy")))
  expect_identical(page$run("explorer.numbers().priors[2].family"), "cauchy")
  expect_code_makes_page(page)

  # A point, and the bar of a size.
  before <- c(of_rows("observed[4]"), of_rows("models.partial.estimate[4]"))
  page$act(page$drag("[data-handle=mean5]", 60))
  expect_gt(of_rows("observed[4]"), before[1])
  expect_gt(of_rows("models.partial.estimate[4]"), before[2])
  page$act(page$drag("[data-handle=n11]", 25))
  expect_gt(of_rows("n[10]"), 10)
  comparison <- expect_code_makes_page(page)
  expect_equal(comparison$groups$n[11], of_rows("n[10]"))

  # A group that is dropped, by key, and put back; a copy.
  page$run("document.querySelector('[data-handle=mean5]').focus()")
  page$act(page$press("Delete"))
  expect_false("Oslo" %in% unlist(of_rows("label")))
  expect_code_makes_page(page)
  page$act(page$run("document.querySelector('#table input[data-at=\"5\"]').click()"))
  expect_true("Oslo" %in% unlist(of_rows("label")))
  page$act(page$run("document.getElementById('add').click()"))
  expect_length(of_rows("label"), 16)
  comparison <- expect_code_makes_page(page)

  # Leave-one-out follows.
  page$wait("document.querySelector('[data-what=elpd_logo][data-model=partial]:not(.stale)')")
  shown <- page$run("document.querySelector('[data-what=elpd_logo][data-model=partial]').textContent")
  expect_equal(as.numeric(sub(" .*", "", shown)), round(comparison$models$elpd_logo[3], 1))

  # What one takes away.
  page$run("navigator.clipboard = undefined; document.getElementById('copy').click()")
  page$wait("document.getElementById('copy').textContent === 'Copied'")
  expect_identical(page$run("document.getElementById('code').textContent"), page$run("explorer.code()"))
  table <- utils::read.csv(text = page$run("explorer.csv()"))
  partial <- comparison$groups[comparison$groups$model == "partial", ]
  expect_equal(table$partial, partial$estimate[match(table$site, partial$group)], tolerance = 1e-10)
  expect_equal(table$shrinkage, partial$shrinkage[match(table$site, partial$group)], tolerance = 1e-6)
  for (type in c("png", "svg")) {
    page$run(paste0("explorer.saved = null; document.getElementById('", type, "').click()"))
    page$wait("explorer.saved")
    expect_gt(page$run("explorer.saved.size"), 3000)
  }
  svg <- page$run("document.getElementById('svg').click(), explorer.saved.blob.text()")
  expect_match(svg, "Southampton")
  expect_identical(page$complaints(), character())
})

test_that("keys move points and go from group to group; screen readers are told", {
  skip_without_browser()
  page <- open_tab(serve("explore_pooling(scontrol ~ stress + (1 | site), hpp_sites)"))
  page$run("document.querySelector('[data-handle=mean1]').focus()")
  before <- as.numeric(page$run("document.activeElement.getAttribute('aria-valuenow')"))
  page$act(page$press("ArrowRight", 3))
  expect_identical(page$run("document.activeElement.getAttribute('data-handle')"), "mean1")
  expect_gt(as.numeric(page$run("document.activeElement.getAttribute('aria-valuenow')")), before)
  page$act(page$press("ArrowDown"))
  expect_identical(page$run("document.activeElement.getAttribute('aria-label')"), "Chile: mean")
  expect_match(page$run("document.getElementById('summary').textContent"), "^Chile: own mean")
  page$act(page$press("ArrowUp"))
  page$act(page$press("Escape"))
  expect_equal(as.numeric(page$run("document.activeElement.getAttribute('aria-valuenow')")), before, tolerance = 1e-4)
  expect_code_makes_page(page)
  # One point and one bar are stops of the tabulator; all else is a slider with a name and a value.
  expect_equal(page$run("document.querySelectorAll('#rows [tabindex=\"0\"]').length"), 2)
  expect_equal(page$run("document.querySelectorAll('#rows [role=slider][aria-label][aria-valuenow][aria-valuemin]').length"), 30)
  nameless <- paste(
    "[...document.querySelectorAll('input, select, button')]", ".filter(e => !e.labels?.length && !e.ariaLabel && !e.textContent).length"
  )
  expect_equal(page$run(nameless), 0)
  expect_identical(page$complaints(), character())
})

test_that("what makes no posterior is said in place, and nothing is lost", {
  skip_without_browser()
  page <- open_tab(serve("explore_pooling(scontrol ~ 1 + (1 | site), hpp_sites[1:2])"))
  before <- page$run("document.getElementById('rows').outerHTML.length")
  page$act(page$run(choose_family("flat")))
  expect_false(page$run("document.getElementById('problem').hidden"))
  expect_match(page$run("document.getElementById('problem').textContent"), "sigma_mu")
  expect_equal(page$run("document.getElementById('rows').outerHTML.length"), before)
  page$act(page$run("document.getElementById('reset-all').click()"))
  expect_true(page$run("document.getElementById('problem').hidden"))
  expect_identical(page$complaints(), character())
})

test_that("labels are text, the page is Chinese where it should be, and fits a phone", {
  skip_without_browser()
  app <- paste(
    "explore_pooling(y ~ 1 + (1 | g), as_group_moments(group = c('<img src=x onerror=alert(1)>', 'b', 'c'), n = c(4, 5, 6),",
    "mean = c(1, 2, 4), sd = c(1, 2, 1), response = 'y'), lang = 'zh')"
  )
  page <- open_tab(serve(app), width = 390L)
  expect_equal(page$run("document.querySelectorAll('img').length"), 0)
  expect_identical(page$run("document.documentElement.lang"), "zh")
  expect_identical(page$run("document.getElementById('copy').textContent"), "\u590d\u5236")
  expect_equal(page$run("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), TRUE)
  expect_equal(page$run("[...document.querySelectorAll('[data-word]')].filter(e => !e.textContent.trim()).length"), 0)
  expect_identical(page$complaints(), character())
})

test_that("twenty sessions at once", {
  skip_without_browser()
  address <- serve("explore_pooling(scontrol ~ 1 + (1 | site), hpp_sites)")
  first <- open_tab(address)
  truth <- first$run("explorer.numbers().groups.models.partial.estimate")
  # Frames of one page are sessions of their own.
  first$run(paste0(
    "for (let i = 0; i < 20; i++) { const f = document.createElement('iframe'); f.src = '", address, "'; document.body.append(f); }"
  ))
  first$wait("Array.from(frames).every(f => f.explorer && f.explorer.ready)", 120)
  move <- "Array.from(frames).forEach((f, i) => { f.document.getElementById('mean').value = 40 + i / 10;"
  first$run(paste(move, "f.document.getElementById('mean').dispatchEvent(new Event('change')); })"))
  first$wait("Array.from(frames).every(f => f.explorer.ready > 1 && f.explorer.idle())", 120)
  expect_equal(first$run("Array.from(frames).map(f => f.explorer.numbers().groups.observed[0])"), as.list(40 + 0:19 / 10), tolerance = 1e-9)
  expect_equal(first$run("Array.from(frames).filter(f => !f.document.getElementById('problem').hidden).length"), 0)
  expect_equal(first$run("explorer.numbers().groups.models.partial.estimate"), truth)
  expect_false(any(grepl("Error", readLines(attr(address, "log")))))
  expect_identical(first$complaints(), character())
})
