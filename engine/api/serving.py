"""The server around the app: one process that listens, and stops only when everything handed to it is on disk."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec

import uvicorn
from limits import parse

from guerdon.engine.api import logs
from guerdon.engine.api.app import app_of
from guerdon.engine.api.connections import prompt_protocol
from guerdon.engine.api.service import Service
from guerdon.engine.api.settings import Settings
from guerdon.engine.stream.passes import Pass
from guerdon.engine.stream.subscribers import Subscriber
from guerdon.engine.stream.turns import Turns
from guerdon.rules.program import Program

GRACE_SECONDS = 30  # for requests that are under way when the process is told to stop
HEAD_SECONDS = 10  # that a connection may wait for a whole request head, or be silent
BACKLOG = 2_048
SWITCH_SECONDS = 0.0005  # a request must not wait 5 ms for the writer's thread to make way


@dataclass(frozen=True, slots=True)
class Listening:
    """Where and how widely to listen. ``proxies``: addresses whose X-Forwarded-For is believed; '' for none.

    ``connections``: at a time; ``head_seconds``: from the opening or the last answer to the next whole request head.
    """

    host: str
    port: int
    connections: int
    proxies: str
    head_seconds: int = HEAD_SECONDS


def run(
    program: Program,
    settings: Settings,
    listening: Listening,
    subscribers: Sequence[Subscriber],
    *,
    jobs: bool,
    passes: Callable[[Turns], Sequence[Pass]],
) -> None:
    """Serves until SIGINT or SIGTERM. Raises what keeps it from listening or from opening the ledger."""
    parse(settings.rate)
    sys.setswitchinterval(SWITCH_SECONDS)
    logs.set_up(lines=sys.stderr.isatty())
    taken = bound(listening)
    service = Service(program, settings, subscribers=subscribers, jobs=jobs, passes=passes)
    service.begin()
    try:
        host, port = taken.getsockname()[:2]  # whoever connects from here on is answered as soon as the app is ready
        print(f"listening on http://{host}:{port}", file=sys.stderr, flush=True)
        with asyncio.Runner(loop_factory=_loops()) as runner:
            runner.run(_Server(config_of(service, listening)).serve(sockets=[taken]))
    finally:
        service.end()
        taken.close()


class _Server(uvicorn.Server):
    """Told to stop it finishes what is under way, and that is all: the process ends well."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM end ``serve``."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _loops() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it is installed; it has no wheel for every system."""
    if find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop


def bound(listening: Listening) -> socket.socket:
    """A socket that listens."""
    family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((listening.host, listening.port))
        taken.listen(BACKLOG)
    except OSError:
        taken.close()
        raise
    return taken


def config_of(service: Service, listening: Listening) -> uvicorn.Config:
    """What uvicorn is told of a service."""
    return uvicorn.Config(
        app_of(service),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(listening.proxies),
        forwarded_allow_ips=listening.proxies or "127.0.0.1",
        http=prompt_protocol(listening.connections, service.metrics.closed),
        ws="none",
        timeout_keep_alive=listening.head_seconds,
        timeout_graceful_shutdown=GRACE_SECONDS,
        lifespan="off",
    )
