"""A simulated Amazon over real HTTP, with orders that live on a clock that can be moved."""
