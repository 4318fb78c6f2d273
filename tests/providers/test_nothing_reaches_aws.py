"""Each way in which a client escapes moto is closed, and each of these checks can fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# Each program does one thing that would leave the machine; `guarded()` is the guard, or nothing.
WAYS = {
    "a session made before moto was imported": """
        import boto3
        client = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x").client("iam", region_name="us-east-1", config=once)
        from moto import mock_aws
        with mock_aws(), guarded():
            client.list_roles()
    """,
    "a client used after its mock has stopped": """
        import boto3
        from moto import mock_aws
        with mock_aws():
            client = boto3.client("rds", region_name="us-east-1", config=once)
        with guarded():
            client.describe_db_instances()
    """,
    "the default session": """
        import boto3
        with guarded():
            boto3.client("sts", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x", config=once).get_caller_identity()
    """,
    "a resource": """
        import boto3
        with guarded():
            list(boto3.resource("iam", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x", config=once).roles.all())
    """,
    "a presigned URL": """
        import boto3, urllib.request
        client = boto3.client("sts", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        with guarded():
            urllib.request.urlopen(client.generate_presigned_url("get_caller_identity"), timeout=5)
    """,
    "another HTTP library": """
        import requests
        with guarded():
            requests.get("https://rds.amazonaws.com/", timeout=5)
    """,
    "a raw socket": """
        import socket
        with guarded():
            socket.create_connection(("192.0.2.1", 443), timeout=1)
    """,
    "a raw socket by IPv6": """
        import socket
        with guarded():
            socket.socket(socket.AF_INET6).connect(("2001:db8::1", 443))
    """,
    "a name look-up": """
        import socket
        with guarded():
            socket.getaddrinfo("iam.amazonaws.com", 443)
    """,
    "a reverse look-up": """
        import socket
        with guarded():
            socket.getnameinfo(("192.0.2.1", 443), 0)
    """,
    "a datagram": """
        import socket
        with guarded():
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53))
    """,
}
BEFORE = """
import contextlib, sys
from botocore.config import Config
from slrspec.errors import ConnectionRefusedByGuard
from slrspec.providers.loopback import loopback_only
once = Config(retries={{"total_max_attempts": 1}}, connect_timeout=1, read_timeout=1)
guarded = {guard}
def chain(error):
    while error is not None:
        yield error
        error = error.kwargs.get("error") if hasattr(error, "kwargs") and error.__cause__ is None and error.__context__ is None else error.__cause__ or error.__context__
try:
{program}
except BaseException as error:
    print("GUARD" if any(isinstance(e, ConnectionRefusedByGuard) for e in chain(error)) else f"OTHER {{type(error).__name__}}")
else:
    print("DONE")
"""


def outcome(program: str, guard: str, folder: Path) -> str:
    import textwrap

    body = textwrap.indent(textwrap.dedent(program), "    ")
    run = subprocess.run(
        [sys.executable, "-c", BEFORE.format(guard=guard, program=body)],
        cwd=folder,
        env={"PATH": "", "HOME": str(folder), "AWS_EC2_METADATA_DISABLED": "true"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return run.stdout.strip()


@pytest.mark.parametrize("program", WAYS.values(), ids=WAYS.keys())
def test_the_guard_stops_it(program: str, tmp_path: Path) -> None:
    assert outcome(program, "loopback_only", tmp_path) == "GUARD"


def test_without_the_guard_it_is_not_the_guard_that_stops_it(tmp_path: Path) -> None:
    """The look-up goes to a name that exists nowhere, so that this test itself reaches nobody."""
    program = "import socket\nwith guarded():\n    socket.getaddrinfo('slrspec.invalid', 443)\n"
    assert outcome(program, "contextlib.nullcontext", tmp_path).startswith("OTHER")
    assert outcome(program, "loopback_only", tmp_path) == "GUARD"


def test_this_machine_itself_stays_reachable(tmp_path: Path) -> None:
    program = """
        import http.server, threading, urllib.request
        server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with guarded():
            assert urllib.request.urlopen(f"http://localhost:{server.server_port}/").status == 200
    """
    assert outcome(program, "loopback_only", tmp_path) == "DONE"


def test_the_guard_ends_with_its_block() -> None:
    from slrspec.providers import loopback

    with loopback.loopback_only(), loopback.loopback_only():
        assert loopback._guards == 2
    assert loopback._guards == 0
