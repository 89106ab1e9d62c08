# Documentation of the data in the package.

#' Self-control and stress at 15 sites
#'
#' Group moments (see [group_moments()]) of self-control and perceived stress of 1,523 people at the
#' 15 sites of the Human Penguin Project, by site: n, means, and sums of squares and cross-products
#' about the means. The package does not hold the answers of single people.
#'
#' @format An object of class `group_moments`, made with `scontrol ~ stress + (1 | site)`:
#' \describe{
#'   \item{`site`}{the grouping factor: the site of data collection, in alphabetical order}
#'   \item{`stress`}{perceived stress, the sum of 14 items}
#'   \item{`scontrol`}{self-control, the response, the sum of 13 items}
#' }
#' For 18 of the people the study's file has a filled-in value where a scale was missing: 42 for
#' self-control, 39 for stress. They are part of these moments.
#' @source Hu, C.-P. et al. (2018). The Human Penguin Project. Open Science Framework.
#'   \doi{10.17605/OSF.IO/H52D3}. Licence: CC BY 4.0. Computed by `data-raw/hpp_sites.R` in the
#'   source of the package.
#' @examples
#' hpp_sites
#' subset(hpp_sites, site %in% c("Kassel", "Oslo"))
"hpp_sites"
