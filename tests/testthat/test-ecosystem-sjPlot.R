# Tables and pictures of sjPlot, texts of report.

skip_on_cran() # all of it takes long
exported <- function(package, name) getExportedValue(package, name)

fit <- varying_intercept(yield ~ N + P + (1 | block), npk, seed = 1, iter_sampling = 500)
draws_of <- function(variable) unclass(posterior::as_draws_matrix(fit))[, variable]
two_digits <- function(x) formatC(x, format = "f", digits = 2)

test_that("tab_model(): estimates, intervals, variances and R2", {
  skip_if_not_installed("sjPlot")
  page <- exported("sjPlot", "tab_model")(fit, use.viewer = FALSE)$page.content
  text <- gsub("&nbsp;&ndash;&nbsp;", " to ", gsub("<[^>]*>", " ", page))
  slope <- draws_of("beta[N1]")
  variances <- variance_components(fit)$mean[1:2]
  r2 <- unlist(exported("performance", "r2_nakagawa")(fit)[c("R2_marginal", "R2_conditional")])
  shown <- c(
    "(Intercept)", "N1", "P1", two_digits(median(slope)), paste(two_digits(quantile(slope, c(0.025, 0.975))), collapse = " to "),
    two_digits(variances), two_digits(variances[1] / sum(variances)), paste(formatC(r2, format = "f", digits = 3), collapse = " / ")
  )
  for (part in shown) expect_true(grepl(part, text, fixed = TRUE), info = part)
})

test_that("plot_model(): medians and intervals", {
  skip_if_not_installed("sjPlot")
  picture <- suppressWarnings(exported("sjPlot", "plot_model")(fit)) # of ggplot2, on what it calls
  estimates <- as.data.frame(picture$data)
  expect_setequal(as.character(estimates$term), c("N1", "P1"))
  slope <- draws_of("beta[N1]")
  row <- estimates[estimates$term == "N1", ]
  expect_equal(row$estimate, median(slope))
  expect_equal(c(row$conf.low, row$conf.high), quantile(slope, c(0.025, 0.975), names = FALSE))
})

test_that("report(): its sentences have the numbers of the fit", {
  skip_if_not_installed("report")
  report <- suppressMessages(exported("report", "report")(fit))
  expect_length(report, 1)
  text <- as.character(report)
  slope <- draws_of("beta[N1]")
  shown <- c(
    "Bayesian linear mixed model", "beta_0 ~ normal(", "sigma_0 ~ ", paste("Median =", two_digits(median(slope))),
    paste0(sprintf("%.2f%%", 100 * mean(slope > 0)), " probability of being positive"),
    paste("adj. R2 =", two_digits(loo_R2(fit)))
  )
  for (part in shown) expect_true(grepl(part, text, fixed = TRUE), info = part)
  table <- as.data.frame(suppressMessages(exported("report", "report_table")(fit)))
  expect_equal(table$Median[table$Parameter %in% "N1"], median(slope))
  expect_equal(table$Fit[table$Parameter %in% "LOOIC"], loo(fit)$estimates["looic", "Estimate"])
})
