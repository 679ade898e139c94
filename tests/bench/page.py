"""docs/performance.md: the table, and what it was taken on. Written by the bench alone; no check takes it anew."""

import os
import platform
import re
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from tests.bench.figures import Figure

PAGE: Final = Path(__file__).parents[2] / "docs" / "performance.md"
_LIBRARIES: Final = ("lendbot", "slack_bolt", "SQLAlchemy", "paramiko", "kubernetes", "sushy")

_TEXT: Final = """# Performance

<!-- Written by `make bench`. It tells of one run on one machine, so nothing checks it against another. -->

All of it was taken in one run of

    {command}

lendbot and the sandbox's site ran side by side on this machine, as processes of their own, so the two share its
processors. Look at the ratios: they say something of other machines too.

| what | measured | promised | kept |
| --- | --- | --- | --- |
{table}

{notes}

## Taken on

{machine}
"""

_NOTES: Final = """\
- *200 nodes*: a site of 200 idle nodes whose clock runs {speed:g} times as fast as life; spans are in site
  time. The node with the slowest Puppet run and the one with the slowest boot are then lent again by themselves, on a
  fresh site with the same dice, {alone_speed:g} times as fast as life. `pace.workers` is {workers}.
  The site's tenants have no disruption budgets here: those make nodes wait for people, not for lendbot.
- *acks* are timed at the site's Slack, from the envelope that goes out to the ack that comes in. Each text is said once
  before the clock starts: what is measured is a lendbot that has been up for a while.
- *calls* are counted with `slurm.max_age` at 5 s, so that a busy machine does not make more of them.
- *memory* is the resident set of `lendbot worker`: idle after its start, and the most while the 200 nodes were on their
  way."""


def write(
    rows: Mapping[str, Sequence[Figure]], command: str, *, speed: float, alone_speed: float, workers: int
) -> None:
    """Write the page."""
    table = "\n".join(_line(figure) for figures in rows.values() for figure in figures)
    notes = _NOTES.format(speed=speed, alone_speed=alone_speed, workers=workers)
    PAGE.write_text(_TEXT.format(command=command, table=table, notes=notes, machine=_machine()), encoding="utf-8")


def _line(figure: Figure) -> str:
    kept = ("yes" if figure.holds else "**no**") if figure.bound else ""
    return f"| {figure.what} | {figure.measured} | {figure.bound} | {kept} |"


def _machine() -> str:
    load = f"load average {os.getloadavg()[2]:.1f} over 15 min"
    processor = _first(Path("/proc/cpuinfo"), r"model name\s*:\s*(.+)")
    memory_gib = int(_first(Path("/proc/meminfo"), r"MemTotal:\s*(\d+)")) / 2**20
    lines = (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {load}",
        f"{os.cpu_count()} processors ({processor}), {memory_gib:.0f} GiB",
        f"{platform.system()}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}",
        ", ".join(f"{name} {version(name)}" for name in _LIBRARIES),
    )
    return "\n".join(f"- {line}" for line in lines)


def _first(file: Path, pattern: str) -> str:
    found = re.search(pattern, file.read_text(encoding="utf-8"))
    return found[1] if found else "0"
