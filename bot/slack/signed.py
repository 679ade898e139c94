"""HTTP mode's door: what Slack did not sign just now is refused before anybody reads what it says.

Bolt parses a body first and verifies it after; a parser is a large thing to show to whoever finds the address.
"""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from io import BytesIO
from typing import Any, Final

from slack_sdk.signature import SignatureVerifier

LARGEST_BODY: Final = 1 << 20
"""Slack's own payloads are some 100 kB at most: a view with all that it may hold."""

_Start = Callable[..., Any]


class SignedOnly:
    """A WSGI application in front of another one."""

    def __init__(self, app: Callable[[dict[str, Any], _Start], Iterable[bytes]], secret: str) -> None:
        self._app = app
        self._verifier = SignatureVerifier(secret)

    def __call__(self, environ: dict[str, Any], start: _Start) -> Iterable[bytes]:
        """Hand on what is signed; 401 for anything else, and 413 for what is too large to be Slack's."""
        body = environ["wsgi.input"].read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            return _refuse(start, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if not self._is_signed(body, environ):
            return _refuse(start, HTTPStatus.UNAUTHORIZED)
        return self._app({**environ, "wsgi.input": BytesIO(body)}, start)

    def _is_signed(self, body: bytes, environ: dict[str, Any]) -> bool:
        at = environ.get("HTTP_X_SLACK_REQUEST_TIMESTAMP", "")
        signature = environ.get("HTTP_X_SLACK_SIGNATURE", "")
        try:
            return bool(at.isascii() and at.isdigit() and self._verifier.is_valid(body, at, signature))
        except (ValueError, OverflowError):
            return False  # bytes that are no text, a time that no clock knows


def _refuse(start: _Start, status: HTTPStatus) -> Iterable[bytes]:
    start(f"{status.value} {status.phrase}", [("Content-Type", "text/plain")])
    return [f"{status.phrase}\n".encode()]
