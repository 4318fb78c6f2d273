"""Serving a built site to this machine."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import click

from slrspec.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

LOOPBACK = "127.0.0.1"


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:  # noqa: ANN401 - as the base class has it
        """Say nothing of each request."""


def serve_folder(folder: Path, port: int) -> None:
    """Serve a folder until Ctrl-C.

    Raises
    ------
    UsageError
        If the port cannot be used.

    """
    try:
        server = ThreadingHTTPServer((LOOPBACK, port), partial(_Handler, directory=str(folder)))
    except OSError as error:
        raise UsageError(f"port {port} cannot be used: {error.strerror}", hint="choose another --port") from error
    with server:
        click.echo(f"Serving on http://{LOOPBACK}:{server.server_port}/ until Ctrl-C")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("")
