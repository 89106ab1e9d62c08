# One fit: check the arguments, reduce the data to moments, set up the problem, draw, and build the object.

# `model`: a name in model_table. `sigma`: "group" or "common" for no pooling. `arguments`: the arguments of the user's call
# that update() needs again. `call`: for error messages.
fit_model <- function(model, formula, data, prior, sigma = "common", algorithm, chains, iter_sampling, iter_warmup, seed,
                      prior_only, cores, control, dots, call) {
  if (missing(formula) || missing(data)) {
    abort_bayespool(
      c(
        "{.arg formula} and {.arg data} must be given.",
        i = "{.arg data} is a data frame or group moments; variables are only looked up there."
      ),
      "argument", call
    )
  }
  algorithm <- choose_one(algorithm, c("exact", "nuts"), call)
  check_arguments(dots, chains, iter_sampling, iter_warmup, seed, prior_only, cores, call)
  check_nuts_arguments(algorithm, iter_warmup, control, call)
  parsed <- parse_formula(formula, call = call)
  check_model_formula(model, parsed, call)
  if (model == "no_pooling") {
    sigma <- choose_sigma(sigma, parsed, call)
    parsed <- with_intercept(parsed)
  }
  separate <- identical(sigma, "group")
  # Moments that the user gave stay as they are: without the rows nothing else tells the groups' cross-products.
  pooled <- !separate && !inherits(data, "group_moments")
  moments <- reduce_data(parsed, data, pooled, call = call)
  predictors <- utils::head(colnames(moments$mean), -1)
  parameters <- model_parameters(model, predictors, moments$group, parsed$intercept, separate)
  priors <- resolve_priors(prior, parameters$kinds, scale_statistics(moments), call = call)
  problem <- new_problem(model, parameters, moments, priors, prior_only)
  problem <- check_propriety(problem, parameters, priors, prior_only, call)

  saved <- iter_sampling + if (algorithm == "nuts" && control$save_warmup) iter_warmup else 0
  check_memory(
    as.double(chains) * saved, length(parameters$variables), "variables",
    "Ask for fewer draws, or for none with {.code iter_sampling = 0}: {.fn exact_summary} needs none.", call
  )
  seed_used <- if (iter_sampling == 0) NULL else if (is.null(seed)) sample.int(.Machine$integer.max, 1) else seed
  sampled <- if (algorithm == "exact") {
    run_exact(problem, parameters, chains, iter_sampling, seed_used %||% 0, cores, call)
  } else if (iter_sampling > 0) {
    run_nuts(problem, model, parameters, as.integer(chains), as.integer(iter_warmup), as.integer(iter_sampling), seed_used,
             as.integer(cores), control, call)
  }
  if (!is.null(sampled$nuts)) {
    warn_nuts(sampled$draws, sampled$nuts, call)
  }

  structure(
    list(
      model = model,
      formula = global_formula(formula),
      group_name = parsed$group,
      parameters = parameters,
      priors = priors,
      moments = moments,
      data = used_data(parsed, data),
      prior_only = prior_only,
      algorithm = algorithm,
      log_evidence = sampled$log_evidence,
      draws = sampled$draws,
      nuts = sampled$nuts,
      chains = as.integer(chains),
      iter_sampling = as.integer(iter_sampling),
      seed = seed_used,
      arguments = c(
        list(prior = prior, algorithm = algorithm, chains = chains, iter_sampling = iter_sampling, seed = seed,
             prior_only = prior_only, cores = cores),
        if (algorithm == "nuts") list(iter_warmup = iter_warmup, control = control),
        if (model == "no_pooling") list(sigma = sigma)
      )
    ),
    class = "bayespool_fit"
  )
}

run_exact <- function(problem, parameters, chains, iter_sampling, seed, cores, call) {
  draws <- as.integer(chains) * as.integer(iter_sampling)
  sampled <- run_core(cpp_sample(problem, draws, seed, as.integer(cores)), call)
  list(
    draws = if (draws > 0) new_draws(sampled$draws, iter_sampling, chains, parameters$variables),
    log_evidence = sampled$log_evidence
  )
}

# The numerical problem of a fit, for what is computed after it.
fit_problem <- function(fit) {
  problem <- new_problem(fit$model, fit$parameters, fit$moments, fit$priors, fit$prior_only)
  check_propriety(problem, fit$parameters, fit$priors, fit$prior_only, call = NULL)
}

check_arguments <- function(dots, chains, iter_sampling, iter_warmup, seed, prior_only, cores, call) {
  if (length(dots) > 0) {
    names <- rlang::names2(dots)
    names[names == ""] <- "(without a name)"
    abort_bayespool(
      c(
        "Unknown argument{?s}: {.val {names}}.",
        i = "Further arguments are {.arg algorithm}, {.arg chains}, {.arg iter_sampling}, {.arg iter_warmup}, {.arg seed}, \\
            {.arg prior_only}, {.arg cores} and {.arg control}; {.fn no_pooling} has {.arg sigma} too. They must be named."
      ),
      "argument", call
    )
  }
  check_argument(chains, is_count(chains, positive = TRUE), "a whole number of at least 1", call)
  check_argument(iter_sampling, is_count(iter_sampling), "a whole number of at least 0", call)
  check_argument(iter_warmup, is_count(iter_warmup), "a whole number of at least 0", call)
  check_argument(seed, is_whole(seed, lower = 0, null_ok = TRUE), "a whole number of at least 0, or {.code NULL}", call)
  check_argument(prior_only, checkmate::test_flag(prior_only), "{.code TRUE} or {.code FALSE}", call)
  check_argument(cores, is_count(cores, positive = TRUE), "a whole number of at least 1", call)
  if (as.double(chains) * (iter_sampling + iter_warmup) > .Machine$integer.max) {
    abort_bayespool(
      c(
        "Too many draws: {.arg chains} times {.arg iter_sampling} (and {.arg iter_warmup}) must be below 2^31.",
        i = "Found {chains} times {iter_sampling} (and {iter_warmup}).",
        i = "Ask for fewer draws, or for none with {.code iter_sampling = 0}: {.fn exact_summary} needs none."
      ),
      "memory", call
    )
  }
}

# The settings of NUTS mean nothing to the exact algorithm: other values than the defaults are a mistake there.
check_nuts_arguments <- function(algorithm, iter_warmup, control, call) {
  check_argument(control, inherits(control, "bayespool_nuts_control"), "made by {.fn nuts_control}", call)
  given <- c("iter_warmup", "control")[c(iter_warmup != 1000, !identical(control, nuts_control()))]
  if (algorithm == "exact" && length(given) > 0) {
    abort_bayespool(
      c(
        "{.arg {given}} {?is/are} for {.code algorithm = \"nuts\"} only.",
        i = "The exact algorithm has no chains that need warmup or settings."
      ),
      "argument", call
    )
  }
}

# One of `choices`; `choices` itself, the default of an argument, stands for the first.
choose_one <- function(argument, choices, call) {
  if (identical(argument, choices)) {
    return(choices[1])
  }
  name <- rlang::as_label(substitute(argument)) # enexpr() gives the value of what has been evaluated
  if (!(rlang::is_string(argument) && argument %in% choices)) {
    abort_bayespool(
      c("{.arg {name}} must be {.or {.val {choices}}}.", i = "Found {.code {format_found(argument)}}."), "argument", call
    )
  }
  argument
}

# `wanted`: what the argument must be, as cli text.
check_argument <- function(argument, valid, wanted, call) {
  if (!valid) {
    name <- rlang::as_label(rlang::enexpr(argument))
    abort_bayespool(
      c(paste0("{.arg {name}} must be ", wanted, "."), i = "Found {.code {format_found(argument)}}."), "argument", call
    )
  }
}

# checkmate takes complex numbers for whole ones.
is_count <- function(x, ...) is.numeric(x) && checkmate::test_count(x, ...)
is_whole <- function(x, ..., null_ok = FALSE) (is.null(x) && null_ok) || (is.numeric(x) && checkmate::test_int(x, ...))

format_found <- function(x) if (is.atomic(x)) format_expr(utils::head(x, 5)) else class(x)[1]

check_model_formula <- function(model, parsed, call) {
  if (model != "complete_pooling" && is.null(parsed$group)) {
    abort_formula("{.fn {model}} needs a grouping factor.", "Add it as {.code (1 | g)}, with {.code g} the name of a column.",
                  parsed$formula, call)
  }
  if (model == "partial_pooling" && length(parsed$terms) > 0) {
    abort_formula("{.fn partial_pooling} takes no predictors.", "Use {.fn varying_intercept}.", parsed$formula, call)
  }
  if (model == "complete_pooling" && !parsed$intercept && length(parsed$terms) == 0) {
    abort_formula("The formula leaves no mean to estimate.", "Write {.code y ~ 1}.", parsed$formula, call)
  }
}

# Under no pooling each group has an intercept, with or without `0 +`: factors are coded as beside one.
with_intercept <- function(parsed) {
  parsed$fixed <- fixed_formula(parsed$formula, parsed$terms, intercept = TRUE)
  parsed$intercept <- TRUE
  parsed
}

# Groups have standard deviations of their own by default, but share one beside predictors.
choose_sigma <- function(sigma, parsed, call) {
  by_default <- identical(sigma, c("group", "common"))
  sigma <- choose_one(sigma, c("group", "common"), call)
  predictors <- length(parsed$terms) > 0
  if (predictors && !by_default && sigma == "group") {
    abort_bayespool(
      c(
        "{.code sigma = \"group\"} is not supported with predictors.",
        i = "Slopes that are common to the groups need a common {.field sigma}.",
        i = "Use {.code sigma = \"common\"}, or fit each group with {.fn complete_pooling}."
      ),
      "argument", call
    )
  }
  if (by_default && predictors) "common" else sigma
}

# Mean and standard deviation of the response and the predictors, for the scales of default priors.
scale_statistics <- function(moments) {
  total <- merge_into_one(moments)
  sds <- sqrt(diag(unpack_within(total$within[1, ])) / (total$n - 1))
  means <- total$mean[1, ]
  d <- length(means)
  names(sds) <- names(means)
  list(mean_y = means[[d]], sd_y = sds[[d]], mean_x = means[-d], sd_x = sds[-d])
}

# Refuses a matrix of draws of `columns` numbers each; `of` names these and `advice` (cli text) a way out.
check_memory <- function(draws, columns, of, advice, call) {
  bytes <- 8 * as.double(draws) * columns
  if (bytes < 2^28) {
    return(invisible())
  }
  available <- available_memory()
  if (bytes > available) {
    size <- format_bytes(bytes)
    left <- format_bytes(available)
    abort_bayespool(
      c(
        "The draws would not fit in memory.",
        i = "{draws} draws of {columns} {of} take {size}; {left} are available.",
        i = advice
      ),
      "memory", call
    )
  }
}

# Bytes that a computation may take.
available_memory <- function() 0.8 * tryCatch(ps::ps_system_memory()[["avail"]], error = function(cnd) Inf)

format_bytes <- function(bytes) format(structure(bytes, class = "object_size"), units = "auto")

# Bytes for the covariance matrices of the coefficients at the nodes. Few coefficients always fit.
memory_for_nodes <- function(problem) if (length(problem$coefficient_sd) < 100) Inf else available_memory()

# What the core refuses becomes an error of the package.
run_core <- function(result, call) {
  tryCatch(
    result,
    `bayespool::UnreachableMass` = function(cnd) {
      abort_bayespool(
        c(
          "The posterior cannot be computed: it has mass at standard deviations that are too small or too large for numbers.",
          i = "A prior with very heavy tails and few data do this.",
          i = "Choose a prior for the standard deviations with more definite scale, such as {.code dist_exponential()}."
        ),
        "numerical", call
      )
    },
    `bayespool::NodesTooLarge` = function(cnd) {
      abort_bayespool(
        c(
          "The covariances of the coefficients, at each node of the quadrature, would not fit in memory.",
          i = "They take {format_bytes(as.numeric(conditionMessage(cnd)))}; {format_bytes(available_memory())} are available.",
          i = "Use fewer predictors, or what is computed from draws: {.fn summary}, {.code loo(fit, method = \"psis\")}."
        ),
        "memory", call
      )
    },
    `std::runtime_error` = function(cnd) {
      abort_bayespool(
        c("The quadrature did not converge.", i = "The posterior is not smooth enough; see whether the priors are meant so."),
        "numerical", call
      )
    }
  )
}

new_draws <- function(draws, iterations, chains, variables) {
  dim(draws) <- c(iterations, chains, length(variables))
  dimnames(draws) <- list(iteration = NULL, chain = NULL, variable = variables)
  posterior::as_draws_array(draws)
}

# Formulas carry the environment that they were written in, with all that is in it.
global_formula <- function(formula) {
  environment(formula) <- globalenv()
  formula
}

# The columns of the formula, for update(); NULL where the fit was made from moments. Rows keep the names that the user gave
# them, but not R's own numbers.
used_data <- function(parsed, data) {
  if (inherits(data, "group_moments")) {
    return(NULL)
  }
  columns <- as.list(data)[all.vars(parsed$formula)]
  structure(columns, class = "data.frame", row.names = row_labels(data) %||% .set_row_names(nrow(data)))
}

row_labels <- function(data) {
  labels <- attr(data, "row.names")
  if (is.character(labels)) labels
}
