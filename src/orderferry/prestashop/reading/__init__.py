"""What is looked up in the shop, in a bounded number of statements."""
