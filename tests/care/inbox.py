"""A real SMTP server on loopback."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest


class Inbox:
    """A real SMTP server on loopback: keeps what it takes, answers as ``says`` tells for an address."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.says: dict[str, str] = {}

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        answer = self.says.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        from email import message_from_bytes

        self.taken.append(message_from_bytes(envelope.content))
        return "250 taken"

    def to(self) -> list[str]:
        return [message["To"] for message in self.taken]


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, str]]:
    controller = pytest.importorskip("aiosmtpd.controller")
    handler = Inbox()
    with socket.socket() as free:  # the controller itself takes no port 0
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = controller.Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    yield handler, f"smtp://127.0.0.1:{port}"
    server.stop()
