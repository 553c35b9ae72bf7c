"""What a run does: sweeps, the engine, its report. Talks to adapters through ports only."""
