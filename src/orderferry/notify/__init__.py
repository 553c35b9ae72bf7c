"""Pings and webhooks; a failure here is a warning and never fails a run."""
