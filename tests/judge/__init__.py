"""An independent, slow and obvious second implementation of the specification, to hold the engine to."""

from __future__ import annotations

from .judge import Judge

__all__ = ["Judge"]
