# Method for texreg: tables whose rows are those of lme4's fits. Its generic function is S4's, so the method is set when texreg is there.

# Methods need a class, and a place outside of this package, which is sealed by then.
set_extract <- function() {
  place <- new.env(parent = topenv())
  methods::setOldClass("bayespool_fit", where = place)
  methods::setMethod(getExportedValue("texreg", "extract"), "bayespool_fit", extract_fit, where = place)
}

# `...`: arguments of tidy(), and what texreg passes to all models.
extract_fit <- function(model, conf.int = FALSE, ...) {
  rows <- tidy(model, c("fixed", if (has_independent_groups(model$model)) "ran_coefs"), conf.int = conf.int, ...)
  groups <- if (has_grouping_factor(model)) ngrps(model) else integer()
  names(groups) <- paste("Num. groups:", names(groups), recycle0 = TRUE)
  counts <- c("Num. obs." = stats::nobs(model), groups)
  evidence <- glance(model)$log_evidence
  gof <- c(counts, if (has_population(model$model)) named_variances(VarCorr(model)), if (!is.na(evidence)) c("Log evidence" = evidence))
  getExportedValue("texreg", "createTexreg")(
    coef.names = ifelse(is.na(rows$level), rows$term, paste0(rows$term, " [", rows$level, "]")), coef = rows$estimate,
    se = rows$std.error, ci.low = rows$conf.low %||% numeric(), ci.up = rows$conf.high %||% numeric(),
    gof.names = names(gof), gof = unname(gof), gof.decimal = !names(gof) %in% names(counts)
  )
}

# With texreg's names for those of lme4: "Var: block (Intercept)", "Var: Residual", "Cov: block (Intercept) N1".
named_variances <- function(varcorr) {
  table <- as.data.frame(varcorr)
  parts <- Map(c, ifelse(is.na(table$var2), "Var:", "Cov:"), table$grp, table$var1, table$var2)
  stats::setNames(table$vcov, vapply(parts, function(part) paste(part[!is.na(part)], collapse = " "), ""))
}
