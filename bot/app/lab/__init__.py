"""Rules tried on the past: rule tests, trials, explanations, replays and backtests."""
