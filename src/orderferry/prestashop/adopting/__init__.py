"""Orders of other importers, taken over."""
