# Makes data/hpp_sites.rda: the moments of self-control and stress at the sites of the Human Penguin
# Project. Run from the package root with the package installed and BAYESPOOL_SHARED_DATA set to the
# folder that holds hpp.csv.

folder <- Sys.getenv("BAYESPOOL_SHARED_DATA")
if (folder == "") stop("set BAYESPOOL_SHARED_DATA to the folder that holds hpp.csv")

hpp <- utils::read.csv(file.path(folder, "hpp.csv"))
# The same order of the sites whatever the locale: alphabetical, capitals aside.
sites <- unique(hpp$site)
hpp$site <- factor(hpp$site, levels = sites[order(tolower(sites), method = "radix")])

hpp_sites <- bayespool::group_moments(scontrol ~ stress + (1 | site), hpp)
save(hpp_sites, file = "data/hpp_sites.rda", compress = "xz", version = 2)
