"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

LEDGER_DEFAULT = "sqlite:///guerdon.db"

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Ledger = Annotated[
    str, typer.Option("--ledger", metavar="URL", envvar="GUERDON_LEDGER", help="The ledger, as a database URL.")
]
Programme = Annotated[Path, typer.Argument(metavar="PROGRAMME", help="A folder of rule files.")]
