"""Which files a programme is made of: a folder, a set of texts, or texts laid over a folder.

Every ``*.yaml`` below the folder is read, except what lies under ``cases/``. ``bank.yaml`` (accounts), ``events.yaml``
(mappings of feeds), ``finance.yaml`` (what finance estimates) and ``subscribers.yaml`` (who is told of outcomes) are no
part of the rules.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from guerdon.rules.document import Document, read_document
from guerdon.rules.problems import Problem

BANK_FILE = "bank.yaml"
EVENTS_FILE = "events.yaml"
FINANCE_FILE = "finance.yaml"
SUBSCRIBERS_FILE = "subscribers.yaml"
_CODE_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


class OutsideProgramme(Exception):
    """A file named by a rule file lies outside the programme folder."""


@dataclass(slots=True)
class Source:
    """The files of a programme. ``overlay`` holds texts by their path in the folder; they hide files of that name."""

    folder: Path | None
    overlay: Mapping[str, str] = field(default_factory=dict)

    def documents(self) -> tuple[Document, ...]:
        """The rule files, ``bank.yaml`` and ``events.yaml`` included, in the order of their names."""
        documents = [read_document(name, text) for name, text in self.overlay.items() if _is_rule_file(name)]
        documents += [self._read(name, path) for name, path in self._yaml_files() if name not in self.overlay]
        return tuple(sorted(documents, key=lambda document: document.file))

    def unread(self) -> tuple[str, ...]:
        """Files that look like rule files but are not read, for a lint: ``*.yml``."""
        names = self.overlay if self.folder is None else [name for name, _ in self._walk(".yml")]
        return tuple(sorted(name for name in names if name.endswith(".yml")))

    def lines(self, name: str) -> tuple[str, ...]:
        """The lines of a listed file (``vip.csv``): blanks around them and empty ones left out.

        Raises:
            OutsideProgramme: it lies outside the folder, links resolved.
            FileNotFoundError: there is none.
            UnicodeDecodeError: it is no UTF-8 text.
        """
        plain = os.path.normpath(name).replace(os.sep, "/")
        if PurePosixPath(plain).is_absolute() or plain == ".." or plain.startswith("../"):
            raise OutsideProgramme(name)
        text = self.overlay[plain] if plain in self.overlay else self._listed(plain).read_text("utf-8-sig")
        return tuple(stripped for line in text.splitlines() if (stripped := line.strip()))

    def listed_names(self) -> tuple[str, ...]:
        """Names that a listed file could have, for hints."""
        names = {name for name in self.overlay if name.endswith(".csv")}
        return tuple(sorted(names | {name for name, _ in self._walk(".csv")}))

    def _read(self, name: str, path: Path) -> Document:
        if not self._is_inside(path):
            hint = "copy the file into the folder"
            return _unreadable(name, "path-outside", "this link leads out of the programme folder", hint)
        try:
            return read_document(name, path.read_bytes())
        except OSError as error:
            hint = "check the link and the permissions"
            return _unreadable(name, "yaml-syntax", f"this file can't be read: {error.strerror}", hint)

    def _listed(self, name: str) -> Path:
        if self.folder is None:
            raise FileNotFoundError(name)
        path = self.folder / name
        if not self._is_inside(path):
            raise OutsideProgramme(name)
        if not path.is_file():
            raise FileNotFoundError(name)
        return path

    def _is_inside(self, path: Path) -> bool:
        return self.folder is not None and path.resolve().is_relative_to(self.folder.resolve())

    def _yaml_files(self) -> Iterator[tuple[str, Path]]:
        return ((name, path) for name, path in self._walk(".yaml") if _is_rule_file(name))

    def _walk(self, suffix: str) -> Iterator[tuple[str, Path]]:
        if self.folder is None:
            return
        for folder, below, files in os.walk(self.folder):
            below[:] = sorted(name for name in below if not name.startswith("."))
            for name in files:
                if name.endswith(suffix) and not name.startswith("."):
                    path = Path(folder) / name
                    yield path.relative_to(self.folder).as_posix(), path


def _is_rule_file(name: str) -> bool:
    return name.endswith(".yaml") and "cases" not in PurePosixPath(name).parts[:-1]


def _unreadable(name: str, code: str, message: str, hint: str) -> Document:
    return Document(name, "", problems=[Problem(name, 1, 1, code, message, hint)])


def code_hash(code: str) -> str:
    """How a code that a rule file lists is kept: SHA-256 of its text without blanks around it, in hexadecimal.

    Not keyed, as the programme's own hash must be the same everywhere: such codes must be too many to be tried.
    """
    return hashlib.sha256(code.strip().encode()).hexdigest()


def is_code_hash(told: str) -> bool:
    """Whether a text has the form of ``code_hash``: events of doors that keep codes out tell it in a code's place."""
    return _CODE_HASH.fullmatch(told) is not None


def kept_code(told: str) -> str:
    """A code as it is kept, told as itself (in cases) or as its hash (by every other door)."""
    return told if is_code_hash(told) else code_hash(told)
