"""Checks of the shop for `check`, `init` and `show --verify`, and what `init` creates there."""
