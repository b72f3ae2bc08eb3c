"""The keys under which personal parts of the log are shut, one a contact; destroying one erases what it opens."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Executable, bindparam, delete, insert, select

from guerdon.engine.events.sealing import KEY_BYTES, NOBODY
from guerdon.engine.ledger.care_tables import contact_key, contact_left
from guerdon.engine.ledger.store import Store

_ONE = select(contact_key.c.key).where(contact_key.c.owner == bindparam("owner"))
_LEFT = select(contact_left.c.part, contact_left.c.fields).where(contact_left.c.owner == bindparam("owner"))
_KEPT = 4096  # keys in memory
_LEFT_KEPT = 64  # erased contacts of which is in memory what is left


class Keyring:
    """Reads keys through to the ledger; new ones are written by the next chunk, with what is shut under them."""

    names_nobody = False

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[int, bytes] = {}
        self._unwritten: dict[int, bytes] = {}
        self._left: dict[int, dict[str, str]] = {}

    def key(self, owner: int) -> bytes | None:
        """The key of an owner; None: it was destroyed, or there never was one."""
        found = self._known.get(owner)
        if found is None:
            rows = self._store.rows(_ONE, owner=owner)
            if not rows:
                return None
            found = self._keep(owner, bytes.fromhex(rows[0][0]))
        return found

    def give(self, owner: int) -> bytes:
        """The key of an owner, a new one if there is none."""
        found = self.key(owner)
        if found is None:
            found = self._unwritten[owner] = self._keep(owner, os.urandom(KEY_BYTES))
        return found

    def secret(self) -> bytes:
        """The ledger's secret, nobody's key: what must be known again and not be guessed is hashed under it.

        It is made, and on disk, when a ledger is opened for writing; in one that is older and only read it hashes what
        nobody ever hashed.
        """
        return self.key(NOBODY) or os.urandom(KEY_BYTES)

    def make_secret(self) -> None:
        """See that the ledger has its secret. The turn to write is taken."""
        if self.key(NOBODY) is None:
            made = insert(contact_key).values(owner=NOBODY, key=os.urandom(KEY_BYTES).hex())
            with self._store.connect() as connection:
                self._store.begin()
                connection.execute(made)
                self._store.commit()

    def left(self, owner: int, mark: str) -> Mapping[str, Any]:
        """What was left of a part beside the log when the key of its owner was destroyed; nothing: {}."""
        if owner not in self._left:
            if len(self._left) >= _LEFT_KEPT:
                self._left.clear()
            self._left[owner] = {str(part): str(fields) for part, fields in self._store.rows(_LEFT, owner=owner)}
        found: dict[str, Any] = json.loads(self._left[owner].get(mark, "{}"))
        return found

    def unwritten(self) -> list[tuple[int, str]]:
        """(owner, key) of what the database doesn't have yet."""
        return [(owner, key.hex()) for owner, key in sorted(self._unwritten.items())]

    def written(self) -> None:
        """The unwritten are in the database now."""
        self._unwritten.clear()

    def forget(self, owners: Iterable[int] | None = None) -> None:
        """Keys that were destroyed, or may have been by another process (None: any), are asked for anew."""
        if owners is None:
            self._known.clear()
            self._unwritten.clear()
            self._left.clear()
        for owner in owners or ():
            self._known.pop(owner, None)
            self._unwritten.pop(owner, None)
            self._left.pop(owner, None)

    def _keep(self, owner: int, key: bytes) -> bytes:
        if len(self._known) >= _KEPT:
            self._known = dict(self._unwritten)
        self._known[owner] = key
        return key


def months_destroyed(until: int) -> Executable:
    """The statement that destroys the keys of months up to one (``sealing.month_of``), it included."""
    return delete(contact_key).where(contact_key.c.owner < 0, contact_key.c.owner >= until)
