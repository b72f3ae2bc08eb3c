"""Publishing to a NATS stream, for tests and benchmarks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

STREAM, SUBJECT = "EVENTS", "events"


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
