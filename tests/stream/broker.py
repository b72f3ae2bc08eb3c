"""Publishing to a NATS stream, for tests and benchmarks."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress

STREAM, SUBJECT = "EVENTS", "events"
OUT = "OUT"  # the stream that subscribers' topics are in
NAMED = os.environ.get("GUERDON_TEST_NATS", "")  # a server to use in place of one of our own, as nats://host:4222


def publish(server: str, messages: Sequence[tuple[str, bytes]]) -> int:
    """Makes the stream if need be and publishes (subject, body), each acknowledged; the stream's last position."""
    return asyncio.run(_publish(server, messages))


async def _publish(server: str, messages: Sequence[tuple[str, bytes]]) -> int:
    import nats

    connection = await nats.connect(server)
    stream = connection.jetstream(publish_async_max_pending=1_000)
    await stream.add_stream(name=STREAM, subjects=[SUBJECT, f"{SUBJECT}.>"])
    for first in range(0, len(messages), 500):
        await asyncio.gather(*(stream.publish(subject, body) for subject, body in messages[first : first + 500]))
    last = (await stream.stream_info(STREAM)).state.last_seq
    await connection.close()
    return int(last)


def remove(server: str, *streams: str) -> None:
    """Takes streams away, if they are there."""
    asyncio.run(_remove(server, streams))


async def _remove(server: str, streams: Sequence[str]) -> None:
    import nats
    from nats.js.errors import NotFoundError

    connection = await nats.connect(server)
    for stream in streams:
        with suppress(NotFoundError):
            await connection.jetstream().delete_stream(stream)
    await connection.close()
