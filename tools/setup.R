# Installs what DESCRIPTION asks for and is missing: Debian's binaries if possible, else from CRAN.
# `Rscript tools/setup.R databases` (which tools/databases runs) also what tests with databases use: the packages of
# Config/Needs/databases and, where apt can install it, PostgreSQL. `Rscript tools/setup.R clients` also what tests with other packages
# use, those of Config/Needs/clients, Chromium, and ccache, with which the gate compiles the package once.

development_tools <- c("Rcpp", "roxygen2", "lintr", "spelling")
asked <- commandArgs(TRUE)
programs <- c(pandoc = "pandoc", qpdf = "qpdf") # for vignettes and R CMD check; by the names of Debian's packages
if ("databases" %in% asked) programs <- c(programs, postgresql = "initdb", "libpq-dev" = "pg_config")
from_debian_only <- "pkgdown" # for `make site`; needs much else, so it is not built here
not_from_debian <- "BH" # Debian keeps its headers elsewhere; R CMD check then calls it unused

required_packages <- function() {
  fields <- c("Depends", "Imports", "LinkingTo", "Suggests", sprintf("Config/Needs/%s", asked))
  fields <- read.dcf("DESCRIPTION", fields = fields)
  fields <- fields[1, !is.na(fields)]
  entries <- lapply(strsplit(fields, ","), function(x) trimws(x[nzchar(trimws(x))]))
  needs <- data.frame(entry = unlist(entries), field = rep(names(entries), lengths(entries)))
  needs <- rbind(needs, data.frame(entry = development_tools, field = "Suggests"))
  needs$name <- sub("[[:space:](].*", "", needs$entry)
  versioned <- grepl(">=", needs$entry)
  needs$version <- ifelse(versioned, gsub(".*>=\\s*|\\s*\\)", "", needs$entry), "0")
  needs[needs$name != "R", ]
}

is_installed <- function(name, version, field) {
  found <- suppressWarnings(utils::packageDescription(name, fields = "Version"))
  !is.na(found) && package_version(found) >= version &&
    (field != "LinkingTo" || nzchar(system.file("include", package = name)))
}

missing_packages <- function(needs) {
  installed <- mapply(is_installed, needs$name, needs$version, needs$field)
  unique(needs$name[!installed])
}

missing_programs <- function() {
  of_server <- lapply(file.path("/usr/lib/postgresql/*/bin", programs), Sys.glob) # Debian keeps these off the PATH
  programs[!nzchar(Sys.which(programs)) & lengths(of_server) == 0]
}

can_use_apt <- function() {
  nzchar(Sys.which("apt-get")) && file.exists("/etc/debian_version") &&
    identical(system2("id", "-u", stdout = TRUE), "0")
}

apt_get <- function(...) {
  options <- c("-qq", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0")
  environment <- "DEBIAN_FRONTEND=noninteractive"
  system2("apt-get", c(options, ...), stdout = FALSE, env = environment) == 0
}

install_from_debian <- function(packages, programs = character()) {
  known <- system2("apt-cache", c("pkgnames", "r-cran-"), stdout = TRUE)
  packages <- setdiff(packages, not_from_debian)
  wanted <- c(intersect(paste0("r-cran-", tolower(packages)), known), programs)
  if (length(wanted) > 0) {
    message("Installing from Debian: ", paste(wanted, collapse = ", "))
    if (!apt_get("install", "-y", "--no-install-recommends", wanted)) message("apt-get failed.")
  }
}

install_from_cran <- function(packages, use_apt) {
  available <- utils::available.packages()
  if (use_apt) {
    dependencies <- unlist(tools::package_dependencies(packages, available, recursive = TRUE))
    installed <- rownames(utils::installed.packages())
    install_from_debian(setdiff(dependencies, c(packages, installed)))
  }
  message("Installing from CRAN: ", paste(packages, collapse = ", "))
  utils::install.packages(packages, available = available, quiet = TRUE, Ncpus = 2)
}

# Where R's own library cannot be written, the personal one; later sessions find it.
if (file.access(.libPaths()[1], 2) != 0) {
  personal <- strsplit(Sys.getenv("R_LIBS_USER"), .Platform$path.sep)[[1]][1]
  dir.create(personal, recursive = TRUE, showWarnings = FALSE)
  .libPaths(c(personal, .libPaths()))
}
if (identical(unname(getOption("repos")["CRAN"]), "@CRAN@")) {
  options(repos = c(CRAN = "https://cloud.r-project.org"))
}
options(timeout = max(300, getOption("timeout")))

needs <- required_packages()
packages <- missing_packages(needs)
optional <- from_debian_only[!nzchar(system.file(package = from_debian_only))]
optional_programs <- if ("clients" %in% asked) Filter(function(name) !nzchar(Sys.which(name)), c("ccache", "chromium"))
use_apt <- length(c(packages, optional, optional_programs, missing_programs())) > 0 && can_use_apt()
if (use_apt) {
  if (!apt_get("update")) message("apt-get update failed.")
  install_from_debian(c(packages, optional), c(names(missing_programs()), optional_programs))
  packages <- missing_packages(needs)
}
if (length(packages) > 0) {
  tryCatch(install_from_cran(packages, use_apt), error = function(e) message(conditionMessage(e)))
  packages <- missing_packages(needs)
}
if (length(missing_programs()) > 0) {
  use <- if ("databases" %in% asked) "Vignettes, `make check` and tests with databases" else "Vignettes and `make check`"
  message(use, " need: ", paste(missing_programs(), collapse = ", "))
}
if (length(packages) > 0) {
  message("Could not be installed: ", paste(packages, collapse = ", "))
  quit(status = 1)
}
