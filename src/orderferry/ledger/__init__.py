"""The importer's own record: every order seen, coverage, runs, quota, conditions."""
