"""The feed of changes: events written in the transactions that change the shop, and the care for the whole of it."""
