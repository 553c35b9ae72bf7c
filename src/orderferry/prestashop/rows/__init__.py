"""The rows of an order, a module for each table of the shop. Pure."""
