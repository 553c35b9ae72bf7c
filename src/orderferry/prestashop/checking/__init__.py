"""What `check`, `init` and `show --verify` look at in the shop. Nothing is written."""
