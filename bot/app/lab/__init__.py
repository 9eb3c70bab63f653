"""Rules on past data: rule tests, trials, explanations, replays, backtests, and how rules have performed."""
