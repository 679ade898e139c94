"""A site and lendbot as two processes of their own: started in order, ended together.

The product is run as a user runs it, by its command, with the settings and the secrets that the site wrote for it.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

READY_S: Final = 60.0
_GOODBYE_S: Final = 10.0


@dataclass(frozen=True)
class Pair:
    """Both processes, and what the site says of itself."""

    told: dict[str, Any]
    directory: Path
    site: "subprocess.Popen[bytes]"
    product: "subprocess.Popen[bytes]"

    def dead(self) -> str | None:
        """Return which of the two has ended by itself, or None."""
        for name, process in (("the site", self.site), ("lendbot", self.product)):
            if process.poll() is not None:
                return f"{name} ended with {process.returncode}; see {self.directory}/{name.split()[-1]}.log"
        return None


@contextmanager
def running(directory: Path, *site_options: str) -> Iterator[Pair]:
    """Run both for the length of a with block.

    raises   RuntimeError when one of them does not come up
    """
    with site(directory, *site_options) as (told, its_process), product(directory) as lendbot:
        yield Pair(told, directory, its_process, lendbot)


@contextmanager
def site(directory: Path, *options: str) -> Iterator[tuple[dict[str, Any], "subprocess.Popen[bytes]"]]:
    """Run the site alone: what it says of itself, and its process. Raises RuntimeError when it does not come up."""
    directory.mkdir(parents=True, exist_ok=True)
    for stale in ("site.json", "lendbot.db", "lendbot.db-wal", "lendbot.db-shm"):
        (directory / stale).unlink(missing_ok=True)
    process = _start(directory, "site", [sys.executable, "-m", "sandbox", "--dir", str(directory), *options], {})
    try:
        yield _await_site(directory, process), process
    finally:
        _end(process)


@contextmanager
def product(directory: Path, command: str = "serve") -> Iterator["subprocess.Popen[bytes]"]:
    """Run lendbot beside a site, with the settings that the site wrote for it."""
    lendbot = str(Path(sys.executable).with_name("lendbot"))
    process = _start(directory, "lendbot", [lendbot, command], secrets(directory))
    try:
        yield process
    finally:
        _end(process)


def secrets(directory: Path) -> dict[str, str]:
    """Return what lendbot's environment has to hold."""
    lines = (directory / "lendbot.env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line)


def _start(directory: Path, name: str, argv: list[str], environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    """Start in a session of its own, so that Ctrl-C comes to us first and we end both in order."""
    with (directory / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=os.environ | environment, start_new_session=True
        )


def _await_site(directory: Path, site: "subprocess.Popen[bytes]") -> dict[str, Any]:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if site.poll() is not None:
            raise RuntimeError(f"the site ended with {site.returncode}; see {directory}/site.log")
        if (directory / "site.json").is_file():
            told: dict[str, Any] = json.loads((directory / "site.json").read_text(encoding="utf-8"))
            return told
        time.sleep(0.05)
    raise RuntimeError(f"the site was not ready in {READY_S:.0f} s; see {directory}/site.log")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ask to end, then insist."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_GOODBYE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
