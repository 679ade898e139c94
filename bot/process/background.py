"""Threads that nobody waits for: what they do ends with the process."""

from collections.abc import Callable
from threading import Thread


def in_background(name: str, work: Callable[[], object]) -> Thread:
    """Run something until the process ends."""
    thread = Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread
