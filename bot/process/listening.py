"""Taking an address to be asked at: one that cannot be had is said in a sentence, before anything else begins."""

from typing import Any

from waitress.server import create_server


class CannotListen(Exception):  # noqa: N818 - it names what happened
    """An address of the settings cannot be taken."""

    def __init__(self, key: str, address: str, why: str) -> None:
        super().__init__(f"{key}: {address} cannot be listened on: {why}. Does another lendbot run here?")


def listening(app: Any, key: str, address: str, **options: Any) -> Any:
    """Return a server that has taken its address; it answers once it is run.

    key      of the settings, for the sentence
    raises   CannotListen
    """
    try:
        return create_server(app, listen=address, **options)
    except (OSError, ValueError) as e:
        raise CannotListen(key, address, getattr(e, "strerror", None) or str(e)) from e
