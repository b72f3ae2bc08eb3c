"""Which feed a word on the command line names. Brokers' libraries are loaded when they are named."""

from __future__ import annotations

from pathlib import Path

from guerdon.engine.stream.feed import Feed, FeedMisnamed


def feed_of(word: str) -> Feed | Path:
    """The feed of ``-``, ``nats://…`` or ``kafka://…``; the path of a folder to watch. Raises FeedUnreachable."""
    if word == "-":
        from guerdon.engine.stream.stdin import LineFeed

        return LineFeed()
    if word.startswith("nats://"):
        from guerdon.engine.stream.jetstream import JetStreamFeed

        return JetStreamFeed(word)
    if word.startswith("kafka://"):
        from guerdon.engine.stream.kafka import KafkaFeed

        return KafkaFeed(word)
    folder = Path(word.removeprefix("folder:"))
    if folder.is_dir():
        return folder
    hint = "-, a folder, nats://host/STREAM or kafka://host/topic"
    raise FeedMisnamed("this is neither a feed nor a folder", place=word, hint=hint)
