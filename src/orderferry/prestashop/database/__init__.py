"""The shop's database itself: connection, errors, live schema, rights, and values on their way in and out."""
