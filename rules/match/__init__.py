"""The condition tree's back-ends: ``python`` (one row at a time), ``polars`` (a frame at once).

A further back-end for single events (durable_rules, loaded lazily) belongs beside them and must agree with both; the
property test in ``tests/rules`` takes it in by one line.
"""
