"""Webhooks out: signed as Standard Webhooks says, to public addresses only, without redirects, in bounded time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import ipaddress
import os
import socket
import ssl
from collections.abc import Sequence
from urllib.parse import urlsplit

from guerdon.engine.stream.subscribers import Subscriber

_READ_BYTES = 1 << 12


class SubscriberUnready(Exception):
    """A subscriber can't be told anything as things are. ``code``, ``place`` and ``hint`` as in other errors."""

    code = "subscriber_unready"

    def __init__(self, message: str, *, place: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message, self.place, self.hint = message, place, hint


class Refused(Exception):
    """The other side did not take a message; the text says why."""


def secrets_of(subscriber: Subscriber) -> list[bytes]:
    """The keys that the environment holds for it, as ``whsec_`` and base64. Raises SubscriberUnready."""
    keys = []
    for name in subscriber.secret_from:
        told = os.environ.get(name, "")
        try:
            key = base64.b64decode(told.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            key = b""
        if len(key) < 24:
            hint = "whsec_ and the base64 of 24 to 64 random bytes"
            raise SubscriberUnready(f"the environment holds no secret in {name}", place=subscriber.id, hint=hint)
        keys.append(key)
    return keys


def signature(keys: Sequence[bytes], id: str, timestamp: int, body: bytes) -> str:
    """The header ``webhook-signature``: one signature for each key, so that a key can be changed without a gap."""
    signed = f"{id}.{timestamp}.".encode() + body
    made = (base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys)
    return " ".join(f"v1,{each}" for each in made)


class Webhook:
    """Sends messages to one address."""

    def __init__(self, subscriber: Subscriber) -> None:
        self._subscriber = subscriber
        self._keys = secrets_of(subscriber)
        self._parts = urlsplit(subscriber.url)
        if self._parts.scheme == "http" and not subscriber.private:
            hint = "use https, or private: true in your own network"
            raise SubscriberUnready("http is not safe over the internet", place=subscriber.id, hint=hint)

    def send(self, id: str, contact: str, body: bytes, timestamp: int) -> None:
        """Posts one message. Raises Refused: no 2xx came within the time, or the address is a private one."""
        headers = {
            "content-type": "application/json",
            "user-agent": "guerdon",
            "webhook-id": id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self._keys, id, timestamp, body),
        }
        path = (self._parts.path or "/") + (f"?{self._parts.query}" if self._parts.query else "")
        connection = self._connection()
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read(_READ_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise Refused(str(error) or type(error).__name__) from None
        finally:
            connection.close()
        if not 200 <= answer.status < 300:
            raise Refused(f"status {answer.status}")

    def close(self) -> None:
        """Nothing is kept open."""

    def _connection(self) -> http.client.HTTPConnection:
        """A connection to the very address that was looked at, so that a name can't point elsewhere meanwhile."""
        host = self._parts.hostname or ""
        port = self._parts.port or (443 if self._parts.scheme == "https" else 80)
        seconds = self._subscriber.timeout_seconds
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise Refused(f"{host}: {error.strerror or error}") from None
        addresses = [str(each[4][0]) for each in found]
        if not self._subscriber.private and not all(is_public(address) for address in addresses):
            raise Refused(f"{host} is a private address")
        connection = http.client.HTTPConnection(host, port, timeout=seconds)
        try:
            plain = socket.create_connection((addresses[0], port), timeout=seconds)
            if self._parts.scheme == "https":
                plain = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
        except OSError as error:
            raise Refused(f"{host}: {error.strerror or error}") from None
        connection.sock = plain
        return connection


def is_public(address: str) -> bool:
    """Whether an address may be on the internet: neither private, nor local, nor one that only looks public.

    >>> is_public("93.184.215.14"), is_public("169.254.169.254"), is_public("::ffff:10.0.0.1")
    (True, False, False)
    """
    found = ipaddress.ip_address(address.split("%")[0])
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    return found.is_global and not found.is_multicast and (inner is None or inner.is_global)
