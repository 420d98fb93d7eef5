"""Timings as ratios within a group, in parentheses as pytest-benchmark prints them: `make bench` runs them."""
