"""The house rules, as tests: what a machine can see of how this project is built."""
