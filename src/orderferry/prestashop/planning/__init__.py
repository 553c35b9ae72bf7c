"""From an Amazon order to what would be written, by configuration and shop. Pure."""
