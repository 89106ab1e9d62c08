# Random calls, sound and silly, with fixed seeds. tools/fuzz.R runs more of them and repeats a single one.

use_code("fuzz")

test_that("random calls end in a plausible answer or in an error of the package", {
  skip_on_cran()
  for (seed in c(1:150, 1e6 + 1:80, 2e6 + 1:80)) {
    case <- fuzz_case(seed)
    defects <- case[startsWith(case$state, "defect"), ]
    expect(nrow(defects) == 0, paste("Rscript tools/fuzz.R --seed", defects$seed, ":", defects$call, defects$state))
  }
})

test_that("the fuzzer sees what it looks for", {
  outcome <- function(expr) fuzz_outcome(function() expr)$state
  expect_identical(outcome(1), "ok")
  expect_identical(outcome(complete_pooling(y ~ 1, 3)), "refused: bayespool_error_data")
  expect_match(outcome(list()[[2]]), "^defect: error .*subscript out of bounds")
  expect_match(outcome(warning("odd")), "^defect: unclassed")
  expect_match(outcome(message("odd")), "^defect: unclassed")
  expect_match(outcome(abort_bayespool("object 'x' not found", "data", NULL)), "^defect")
  fit <- complete_pooling(yield ~ 1, npk, iter_sampling = 1, chains = 1)
  fit$draws[1] <- NaN
  expect_match(outcome(check_fit(fit)), "^defect: error fuzz_violation: draws")
  table <- exact_summary(fit)
  table$sd[1] <- -1
  expect_match(outcome(check_summary(table)), "^defect: error fuzz_violation: an sd")
})
