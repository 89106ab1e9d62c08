# Every call of C++ that computes with a model whose groups differ in more than an intercept. See core.R.

core_check_effects <- function(problem) cpp_effects_check(problem)

core_fit.effect_problem <- function(posterior, draws, seed, cores, call) {
  run_core(cpp_effects_fit(posterior$problem, posterior$propriety$orders, draws, seed, cores), call)
}

core_log_evidence.effect_problem <- function(posterior, call) {
  run_core(cpp_effects_evidence(posterior$problem, posterior$propriety$orders), call)
}

core_summary.effect_problem <- function(posterior, probs, shortest, icc, deviations, call) {
  run_core(
    cpp_effects_summary(
      posterior$problem, posterior$propriety$orders, posterior$record, as.double(probs), shortest, deviations, 1L,
      memory_for_nodes(posterior$problem)
    ),
    call
  )
}
