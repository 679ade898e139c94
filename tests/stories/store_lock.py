"""Another process that holds SQLite's write lock: a backup, or a person with the sqlite3 shell."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = "?timeout=0.1"
"""Put behind the store's address: longer than our own writes take, and shorter than a test."""

_HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


def impatient(toml: str) -> str:
    """Let lendbot wait only briefly for other writers, as its address may say."""
    return toml.replace('lendbot.db"\n', f'lendbot.db{PATIENCE}"\n')


class Lock:
    """The other process. Taken and left as often as a story needs."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._process: subprocess.Popen[str] | None = None

    @property
    def is_held(self) -> bool:
        return self._process is not None

    def take(self) -> None:
        """Return when nobody else can write any more."""
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _HOLD, str(self._database)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "held\n"

    def leave(self) -> None:
        """End the process, if it runs."""
        if self._process is not None:
            self._process.communicate(timeout=30)
            self._process = None


@contextmanager
def lock_on(database: Path) -> Iterator[Lock]:
    lock = Lock(database)
    try:
        yield lock
    finally:
        lock.leave()
