"""The memory of the importer: every order seen, coverage, runs, quota, conditions."""
