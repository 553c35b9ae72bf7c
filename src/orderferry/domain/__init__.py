"""Pure rules: orders, money, spans of time, decisions. No I/O; "now" is an argument."""
