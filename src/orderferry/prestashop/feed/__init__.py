"""The feed of changes: events written in the transactions that change the shop, their numbers, and their readers."""
