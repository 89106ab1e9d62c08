# gtsummary, and broom.helpers on which it stands: rows and labels of variables and levels as those of lm(), numbers of tidy().

exported <- function(package, name) getExportedValue(package, name)
rows <- transform(npk, dose = as.numeric(N) + seq_len(24) / 10)
attr(rows$N, "label") <- "Nitrogen"
attr(rows$dose, "label") <- "Dose"
formula <- yield ~ N * dose + poly(seq_along(P), 2) + (1 | block)
fit <- varying_intercept(formula, rows, iter_sampling = 0)
counts <- varying_intercept(
  cbind(k, n - k) ~ x + (1 | g), data.frame(k = c(3, 5, 2, 8), n = c(10, 12, 9, 11), x = 1:4, g = letters[1:4]),
  family = binomial(), iter_sampling = 0
)

test_that("broom.helpers sees the variables, levels and sizes that it sees in lm()", {
  skip_if_not_installed("broom.helpers", "1.20")
  table <- function(model) as.data.frame(exported("broom.helpers", "tidy_plus_plus")(model))
  columns <- c(
    "term", "variable", "var_label", "var_class", "var_type", "contrasts", "contrasts_type", "reference_row", "label", "n_obs"
  )
  ours <- table(fit)
  theirs <- table(lm(reformulas::nobars(formula), rows))
  expect_equal(ours[seq_len(nrow(theirs)), columns], theirs[columns], ignore_attr = TRUE)
  expect_identical(ours$var_type[-seq_len(nrow(theirs))], c("ran_pars", "ran_pars"))
  estimates <- ours$estimate[!ours$reference_row %in% TRUE]
  expect_identical(estimates, tidy(fit)$estimate[-1])
  limits <- ours$conf.low[!ours$reference_row %in% TRUE]
  expect_identical(limits, tidy(fit, conf.int = TRUE, conf.level = 0.95)$conf.low[-1])
  ratios <- exported("broom.helpers", "tidy_plus_plus")(counts, exponentiate = TRUE)
  expect_identical(attr(ratios, "coefficients_label"), "OR")
  expect_identical(ratios$estimate[1], exp(fixef(counts)[["x"]]))
})

test_that("tbl_regression() and tbl_merge() show a fit beside lm()", {
  skip_if_not_installed("gtsummary", "2.0")
  skip_if_not_installed("broom", "1.0.5")
  skip_if_not_installed("broom.helpers", "1.20")
  tbl <- function(...) exported("gtsummary", "tbl_regression")(...)
  body <- tbl(fit, intercept = TRUE)$table_body
  of_lm <- tbl(lm(reformulas::nobars(formula), rows), intercept = TRUE)$table_body
  expect_identical(body$label[seq_len(nrow(of_lm))], of_lm$label)
  expect_identical(unname(body$label[2:4]), c("Nitrogen", "0", "1"))
  expect_identical(body$estimate[4], fixef(fit)[["N1"]])
  merged <- suppressMessages(exported("gtsummary", "tbl_merge")(list(tbl(fit), tbl(lm(reformulas::nobars(formula), rows)))))$table_body
  expect_identical(merged$estimate_1[merged$label == "Dose"], fixef(fit)[["dose"]])
  expect_identical(sum(is.na(merged$N_obs_2)), 2L) # the standard deviations
  odds <- tbl(counts, exponentiate = TRUE)
  expect_identical(odds$table_body$estimate[1], exp(fixef(counts)[["x"]]))
  expect_match(odds$table_styling$header$label[odds$table_styling$header$column == "estimate"], "OR")
})
