"""Programmes as data: each folder is a programme that works, with its own cases. Nothing here is imported."""
