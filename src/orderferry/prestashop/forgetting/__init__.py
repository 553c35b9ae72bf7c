"""Buyers' personal data, blanked after their time."""
