# Two grouping factors fitted by quadrature and by Stan, with the same priors: distances of posterior means, sds and quantiles in units of
# Stan's Monte Carlo errors. Run: Rscript bench/crossed_stan.R
#
# Needs lme4 and rstan; some three minutes, most of them the compiler's.

source("bench/common.R")

model <- "
data { int N; int J; int K; vector[N] y; int a[N]; int b[N]; real centre; real wide; real rate; }
parameters { real beta_0; vector[J] raw_a; vector[K] raw_b; real<lower=0> sigma; real<lower=0> sigma_a; real<lower=0> sigma_b; }
transformed parameters { vector[J] effect_a = sigma_a * raw_a; vector[K] effect_b = sigma_b * raw_b; }
model {
  beta_0 ~ normal(centre, wide);
  raw_a ~ normal(0, 1);
  raw_b ~ normal(0, 1);
  sigma ~ exponential(rate);
  sigma_a ~ exponential(rate);
  sigma_b ~ exponential(rate);
  y ~ normal(beta_0 + effect_a[a] + effect_b[b], sigma);
}"
compiled <- rstan::stan_model(model_code = model)
studies <- list(
  Penicillin = list(data = lme4::Penicillin, y = "diameter", a = "plate", b = "sample"),
  Pastes = list(data = lme4::Pastes, y = "strength", a = "sample", b = "batch")
)
show_machine(c("lme4", "rstan"))
for (name in names(studies)) {
  study <- studies[[name]]
  data <- study$data
  y <- data[[study$y]]
  prior <- list(beta_0 = dist_normal(mean(y), 5), sigma_y = dist_exponential(1), sigma_0 = dist_exponential(1))
  formula <- stats::as.formula(sprintf("%s ~ 1 + (1 | %s) + (1 | %s)", study$y, study$a, study$b))
  ours <- as.data.frame(exact_summary(mixed_model(formula, data, prior, iter_sampling = 0), probs = c(0.05, 0.5, 0.95)))
  ours <- ours[!startsWith(ours$variable, "icc"), ]
  fit <- rstan::sampling(
    compiled,
    list(
      N = nrow(data), J = nlevels(data[[study$a]]), K = nlevels(data[[study$b]]), y = y, a = as.integer(data[[study$a]]),
      b = as.integer(data[[study$b]]), centre = mean(y), wide = 5, rate = 1
    ),
    chains = 4, iter = 11000, warmup = 1000, seed = 1, refresh = 0, control = list(adapt_delta = 0.99)
  )
  draws <- posterior::as_draws_array(fit)
  order <- c("beta_0", grep("^effect_a", posterior::variables(draws), value = TRUE),
             grep("^effect_b", posterior::variables(draws), value = TRUE), "sigma", "sigma_a", "sigma_b")
  theirs <- posterior::summarise_draws(
    draws, "mean", "sd", ~ stats::quantile(.x, c(0.05, 0.5, 0.95)), posterior::mcse_mean, posterior::mcse_sd,
    ~ posterior::mcse_quantile(.x, c(0.05, 0.5, 0.95))
  )
  theirs <- theirs[match(order, theirs$variable), ]
  distance <- abs(as.matrix(ours[2:6]) - as.matrix(theirs[2:6])) / as.matrix(theirs[7:11])
  cat(sprintf("%s, %d variables: largest distance in Monte Carlo errors: %s; divergences: %d\n", name, nrow(ours),
              toString(sprintf("%s %.1f", c("mean", "sd", "q5", "q50", "q95"), apply(distance, 2, max))),
              rstan::get_num_divergent(fit)))
}
