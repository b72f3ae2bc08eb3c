"""Reconciliation: a till's extract against the ledger, one class a line; it never posts anything."""

from __future__ import annotations

from guerdon.engine.care.reconcile.extract import Extract, ExtractInvalid
from guerdon.engine.care.reconcile.matching import CLASSES
from guerdon.engine.care.reconcile.reconciling import Reconciliation, reconcile

__all__ = ["CLASSES", "Extract", "ExtractInvalid", "Reconciliation", "reconcile"]
