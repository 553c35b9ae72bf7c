"""What a run does: sweeps, the engine, its report. Bootstrap builds the adapters that it works with."""
