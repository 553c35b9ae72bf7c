"""The shop's side of `compare`."""
