// NUTS and predictions, and what all units use, as one translation unit (see Makevars).
#include "log_densities.cpp"
#include "normal_score.cpp"
#include "parallel.cpp"
#include "rcpp_nuts.cpp"
#include "rcpp_predict.cpp"
