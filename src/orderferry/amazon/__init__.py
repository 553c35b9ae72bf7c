"""Amazon's Orders API (version 2026-01-01) as a source of orders."""
