"""Access to the shop's database: connection, errors, live schema, rights, statements, conversion of values."""
