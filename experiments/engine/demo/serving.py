"""The page served, to this machine alone unless another address is asked for."""

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from experiments.engine.demo.app import App
from features.errors import InputError


class _Silent(WSGIRequestHandler):
    """Says nothing of requests: what visitors do is nobody's business."""

    def log(self, type: str, message: str, *args: object) -> None:
        pass


def open_server(app: App, port: int) -> BaseWSGIServer:
    """Returns a server that waits to be told to `serve_forever`.

    Args:
        app: What it serves, at the address of its `host`.
        port: 0 for any free port.

    Raises:
        InputError: The port is taken, or there is no such address.
    """
    try:
        return make_server(app.host, port, app, threaded=True, request_handler=_Silent)
    except (OSError, SystemExit) as error:  # with the latter Werkzeug says that the port is taken
        raise InputError(
            f"The page cannot be served at {app.host}, port {port}: it is taken, or this machine has no such address; "
            "choose another with --port or --host."
        ) from error
