"""The configuration: frozen dataclasses read from TOML."""
