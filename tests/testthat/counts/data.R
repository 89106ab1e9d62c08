# Batters of Efron and Morris (hits in 45 at bats), and pumps of Gaver and O'Muircheartaigh (failures in thousands of hours).
players <- c(
  "Clemente", "F. Robinson", "F. Howard", "Johnstone", "Berry", "Spencer", "Kessinger", "L. Alvarado", "Santo", "Swoboda", "Unser",
  "Williams", "Scott", "Petrocelli", "E. Rodriguez", "Campaneris", "Munson", "Alvis"
)
batters <- data.frame(
  player = factor(players, players), hits = c(18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7), at_bats = 45
)
pumps <- data.frame(
  pump = factor(1:10), failures = c(5, 1, 5, 14, 3, 19, 1, 1, 4, 22),
  hours = c(94.3, 15.7, 62.9, 126, 5.24, 31.4, 1.05, 1.05, 2.1, 10.5), age = c(1, 2, 1, 2, 3, 1, 3, 3, 3, 2)
)
flat <- dist_uniform(-Inf, Inf)
