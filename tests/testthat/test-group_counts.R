# Group counts beside tables and sums of the rows, glm()'s reading of the same formulas, and the likelihood of single observations.

use_code("group_counts")


test_that("binomial counts are those of table() and of sums", {
  for (formula in list(y ~ 1 + (1 | g), yes ~ 1 + (1 | g), word ~ 1 + (1 | g), (k > 3) ~ 1 + (1 | g))) {
    counts <- group_counts(formula, people, binomial())
    values <- eval(formula[[2]], people)
    cross <- table(people$g, values)
    expect_identical(counts$group, rownames(cross))
    expect_identical(counts$events, as.double(cross[, 2]))
    expect_identical(counts$size, as.double(rowSums(cross)))
    expect_identical(counts$n, counts$size)
    expect_identical(counts$log_constant, numeric(4))
    expect_identical(nobs(counts), 400)
  }
  sums <- group_counts(cbind(k, n - k) ~ 1 + (1 | g), with_trials, binomial())
  expect_identical(sums$events, sum_of(with_trials$k, with_trials))
  expect_identical(sums$size, sum_of(with_trials$n, with_trials))
  expect_identical(sums$n, as.double(table(with_trials$g)))
  for (same in list(
    group_counts(k / n ~ 1 + (1 | g), with_trials, binomial(), weights = n),
    group_counts(k / n ~ 1 + (1 | g), with_trials, binomial(), weights = with_trials$n)
  )) {
    expect_identical(same[c("b", "s2")]$events, sums$events[c(1, 3)])
    expect_identical(same$size, sums$size)
    expect_identical(same$log_constant, sums$log_constant)
  }
})

test_that("the response is read as glm() does: successes, trials, weights", {
  formulas <- list(y ~ 1, yes ~ 1, word ~ 1, cbind(k, m) ~ 1, k / n ~ 1)
  for (formula in formulas) {
    weighted <- identical(formula, k / n ~ 1)
    fit <- if (weighted) glm(formula, binomial, with_trials, weights = n) else glm(formula, binomial, with_trials)
    grouped <- update(formula, . ~ 1 + (1 | g))
    counts <- if (weighted) group_counts(grouped, with_trials, binomial, weights = n) else group_counts(grouped, with_trials, "binomial")
    expect_equal(sum(counts$events), sum(fit$y * fit$prior.weights))
    expect_equal(counts$size, sum_of(fit$prior.weights, with_trials))
    expect_equal(counts$events, sum_of(fit$y * fit$prior.weights, with_trials))
  }
  fit <- glm(count ~ 1 + offset(log(days)), poisson, people)
  counts <- group_counts(count ~ 1 + offset(log(days)) + (1 | g), people, poisson)
  expect_equal(sum(counts$events) / sum(counts$size), exp(unname(coef(fit))))
})

test_that("with the constants the likelihood is that of the single observations", {
  theta <- c(-1, 0.3, 2, 0)
  of_row <- theta[match(people$g, sort(unique(people$g)))]
  counts <- group_counts(cbind(k, m) ~ 1 + (1 | g), with_trials, binomial())
  single <- dbinom(with_trials$k, with_trials$n, plogis(of_row[people$n > 0]), log = TRUE)
  whole <- counts$events * plogis(theta, log.p = TRUE) + (counts$size - counts$events) * plogis(-theta, log.p = TRUE) + counts$log_constant
  expect_equal(whole, sum_of(single, with_trials), tolerance = 1e-12)

  counts <- group_counts(count ~ 1 + offset(log(days)) + (1 | g), people, poisson())
  single <- dpois(people$count, people$days * exp(of_row), log = TRUE)
  expect_equal(counts$events * theta - counts$size * exp(theta) + counts$log_constant, sum_of(single), tolerance = 1e-12)
  expect_identical(counts$offset, "log(days)")
})

test_that("exposures are what the offsets say", {
  of <- function(formula) group_counts(formula, people, poisson())$size
  expect_identical(of(count ~ 1 + (1 | g)), as.double(table(people$g)))
  expect_equal(of(count ~ offset(log(days)) + (1 | g)), sum_of(people$days), tolerance = 1e-14)
  for (formula in list(
    count ~ offset(log(days * w)) + (1 | g), count ~ offset(log(days) + log(w)) + (1 | g),
    count ~ offset(log(days)) + offset(log(w)) + (1 | g), count ~ 1 + (1 | g) + offset(log2(days * w) * log(2))
  )) {
    expect_equal(of(formula), sum_of(people$days * people$w), tolerance = 1e-14)
  }
  expect_equal(of(count ~ offset(z) + (1 | g)), sum_of(exp(people$z)), tolerance = 1e-14)
})

test_that("a table with one line a group is the same as its rows", {
  lines <- aggregate(cbind(k, n) ~ g + z, people, sum)
  counts <- group_counts(cbind(k, n - k) ~ z + (1 | g), lines, binomial())
  rows <- group_counts(cbind(k, n - k) ~ z + (1 | g), with_trials, binomial())
  for (field in c("group", "events", "size", "x", "terms")) expect_identical(counts[[field]], rows[[field]])
  expect_identical(counts$n, rep(1, 4))
  expect_equal(counts$log_constant, lchoose(rows$size, rows$events))
})

test_that("predictors are coded as those of the rows", {
  formulas <- list(
    y ~ z + f, y ~ f * z, y ~ 0 + f, y ~ poly(z, 2), y ~ scale(z) + log(z + 3), y ~ I(z^2) + (f == "u"), y ~ ave(days, g)
  )
  for (formula in formulas) {
    with_group <- formula
    with_group[[3]] <- call("+", formula[[3]], quote((1 | g)))
    counts <- group_counts(with_group, people, binomial())
    design <- model.matrix(formula, people)
    design <- design[match(counts$group, people$g), colnames(design) != "(Intercept)", drop = FALSE]
    expect_equal(counts$x, design, ignore_attr = TRUE, tolerance = 1e-12)
    expect_identical(colnames(counts$x), colnames(design))
    expect_identical(unlist(counts$terms, use.names = FALSE), colnames(design))
  }
  # As moments code them.
  of_moments <- group_moments(y ~ f * z + (1 | g), people)
  counts <- group_counts(y ~ f * z + (1 | g), people, binomial())
  expect_identical(unclass(counts)[c("terms", "coding", "group_levels")], unclass(of_moments)[c("terms", "coding", "group_levels")])
})

test_that("a predictor that varies within groups is refused, with what would work", {
  at <- function(formula, ...) expect_refused(group_counts(formula, people, binomial()), "data", ...)
  at(y ~ days + (1 | g), "`days` varies within groups")
  at(y ~ days + (1 | g), "ave")
  at(y ~ z + factor(w) + (1 | g), "factor\\(w\\)")
  at(y ~ poly(days, 2) + (1 | g), "poly")
  at(y ~ z:w + (1 | g), "`w` varies")
  one_group <- transform(people, v = ifelse(g == "s2", cumsum(g == "s2"), 5))
  expect_refused(group_counts(y ~ v + (1 | g), one_group, binomial()), "data", "In group \"s2\" it is 1 and 2")
  # Averages that were computed in several ways.
  nearly <- transform(people, z = z * 3 / 3 + ifelse(seq_along(z) %% 2, 1, 1 + 4e-16) - 1)
  expect_equal(group_counts(y ~ z + (1 | g), nearly, binomial())$x, group_counts(y ~ z + (1 | g), people, binomial())$x, tolerance = 1e-14)
})

test_that("families are an object, a function or text, with the link of the models", {
  call <- rlang::current_env()
  for (family in list(binomial, binomial(), "binomial", binomial("logit"))) expect_identical(read_family(family, call)$name, "binomial")
  for (family in list(poisson, poisson(), "poisson")) expect_identical(read_family(family, call)$name, "poisson")
  for (family in list(gaussian, gaussian(), "gaussian")) expect_identical(read_family(family, call)$link, "identity")
  links <- list(binomial("probit"), poisson("sqrt"), gaussian("log"))
  for (family in c(links, Gamma, "bernoulli", quasibinomial, list(NULL, 3, mean, c("poisson", "binomial"), TRUE))) {
    expect_refused(read_family(family, call), "argument", "binomial\\(\\)")
  }
  expect_refused(read_family(binomial("cloglog"), call), "argument", "cloglog")
  expect_refused(group_counts(y ~ 1 + (1 | g), people), "argument", "family")
  expect_refused(group_counts(y ~ 1 + (1 | g), people, gaussian()), "argument", "group_moments")
})

test_that("formulas that the models cannot express are refused", {
  at <- function(formula, text, family = binomial()) expect_refused(group_counts(formula, people, family), "formula", text)
  at(y ~ z, "grouping factor")
  at(y ~ offset(log(days)) + (1 | g), "Offsets.*binomial")
  at(cbind(k, m, w) ~ 1 + (1 | g), "cbind\\(successes, failures\\)")
  at(cbind(k) ~ 1 + (1 | g), "cbind\\(successes, failures\\)")
  at(log(cbind(k, m)) ~ 1 + (1 | g), "single response")
  at(cbind(k, m) ~ 1 + (1 | g), "single response", poisson())
  at(y ~ z + (1 + z | g), "intercept")
  at(y ~ z + (0 + z | g), "intercept")
  expect_refused(group_moments(cbind(k, m) ~ 1 + (1 | g), people), "formula", "single response")
  expect_refused(group_moments(y ~ offset(z) + (1 | g), people), "formula", "Offsets are not supported")
})

test_that("what is no count is refused, with its row", {
  at <- function(formula, data, text, family = binomial(), class = "data") expect_refused(group_counts(formula, data, family), class, text)
  put <- function(column, value, row = 7) {
    people[[column]][row] <- value
    people
  }
  at(cbind(k, m) ~ 1 + (1 | g), put("m", -1), "-1 in row 7")
  at(cbind(k, m) ~ 1 + (1 | g), put("k", 2.5), "2.5 in row 7")
  at(cbind(k, m) ~ 1 + (1 | g), put("k", Inf), "Inf in row 7")
  at(cbind(k, n - k) ~ 1 + (1 | g), put("k", 100), "n - k.*in row 7")
  at(y ~ 1 + (1 | g), put("y", 0.5), "0.5 in row 7")
  at(y ~ 1 + (1 | g), put("y", 2), "0 or 1.*2 in row 7")
  at(y ~ 1 + (1 | g), put("y", -1), "-1 in row 7")
  at(f ~ 1 + (1 | g), people, "factor of two levels")
  at(factor(f) ~ 1 + (1 | g), people, "has 3")
  at(factor(f) ~ 1 + (1 | g), subset(people, f == "u"), "has 1")
  at(count ~ 1 + (1 | g), put("count", -2), "-2 in row 7", poisson())
  at(count ~ 1 + (1 | g), put("count", 1.01), "1.01 in row 7", poisson())
  at(count ~ 1 + (1 | g), put("count", Inf), "Inf in row 7", poisson())
  at(yes ~ 1 + (1 | g), people, "whole numbers", poisson())
  for (bad in list(NA, 0, -3, Inf)) at(count ~ offset(log(days)) + (1 | g), put("days", bad), paste(bad, "in row 7"), poisson())
  at(count ~ offset(z) + (1 | g), put("z", NA), "NA in row 7", poisson())
  at(count ~ offset(log(2)) + (1 | g), people, "one number a row", poisson())
  at(count ~ offset(f) + (1 | g), people, "one number a row", poisson())
  at(count ~ offset(log(nothing)) + (1 | g), people, "nothing", poisson())
  at(y ~ z + (1 | g), put("z", Inf, people$g == "s2"), "infinite in group \"s2\"")
  # Rows that are dropped do not count.
  unobserved <- people
  unobserved[people$yes, c("days", "count")] <- NA
  expect_message(of_seen <- group_counts(count ~ offset(log(days)) + (1 | g), unobserved, poisson()), "missing")
  expect_same_counts(`[[<-`(of_seen, "dropped", 0), group_counts(count ~ offset(log(days)) + (1 | g), subset(people, !yes), poisson()))
  # As far from whole as glm() allows.
  expect_warning(glm(cbind(k, m) ~ 1, binomial, put("k", 2.0011)), "non-integer")
  at(cbind(k, m) ~ 1 + (1 | g), put("k", 2.0011), "2.0011")
  expect_warning(glm(cbind(k, m) ~ 1, binomial, transform(put("k", 2.0009), m = 3)), NA)
  expect_identical(group_counts(cbind(k, m) ~ 1 + (1 | g), transform(put("k", 2.0009), m = 3), binomial())$events,
                   sum_of(put("k", 2)$k))
})

test_that("weights are whole numbers of trials of a proportion", {
  at <- function(formula, weights, text, family = binomial()) {
    weights <- rlang::enquo(weights)
    expect_refused(rlang::inject(group_counts(!!formula, with_trials, family, weights = !!weights)), "argument", text)
  }
  at(k / n ~ 1 + (1 | g), n / 2, "whole numbers of trials")
  at(k / n ~ 1 + (1 | g), -n, "negative")
  at(cbind(k, m) ~ 1 + (1 | g), n, "cbind\\(k, m\\)")
  at(count ~ 1 + (1 | g), n, "offset", poisson())
  expect_refused(group_counts(k / n ~ 1 + (1 | g), with_trials, binomial(), weights = n + 1), "data", "whole numbers of successes")
  expect_refused(group_counts(k ~ 1 + (1 | g), with_trials, binomial(), weights = n), "data", "from 0 to 1")
  # A weight of a row of 0 or 1 is that many rows.
  twice <- group_counts(y ~ 1 + (1 | g), people, binomial(), weights = w)
  expect_same_counts(twice, `[[<-`(group_counts(y ~ 1 + (1 | g), people[rep(seq_len(400), people$w), ], binomial()), "n", twice$n))
})

test_that("rows with missing values and rows without trials are dropped and told of", {
  holes <- people
  holes$k[3:4] <- holes$m[4] <- holes$g[5] <- holes$z[6:8] <- NA
  left <- holes[complete.cases(holes[c("k", "m", "g", "z")]), ]
  formula <- cbind(k, m) ~ z + (1 | g)
  told <- character()
  counts <- withCallingHandlers(group_counts(formula, holes, binomial()), bayespool_message_dropped = function(cnd) {
    told <<- c(told, conditionMessage(cnd))
    tryInvokeRestart("muffleMessage")
  })
  expect_match(told[1], "Dropped 6 rows.*cbind\\(k, m\\)")
  without <- sum(left$n == 0)
  expect_match(told[2], paste0("Left out ", without, " row.* without trials"))
  expect_identical(counts$dropped, 6 + without)
  expect_identical(counts$events, as.double(tapply(left$k, left$g, sum)))
  expect_identical(counts$n, as.vector(tapply(left$n > 0, left$g, sum)) + 0)
  withr::with_options(list(na.action = "na.fail"), expect_refused(group_counts(formula, holes, binomial()), "data", "na.fail"))
  expect_refused(group_counts(y ~ 1 + (1 | g), people[0, ], binomial()), "data", "no rows")
  expect_refused(group_counts(y ~ 1 + (1 | g), transform(people, y = NA_real_), binomial()), "data", "Every row")
  expect_refused(group_counts(cbind(k, m) ~ 1 + (1 | g), transform(people, k = 0, m = 0), binomial()), "argument", "without trials")
  expect_refused(group_counts(nothing ~ 1 + (1 | g), people, binomial()), "data", "nothing")
  expect_refused(group_counts(y ~ 1 + (1 | g), 3, binomial()), "data", "group counts")
  expect_refused(group_counts(y ~ 1 + (1 | g), group_moments(y ~ 1 + (1 | g), people), binomial()), "data", "normal")
})

test_that("groups come in the order of factor(), whatever their labels", {
  labels <- list(
    c(10, 2, 1e5, 0.1), c(10L, 2L, 100000L, 5L), c("b", "B", "\u00e4 \"x\"", ""), c(TRUE, FALSE, TRUE, FALSE),
    factor(c("z", "a", "m", "k"), levels = c("unused", "z", "m", "a", "k")), as.Date("2024-01-01") + c(3, 1, 2, 0)
  )
  for (label in labels) {
    rows <- transform(people, own = label[match(g, unique(g))])
    counts <- group_counts(y ~ 1 + (1 | own), rows, binomial())
    cross <- table(droplevels(factor(rows$own)), rows$y)
    expect_identical(counts$group, rownames(cross))
    expect_identical(counts$events, as.double(cross[, 2]))
    parts <- lapply(split(rows, rows$days > 5), function(part) group_counts(y ~ 1 + (1 | own), part, binomial()))
    expect_same_counts(do.call(c, parts), counts)
  }
})

test_that("methods show and choose", {
  counts <- group_counts(count ~ f + offset(log(days)) + (1 | g), people, poisson())
  frame <- as.data.frame(counts)
  expect_named(frame, c("g", "n", "events", "exposure", "rate", "fv", "fw"))
  expect_identical(frame$rate, frame$events / frame$exposure)
  expect_identical(rownames(as.data.frame(counts, row.names = letters[1:4])), letters[1:4])
  expect_output(print(counts), "<group_counts> 4 groups of g, 400 observations, poisson")
  expect_output(print(counts, max_groups = 2), "and 2 more groups")
  expect_output(print(group_counts(y ~ 1 + (1 | g), people, binomial())), "proportion")
  expect_identical(unclass(counts[c("s2", "b")]), unclass(counts[c(3, 1)]))
  expect_identical(as.data.frame(counts[-1])$g, c("s10", "s2", "tokyo"))
  expect_identical(unclass(counts[]), unclass(counts))
  expect_identical(subset(counts, fw == 1)$group, "tokyo")
  expect_identical(subset(counts, rate > 0 & events > 1e6 | g == "b")$group, "b")
  expect_identical(nobs(counts[1]), sum(people$g == "b") + 0)
  expect_refused(counts["nobody"], "moments", "nobody")
  expect_refused(counts[9], "moments", "positions")
  expect_refused(counts[c(1, 1)], "moments", "more than once")
  expect_refused(subset(counts, rate > 1e9), "moments", "No group")
  expect_refused(subset(counts, nothing), "moments", "rate")
})

test_that("parts merge in any order and number as if their rows had been together", {
  for (formula in list(cbind(k, m) ~ z + (1 | g), cbind(k, m) ~ f * z + (1 | g))) {
    of <- function(rows) group_counts(formula, rows, binomial())
    whole <- of(with_trials)
    parts <- lapply(split(with_trials, withr::with_seed(1, sample(rep_len(1:5, nrow(with_trials))))), of)
    for (order in list(1:5, 5:1, c(3, 1, 5, 2, 4))) expect_same_counts(do.call(c, unname(parts[order])), whole)
    expect_same_counts(c(parts[[1]], list(c(parts[[3]], parts[[2]]), list(parts[[5]], parts[[4]]))), whole)
    expect_same_counts(group_counts(formula, unname(parts), binomial()), whole)
    expect_same_counts(group_counts(formula, whole, binomial()), whole)
  }
})

test_that("parts may have other levels of categories", {
  all_levels <- transform(people, f = factor(f, levels = c("u", "v", "w")))
  for (contrasts in c("contr.treatment", "contr.sum", "contr.helmert")) {
    withr::local_options(contrasts = c(contrasts, "contr.poly"))
    for (formula in list(y ~ f + z + (1 | g), y ~ f:z + (1 | g), y ~ 0 + f + (1 | g))) {
      of <- function(rows) group_counts(formula, rows, binomial())
      merged <- do.call(c, lapply(unname(split(all_levels, all_levels$g)), of))
      expect_same_counts(merged, of(all_levels))
      expect_same_counts(c(of(subset(all_levels, f != "v")), of(subset(all_levels, f == "v"))), of(all_levels))
    }
  }
})

test_that("counts that do not belong together are not merged", {
  part <- function(formula, rows = people, family = binomial()) group_counts(formula, rows, family)
  a <- part(y ~ z + (1 | g))
  expect_refused(c(a, part(y ~ z + (1 | g), transform(people, z = z + (g == "s2")))), "moments", "`z` varies within groups.*s2")
  expect_refused(c(a, part(y ~ 1 + (1 | g))), "moments", "same columns")
  expect_refused(c(a, part(y ~ z + (1 | z))), "moments", "same grouping factor")
  expect_refused(c(a, part(y ~ z + (1 | g), family = poisson())), "moments", "same family")
  other <- transform(people, word = factor(word, levels = c("alive", "dead")))
  expect_refused(c(part(word ~ 1 + (1 | g)), part(word ~ 1 + (1 | g), other)), "moments", "success")
  expect_refused(
    c(part(count ~ 1 + (1 | g), family = poisson()), part(count ~ offset(log(days)) + (1 | g), family = poisson())), "moments", "offset"
  )
  expect_refused(c(a, 3), "moments", "number")
  expect_refused(c(a, group_moments(y ~ z + (1 | g), people)), "moments", "group_moments")
  expect_refused(group_counts(y ~ z + (1 | g), list(), binomial()), "data", "empty")
})

test_that("a formula chooses the columns of counts", {
  counts <- group_counts(y ~ f + z + (1 | g), people, binomial())
  expect_same_counts(group_counts(y ~ z + (1 | g), counts, binomial())[1:4], `[[<-`(
    group_counts(y ~ z + (1 | g), people, binomial()), "coding", `[[<-`(counts$coding, "patterns", counts$coding$patterns[0])
  ))
  expect_identical(colnames(group_counts(y ~ z + f + (1 | g), counts, binomial())$x), c("z", "fv", "fw"))
  expect_refused(group_counts(y ~ days + (1 | g), counts, binomial()), "moments", "days")
  expect_refused(group_counts(k ~ z + (1 | g), counts, binomial()), "moments", "response")
  expect_refused(group_counts(y ~ z + (1 | h), counts, binomial()), "moments", "grouping factor")
  expect_refused(group_counts(y ~ z + (1 | g), counts, poisson()), "moments", "family")
  expect_refused(group_counts(y ~ 0 + f + (1 | g), counts, binomial()), "moments", "code")
  # Without groups all are one.
  parsed <- function(formula) parse_formula(formula, family = families$binomial)
  one <- reduce_counts(parsed(y ~ 1), counts)
  expect_identical(unclass(one)[c("group", "n", "events", "size")], list(group = "", n = 400, events = sum(people$y) + 0, size = 400))
  of_rows <- reduce_counts(parsed(y ~ 1), people)
  for (field in c("group_name", "group", "n", "events", "size", "x", "terms", "group_levels")) {
    expect_identical(of_rows[[field]], one[[field]])
  }
  expect_refused(reduce_counts(parsed(y ~ z), people), "data", "no groups")
  expect_refused(reduce_counts(parsed(y ~ z), counts), "data", "no groups")
})
