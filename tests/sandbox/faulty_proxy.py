"""A proxy that spoils calls on their way to a real server in the ways in which networks and services do.

It counts the calls that reach it, spoils the one whose turn it is, and keeps a log of all of them. It also names the
account on every call, so that many tests share one server, and can kill its client in the middle of a call.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from tests.sandbox.places import ACCOUNT_HEADER, REGIONS

FOREVER = 10**9
READS = ("Batch", "Describe", "Generate", "Get", "List", "Lookup", "Simulate")


@dataclass(frozen=True)
class Call:
    """A call that has reached the proxy.

    Attributes
    ----------
    number
        Counted from 1.
    service, operation, region
        As it is signed, and as its protocol names it.
    parameters
        As they are sent.
    host
        Whom the client meant to speak to.

    """

    number: int
    service: str
    operation: str
    region: str
    parameters: dict[str, str]
    host: str
    body: bytes = field(repr=False, default=b"")

    @property
    def write(self) -> bool:
        """Whether it would change anything."""
        return not self.operation.startswith(READS)


@dataclass(frozen=True)
class Answer:
    """An answer as it goes to the client."""

    status: int
    body: bytes
    kind: str = "text/xml"
    headers: tuple[tuple[str, str], ...] = ()


class Hung(Exception):
    """The connection is to be kept open without a word."""


class Reset(Exception):
    """The connection is to be reset."""


Forward = Callable[[], Answer]
Fault = Callable[["FaultyProxy", Call, Forward], Answer | bytes]
"""What becomes of a call: an answer, or the raw bytes of one that is none."""


def _json(call: Call) -> bool:
    return call.service == "ssm"


def refusal(call: Call, status: int, code: str, message: str) -> Answer:
    """An error as the call's protocol spells it."""
    if _json(call):
        return Answer(
            status, json.dumps({"__type": code, "message": message}).encode(), "application/x-amz-json-1.1"
        )
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    if call.service == "ec2":
        return Answer(status, f"<Response><Errors>{error}</Errors><RequestID>r</RequestID></Response>".encode())
    return Answer(status, f"<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>".encode())


def few_regions(call: Call) -> Answer | None:
    """Only the Regions of the rehearsal are enabled: a look into all the others costs a matrix more than the rest."""
    if call.operation != "DescribeRegions":
        return None
    names = "".join(f"<item><regionName>{region}</regionName></item>" for region in REGIONS)
    return Answer(
        200, f"<DescribeRegionsResponse><regionInfo>{names}</regionInfo></DescribeRegionsResponse>".encode()
    )


def throttle(proxy: FaultyProxy, call: Call, forward: Forward) -> Answer:
    """The service has had too many calls, and has not done this one."""
    return refusal(call, 400, "ThrottlingException" if _json(call) else "Throttling", "Rate exceeded")


def internal(proxy: FaultyProxy, call: Call, forward: Forward) -> Answer:
    """The service failed, and has not done it."""
    return refusal(call, 500, "InternalFailure", "Something went wrong")


def unavailable(proxy: FaultyProxy, call: Call, forward: Forward) -> Answer:
    """Some load balancer before the service failed: the answer is not even of the protocol."""
    return Answer(503, b"<html><body><h1>503 Service Unavailable</h1></body></html>", "text/html")


def timeout(proxy: FaultyProxy, call: Call, forward: Forward) -> Answer:
    """The call never arrives, and nobody says so."""
    raise Hung


def timeout_after(proxy: FaultyProxy, call: Call, forward: Forward) -> Answer:
    """The call is done, and nobody says so."""
    forward()
    raise Hung


def reset(proxy: FaultyProxy, call: Call, forward: Forward) -> Answer:
    """The connection breaks before the call arrives."""
    raise Reset


def lost(proxy: FaultyProxy, call: Call, forward: Forward) -> Answer:
    """The call is done, and the connection breaks before the answer arrives."""
    forward()
    raise Reset


def internal_after(proxy: FaultyProxy, call: Call, forward: Forward) -> Answer:
    """The call is done, and the service fails to say so."""
    forward()
    return internal(proxy, call, forward)


def cut(proxy: FaultyProxy, call: Call, forward: Forward) -> bytes:
    """The call is done, and the connection ends in the middle of the answer."""
    answer = forward()
    head = (
        f"HTTP/1.1 {answer.status} OK\r\nContent-Type: {answer.kind}\r\nContent-Length: {len(answer.body)}\r\n\r\n"
    )
    return head.encode() + answer.body[: len(answer.body) // 2]


def cut_but_whole(proxy: FaultyProxy, call: Call, forward: Forward) -> Answer:
    """The call is done, and something on the way has cut the answer and says that it is whole."""
    answer = forward()
    return Answer(answer.status, answer.body[: len(answer.body) // 2], answer.kind)


def expired(proxy: FaultyProxy, call: Call, forward: Forward) -> Answer:
    """The session has ended."""
    code = "ExpiredTokenException" if _json(call) else "ExpiredToken"
    return refusal(call, 403, code, "The security token included in the request is expired")


def denied(proxy: FaultyProxy, call: Call, forward: Forward) -> Answer:
    """The caller lacks the permission."""
    return refusal(call, 403, "AccessDenied", f"not authorized to perform: {call.service}:{call.operation}")


def kill_before(proxy: FaultyProxy, call: Call, forward: Forward) -> Answer:
    """The client dies before the call arrives."""
    proxy.kill()
    raise Reset


def kill_after(proxy: FaultyProxy, call: Call, forward: Forward) -> Answer:
    """The client dies when the call is done and not yet answered."""
    forward()
    proxy.kill()
    raise Reset


FAULTS: dict[str, Fault] = {
    "throttled": throttle,
    "500": internal,
    "503": unavailable,
    "timeout": timeout,
    "timeout after": timeout_after,
    "reset": reset,
    "answer lost": lost,
    "500 after": internal_after,
    "body cut": cut,
    "body cut, length right": cut_but_whole,
}
"""What may become of any one call. Expired credentials and lagging reads are no matter of one call."""


@dataclass(frozen=True)
class Plan:
    """Which calls are spoiled.

    Attributes
    ----------
    fault
        How.
    at, times
        From the call of this number on, so many.
    concerns
        Which calls count and are spoiled; the others pass.
    lag
        How many times after each write a read is answered as it was before, if it was made before.
    canned
        Answers that are not the server's.

    """

    fault: Fault | None = None
    at: int = 1
    times: int = 1
    concerns: Callable[[Call], bool] = lambda _: True
    lag: int = 0
    canned: Callable[[Call], Answer | None] = few_regions


@dataclass
class FaultyProxy:
    """A running proxy.

    Attributes
    ----------
    url
        Where it listens.
    log
        The calls that reached it, in order, with what became of each: `passed`, or the fault.
    victim
        The process that is killed; set once it is started.

    """

    target: str
    account: str
    plan: Plan = field(default_factory=Plan)
    url: str = ""
    log: list[tuple[Call, str]] = field(default_factory=list)
    victim: Callable[[], int | None] = lambda: None
    killed: bool = False
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _answers: dict[bytes, Answer] = field(default_factory=dict)
    _stale: dict[bytes, tuple[int, Answer]] = field(default_factory=dict)
    _ended: threading.Event = field(default_factory=threading.Event)

    @property
    def calls(self) -> list[Call]:
        """Every call that was made."""
        return [call for call, _ in self.log]

    @property
    def writes(self) -> list[Call]:
        """Every write that was tried."""
        return [call for call in self.calls if call.write]

    @property
    def spoiled(self) -> list[Call]:
        """The calls that met a fault."""
        return [call for call, fate in self.log if fate != "passed"]

    def kill(self) -> None:
        """Kill the client, as a power cut does, and wait until it is dead."""
        pid = self.victim()
        if pid is None:
            return
        self.killed = True
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def answer(self, call: Call, forward: Forward) -> Answer | bytes:
        """Return what a call is answered."""
        plan = self.plan
        with self._lock:
            counts = plan.concerns(call)
            self._count += counts
            due = counts and plan.at <= self._count < plan.at + plan.times
            self.log.append((call, plan.fault.__name__ if plan.fault and due else "passed"))
        if (canned := plan.canned(call)) is not None:
            forward = lambda: canned  # noqa: E731
        if plan.fault and due:
            return plan.fault(self, call, forward)
        return self._lagging(call, forward) if plan.lag else forward()

    def _lagging(self, call: Call, forward: Forward) -> Answer:
        """Answer a read as it was before the last writes, for a few times."""
        key = call.service.encode() + call.region.encode() + call.body
        if call.write:
            with self._lock:
                self._stale |= {key: (self.plan.lag, old) for key, old in self._answers.items()}
                self._answers.clear()
            return forward()
        with self._lock:
            left, old = self._stale.pop(key, (0, None))
            if left > 1 and old is not None:
                self._stale[key] = (left - 1, old)
        if old is not None:
            return old
        self._answers[key] = fresh = forward()
        return fresh


def _call_of(number: int, headers: Any, body: bytes) -> Call:
    scope = dict(part.partition("=")[::2] for part in headers.get("Authorization", "").replace(",", " ").split())
    region, service = [*scope.get("Credential", "").split("/"), *[""] * 5][2:4]
    target = headers.get("X-Amz-Target", "")
    if target:
        given = {key: str(value) for key, value in json.loads(body or b"{}").items()}
        operation = target.rpartition(".")[2]
    else:
        given = dict(parse_qsl(body.decode(), keep_blank_values=True))
        operation = given.pop("Action", "")
    return Call(number, service, operation, region, given, headers.get("Host", ""), body)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: FaultyProxy

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        call = _call_of(len(self.proxy.log) + 1, self.headers, body)
        try:
            self._say(self.proxy.answer(call, lambda: self._forward(body)))
        except Hung:
            self.proxy._ended.wait(60)
            self.close_connection = True
        except Reset:
            # With no time to linger, closing sends a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True

    do_GET = do_POST  # noqa: N815

    def _forward(self, body: bytes) -> Answer:
        headers = {k: v for k, v in self.headers.items() if k.casefold() not in {"connection", "host"}}
        connection = http.client.HTTPConnection(self.proxy.target.removeprefix("http://"), timeout=60)
        try:
            own = {"Host": self.headers["Host"], ACCOUNT_HEADER: self.proxy.account, "Connection": "close"}
            connection.request(self.command, self.path, body, headers | own)
            got = connection.getresponse()
            kept = tuple((k, v) for k, v in got.headers.items() if k.casefold() in {"date", "x-amzn-requestid"})
            return Answer(got.status, got.read(), got.headers.get("Content-Type", "text/xml"), kept)
        finally:
            connection.close()

    def _say(self, answer: Answer | bytes) -> None:
        if isinstance(answer, bytes):
            self.wfile.write(answer)
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (OSError, ValueError):  # the client is gone
            self.close_connection = True

    def finish(self) -> None:
        with suppress(OSError, ValueError):
            super().finish()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def proxied(target: str, account: str, plan: Plan | None = None) -> Iterator[FaultyProxy]:
    """A proxy before a server, for one account of it."""
    proxy = FaultyProxy(target, account, plan or Plan())
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"proxy": proxy}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield proxy
    finally:
        proxy._ended.set()
        server.shutdown()
        server.server_close()


def until(done: Callable[[], bool], seconds: float = 30) -> bool:
    """Wait for something that is under way."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
