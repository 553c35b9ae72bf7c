"""Transactions: new orders, updates, numbers, stock, messages."""
