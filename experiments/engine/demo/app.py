"""The page and what it asks for, as a WSGI application.

Werkzeug, which TensorBoard brings along, and one page of our own: Gradio would have kept what visitors send in a folder
of temporary files, fetched fonts from other hosts, and reported its use. Here a file is read from the request into
memory and forgotten with the answer. Nothing is kept between requests, so that nothing can be mixed up.
"""

import ipaddress
import json
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from experiments.engine.demo.listening import MAX_BYTES, Ear
from experiments.engine.demo.pieces import PIECES, BuiltIn, read_built_in, surprise
from experiments.engine.predicting.asking import COMPOSER
from experiments.engine.rendering import PAGES
from features.corpora.composers import match_composer
from features.corpora.scores import SCORE_SUFFIXES
from features.errors import InputError

SENT = "application/octet-stream"
"""What a file is sent as: pages of other hosts may not send this unasked."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

STATIC = {"/demo.js": "text/javascript", "/demo.css": "text/css"}

TOO_LARGE = f"That file is larger than {MAX_BYTES // 2**20} MB, more than any piece needs; choose another."


class App:
    """Answers requests: the page, its script and style, and what is to be known of a piece.

    Args:
        ear: Hears the pieces.
        host: The name or address that is served.
    """

    def __init__(self, ear: Ear, *, host: str = "127.0.0.1"):
        self.ear, self.host = ear, host

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answers one request; see PEP 3333."""
        request = Request(environ)
        request.max_content_length = MAX_BYTES
        response = self.respond(request)
        response.headers.extend(HEADERS)
        return response(environ, start_response)

    def respond(self, request: Request) -> Response:
        """Returns the response to a request."""
        if not self._is_for_us(request):
            return _sentence("This page is for this machine only.", 403)
        if request.method == "GET" and request.path == "/":
            return Response(self._page(), content_type="text/html; charset=utf-8")
        if request.method == "GET" and request.path in STATIC:
            text = files("experiments.engine").joinpath("templates", request.path[1:]).read_text("utf-8")
            return Response(text, content_type=f"{STATIC[request.path]}; charset=utf-8")
        ask = {"/listen": self.ear.listen, "/answer": self.ear.answer, "/why": self.ear.why}.get(request.path)
        if ask is None or request.method != "POST" or request.mimetype != SENT:
            return _sentence("There is nothing here.", 404)
        try:
            data, piece = _piece_of(request)
            return _json(ask(data) | (self._revealed(piece) if request.path == "/answer" else {}))
        except InputError as error:
            return _sentence(_as_sentence(str(error)), 422)
        except RequestEntityTooLarge:
            return _sentence(TOO_LARGE, 413)
        except HTTPException:  # a request that was cut short
            return _sentence("The file did not arrive whole; send it again.", 400)

    def _revealed(self, piece: BuiltIn | None) -> dict[str, Any]:
        """What is known of a piece of ours: which composer the model should have said, and whether it has heard it."""
        if piece is None:
            return {}
        known_as = match_composer(piece.composer, self.ear.asker.saved.classes)
        facts = {"composer": piece.composer, "title": piece.title, "known_as": known_as}
        by_whom = known_as if self.ear.asker.label == COMPOSER else piece.composer
        # Asked of the whole piece: by fifteen seconds nothing can be told.
        return facts | {"in_training": self.ear.has_heard(piece.title, by_whom, read_built_in(piece))}

    def _page(self) -> str:
        saved = self.ear.asker.saved
        setup = {"classes": saved.classes, "max_bytes": MAX_BYTES, "too_large": TOO_LARGE}
        label = self.ear.asker.label
        setup["asks_who"] = label == COMPOSER
        setup["scores"] = SCORE_SUFFIXES
        setup["can_say_none"] = bool(self.ear.asker.calibration and self.ear.asker.calibration.weights)
        return PAGES.get_template("demo.html").render(
            setup=json.dumps(setup), pieces=PIECES, label=label, is_private=_is_loopback(self.host)
        )

    def _is_for_us(self, request: Request) -> bool:
        """Whether a request names this machine, not some name that a stranger has pointed at it (DNS rebinding)."""
        origin = request.headers.get("Origin")
        try:
            name = urlsplit(f"//{request.host}").hostname or ""
            is_own = origin is None or urlsplit(origin).netloc == request.host
        except ValueError:  # no address at all, such as http://[x
            return False
        return is_own and (name in ("localhost", self.host) or _is_address(name))


def _piece_of(request: Request) -> tuple[bytes, BuiltIn | None]:
    """The music that a request is about, and which piece of ours it is of; None if it was sent.

    Raises:
        InputError: There is no such piece.
        HTTPException: What was sent is too large, or did not arrive whole.
    """
    number, seed = (request.args.get(name, type=int) for name in ("piece", "surprise"))
    if seed is not None:
        piece, data = surprise(seed)
        return data, piece
    if number is not None:
        if not 0 <= number < len(PIECES):
            raise InputError("There is no such piece; choose one of the list.")
        return read_built_in(PIECES[number]), PIECES[number]
    return request.get_data(), None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    """Whether a host can only be reached from this machine."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _as_sentence(reason: str) -> str:
    """The reader's reasons are clauses, such as "it has no MIDI header"; the page shows sentences."""
    if reason[0].isupper():
        return reason
    return f"This file cannot be read: {reason.rstrip('.')}. Choose another."


def _json(values: dict[str, Any]) -> Response:
    return Response(json.dumps(values), content_type="application/json")


def _sentence(text: str, status: int) -> Response:
    return Response(json.dumps({"error": text}), status=status, content_type="application/json")
