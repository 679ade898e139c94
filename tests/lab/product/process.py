"""lendbot on the lab as a process of its own, which a test starts, kills as a power cut would, and starts again.

It runs under the lab's mark, so it ends with the lab whatever becomes of the test.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from tests.lab.product.settings import Around, product_environment, product_settings
from tests.lab.site import processes
from tests.lab.site.layout import Layout

REPOSITORY: Final = Path(__file__).parents[3]
READY_S: Final = 30.0
_SLACK, _LENDBOT = "slack", "lendbot"


class Lendbot:
    """One lendbot of one lab: settings in a folder of the lab, and its log in log/lendbot.log."""

    def __init__(self, layout: Layout, around: Around) -> None:
        self._layout = layout
        self.around = around
        told = json.loads((layout.dir / "lab.json").read_text(encoding="utf-8"))
        folder = layout.run / "product"
        folder.mkdir(exist_ok=True)
        self.config = folder / "lendbot.toml"
        self.config.touch(mode=0o600)
        self.config.write_text(product_settings(told, around), encoding="utf-8")
        self.environment = product_environment(told, around, self.config)
        self.log = layout.log / f"{_LENDBOT}.log"

    def start(self) -> None:
        """Run `lendbot serve`, and wait until it says that it has started."""
        read_before = self.log.stat().st_size if self.log.exists() else 0
        processes.start(self._layout, _LENDBOT, _argv("serve"), {**self.environment, "PYTHONPATH": str(REPOSITORY)})

        def has_started() -> bool:
            if self.pid is None:
                raise RuntimeError(f"lendbot ended at once; its last words:\n{self.last_words()}")
            with self.log.open("rb") as log:
                log.seek(read_before)
                return b"lendbot.started" in log.read()

        processes.wait_until("lendbot has started", has_started, READY_S)

    @property
    def pid(self) -> int | None:
        return processes.running(self._layout, _LENDBOT)

    def kill_after(self, seconds: float) -> None:
        """kill -9 a moment from now: it has no time to write anything down."""
        threading.Event().wait(seconds)
        processes.stop(self._layout, _LENDBOT, signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, as systemd does."""
        processes.stop(self._layout, _LENDBOT, within_s=20)

    def run(self, *words: str, **changed: str) -> subprocess.CompletedProcess[str]:
        """Run another of lendbot's commands to its end, with the same settings. changed: other secrets."""
        return subprocess.run(
            _argv(*words),
            env={**os.environ, **self.environment, **changed, "COLUMNS": "200"},
            cwd=REPOSITORY,
            text=True,
            capture_output=True,
            timeout=120,
            check=False,
        )

    def last_words(self, lines: int = 30) -> str:
        """Return the end of its log."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def start_slack(layout: Layout, *, with_page: bool = False) -> str:
    """Run an empty workspace and return its URL, where the page is as well when it is wanted."""
    address = layout.run / "slack-address"
    address.unlink(missing_ok=True)
    argv = [
        sys.executable,
        "-m",
        "tests.lab.product.slack_host",
        str(address),
        *([str(layout.dir)] if with_page else []),
    ]
    processes.start(layout, _SLACK, argv, {"PYTHONPATH": str(REPOSITORY)})
    processes.wait_until("the sandbox's Slack listens", address.exists, READY_S)
    return address.read_text(encoding="utf-8")


def stop_slack(layout: Layout) -> None:
    processes.stop(layout, _SLACK)


def _argv(*words: str) -> list[str]:
    return [sys.executable, "-m", "bot.cli", *words]
