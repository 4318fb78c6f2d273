"""A door to the backends of the moto in this process, for a program that is another process."""

from __future__ import annotations

import re
from contextlib import contextmanager
from importlib.util import find_spec
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT_KEY = re.compile(r"Credential=(\d{12})/")
NEEDED = ("flask", "flask_cors", "werkzeug")


def why_none() -> str:
    """Return why there can be no door; empty if there can."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    return (
        f"moto's server is not installed ({', '.join(missing)}); pip install 'slrspec[server]'" if missing else ""
    )


@contextmanager
def opened_door() -> Iterator[str]:
    """Serve on a free port of this machine, and yield the URL.

    An access key of twelve digits is the account of that number: a command cannot name it in a header of moto's.
    """
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        """Logs nothing: what is called stands in the evidence."""

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    moto: Any = DomainDispatcherApplication(create_backend_app)

    def answer(environ: dict[str, Any], start: Any) -> Any:  # noqa: ANN401 - WSGI
        if match := ACCOUNT_KEY.search(environ.get("HTTP_AUTHORIZATION", "")):
            environ["HTTP_X_MOTO_ACCOUNT_ID"] = match[1]
        return moto(environ, start)

    server = make_server("127.0.0.1", 0, answer, threaded=True, request_handler=Quiet)
    thread = Thread(target=server.serve_forever, name="slrspec-door", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
