"""`compare`: the orders of Amazon and those of the shop side by side."""
