"""Measure what workers, and what threads, are worth where calls wait: 50 ms a call, as on a network.

    python bench/waiting.py                      # 1, 2, 4 and 8 workers and threads
    python bench/waiting.py --delay 0.2 --at-once 1 4 16

`slrspec serve` runs behind a proxy of this machine that holds each request back. The suite runs against it as whole
processes (`slrspec run --provider endpoint:… --workers N`). The other side is no suite at all but the bound of what
threads within one process could bring: N threads make as many calls as the scenarios did, GetCallerIdentity each,
on one client that they share, with nothing recorded or judged. All of it is run in turn in one go; what carries
over are the ratios to one worker, and to one thread.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measured import add_option, keep

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

TESTING = "testing"


def main() -> None:
    """Start server and proxy, run both sides in turn, and print a line for each number at once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--delay", type=float, default=0.05, help="seconds that each call waits (default 0.05)")
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 2, 4, 8], help="workers, and threads")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each (default 3)")
    add_option(parser)
    options = parser.parse_args()
    with served() as server, delayed(server, options.delay) as url, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        suite(url, 1, folder)  # warm up: byte code, moto's imports in the server
        calls = [
            len(result["exchanges"]) for result in json.loads((folder / "results.json").read_text())["scenarios"]
        ]
        print(f"{len(calls)} scenarios, {sum(calls)} calls, {options.delay * 1000:.0f} ms each")
        took: dict[tuple[str, int], list[float]] = {}
        for _ in range(options.rounds):
            for number in options.at_once:
                took.setdefault(("suite", number), []).append(suite(url, number, folder))
                took.setdefault(("threads", number), []).append(threads(url, number, calls))
    first = options.at_once[0]
    for kind, said in (("suite", "suite, workers"), ("threads", "bare calls, threads")):
        for number in options.at_once:
            pairs = zip(took[kind, number], took[kind, first], strict=True)
            ratio = keep(
                options,
                f"{said}, {options.delay * 1000:.0f} ms a call, {number} / {first}",
                len(calls),
                [one / o for one, o in pairs],
            )
            print(f"{said} {number:3}: {ratio:.2f} of {first}  ({statistics.median(took[kind, number]):.1f} s)")


def suite(url: str, workers: int, folder: Path) -> float:
    """Run the suite against the proxy, and return the seconds that it took."""
    command = [sys.executable, "-m", "slrspec", "run", "--provider", f"endpoint:{url}", "-q", "--no-history"]
    begun = time.perf_counter()
    run = [*command, "--workers", str(workers), "--out", str(folder)]
    subprocess.run(run, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def threads(url: str, number: int, calls: list[int]) -> float:
    """Make as many calls, each scenario's one after the other, and return the seconds that it took."""
    import boto3
    from botocore.config import Config

    sts: Any = boto3.session.Session().client(
        "sts",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id=TESTING,
        aws_secret_access_key=TESTING,
        config=Config(max_pool_connections=number, retries={"total_max_attempts": 1, "mode": "standard"}),
    )

    def scenario(count: int) -> None:
        for _ in range(count):
            sts.get_caller_identity()

    begun = time.perf_counter()
    with ThreadPoolExecutor(number) as pool:
        list(pool.map(scenario, calls))
    return time.perf_counter() - begun


@contextmanager
def served() -> Iterator[str]:
    """Run `slrspec serve`, and yield its host and port."""
    command = [sys.executable, "-u", "-m", "slrspec", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            yield line.split("http://")[1].split()[0].rstrip("/")
        finally:
            process.terminate()


@contextmanager
def delayed(netloc: str, delay: float) -> Iterator[str]:
    """Run the proxy in a process of its own, so that it takes no time from the side that is measured."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=proxy, args=(netloc, delay, theirs), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def proxy(netloc: str, delay: float, told: Connection) -> None:
    """Hand on each request after a while, each in a thread of its own, and tell the port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            time.sleep(delay)
            connection = http.client.HTTPConnection(netloc, timeout=60)
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers.get("Content-Type", "text/xml"))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _any  # noqa: N815

        def log_message(self, *_: Any) -> None:  # noqa: ANN401
            """Say nothing of each request."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.send(server.server_port)
    server.serve_forever()


if __name__ == "__main__":
    main()
