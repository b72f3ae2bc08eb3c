"""The condition tree's back-ends: ``python`` (one row at a time), ``polars`` (a frame at once), ``durable``.

``durable`` is durable_rules, for single events of a stream, loaded when a stream asks for it. That all three agree is
a property test in ``tests/rules``.
"""
