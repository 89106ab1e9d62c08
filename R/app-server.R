# The explorer's session: what the page sends goes to the pure functions, and their numbers back to the page.

explorer_server <- function(exploration, lang) {
  function(input, output, session) {
    memory <- new.env()
    tasks <- list()
    quiet_until <- 0
    send <- function(what, message) session$sendCustomMessage(paste0("explorer-", what), message)
    send("start", explorer_start(exploration))
    shiny::observeEvent(input$state, {
      answer <- explorer_answer(exploration, input$state, memory)
      send("numbers", c(list(seq = input$state$seq), answer$message))
      tasks <<- answer$tasks
      # While a point is dragged nothing else is computed.
      quiet_until <<- seconds() + 0.2
    })
    shiny::observe({
      if (length(tasks) > 0 && seconds() > quiet_until) {
        found <- tasks[[1]]()
        if (!is.null(found)) {
          tasks <<- tasks[-1]
          send("more", found)
        }
      }
      # In between the page is heard.
      shiny::invalidateLater(if (length(tasks) > 0) 5 else 150, session)
    })
  }
}

seconds <- function() unclass(Sys.time())[[1]]

# What the page needs once.
explorer_start <- function(exploration) {
  data <- exploration$data
  list(
    labels = as.list(data$group), models = as.list(names(exploration$models)),
    group_name = exploration$group_name, response = exploration$response, formula = format_formula(exploration$formula),
    family = exploration$family$name, rows = !is.null(exploration$rows), means = as.list(raw_means(data)),
    sizes = as.list(if (inherits(data, "group_counts")) data$size else data$n),
    families = list(location = families_of_controls("location"), scale = families_of_controls("scale"), correlation = list("lkj"))
  )
}

# Families that a control offers, by name: the names of their numbers.
families_of_controls <- function(kind) {
  names <- c(setdiff(families_for(kind), "degenerate"), "degenerate", "flat")
  if (kind == "location") names <- setdiff(names, "uniform") # it would be flat
  stats::setNames(lapply(names, function(name) as.list(names(prior_families[[name]]$fields))), names)
}

# `message` for the page and `tasks` for later. Where many groups are fitted one by one, those fits come later, too.
explorer_answer <- function(exploration, sent, memory) {
  read <- explain_failure(read_state(sent, exploration))
  if (!is.null(read$problem)) {
    return(list(message = list(problems = list(read$problem)), tasks = list()))
  }
  state <- read$value
  names <- names(exploration$models)
  late <- if (length(exploration$data$group) > 100) intersect("none", names)
  now <- explored_fits(exploration, state, memory, setdiff(names, late))
  problems <- as.list(unname(now$problems))
  whole <- utils::tail(names, 1)
  numbers <- if (!is.null(now$fits[[whole]])) {
    shown <- explain_failure(explored_numbers(exploration, state, now$fits))
    problems <- c(problems, shown$problem)
    shown$value
  }
  list(
    message = list(
      problems = problems, notes = as.list(now$notes), numbers = numbers, code = paste(explored_code(exploration, state), collapse = "\n")
    ),
    tasks = if (!is.null(numbers)) {
      c(lapply(late, function(name) function() late_model(exploration, state, memory, name)), explored_tasks(exploration, state, now$fits))
    }
  )
}

# A model that was not waited for.
late_model <- function(exploration, state, memory, name) {
  fitted <- explored_fits(exploration, state, memory, c(name, utils::tail(names(exploration$models), 1)))
  fit <- fitted$fits[[name]]
  if (is.null(fit)) {
    return(list(model = name, what = "estimates", problem = fitted$problems[[1]]))
  }
  groups <- compare_at_average(list(fits = fitted$fits), 0.94, "hdi", NULL)$groups
  rows <- as.list(groups[groups$model == name, c("estimate", "lower", "upper")])
  list(model = name, what = "estimates", rows = rows, evidence = log_evidence_or_na(fit))
}
