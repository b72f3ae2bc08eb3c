"""Reliability: real processes killed, stopped and starved, years fed in parts; each time the same ledger, whole.

``make soak`` runs the same tests with more rounds, and the whole Complete Journey (``soak.py`` says how they are told).
"""
