"""Turn an Amazon order into what would be written, by configuration and shop. Pure."""
