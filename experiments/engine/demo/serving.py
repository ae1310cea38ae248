"""The page served, to this machine alone unless another address is asked for."""

from contextlib import redirect_stderr
from io import StringIO
from threading import BoundedSemaphore
from typing import Any

from werkzeug.serving import BaseWSGIServer, ThreadedWSGIServer, WSGIRequestHandler

from experiments.engine.demo.app import App
from features.errors import InputError

MOST_CONNECTIONS = 32
"""At once; a browser opens some six."""


class _Silent(WSGIRequestHandler):
    """Says nothing of requests: what visitors do is nobody's business. Who is silent for long is left."""

    timeout = 30  # seconds

    def log(self, type: str, message: str, *args: object) -> None:
        pass


class _Server(ThreadedWSGIServer):
    """Answers each request in a thread of its own, and drops those that are too many at once."""

    def __init__(self, *how: Any):
        self._free = BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__(*how)

    def log(self, type: str, message: str, *args: object) -> None:
        """Says what went wrong, but that a connection was silent for too long."""
        if "timed out" not in message:
            super().log(type, message, *args)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()


def open_server(app: App, port: int) -> BaseWSGIServer:
    """Returns a server that waits to be told to `serve_forever`.

    Args:
        app: What it serves, at the address of its `host`.
        port: 0 for any free port.

    Raises:
        InputError: The port is taken, or there is no such address.
    """
    try:
        with redirect_stderr(StringIO()):  # where Werkzeug says it in words of its own
            return _Server(app.host, port, app, _Silent)
    except (OSError, SystemExit) as error:  # with the latter Werkzeug says that the port is taken
        raise InputError(
            f"The page cannot be served at {app.host}, port {port}: it is taken, or this machine has no such address; "
            "choose another with --port or --host."
        ) from error
