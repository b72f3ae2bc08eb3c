"""Properties: generated programmes and histories, the judge's own invariants, and engine = judge."""
