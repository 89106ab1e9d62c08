library(testthat)
library(bayespool)

test_check("bayespool")
