"""Make the rows of an order from a resolved order: a file for each group of tables. Pure."""
