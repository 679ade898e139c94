"""How fast a time phrase is read: one at a time as in a command, and through `lendbot when --jsonl`."""

import json
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from loans.when import read
from tests.bench.figures import Figure, ms, percentile, say

_PHRASES: Final = (
    "until Friday",
    "until Friday 6pm",
    "until next Friday",
    "till tomorrow noon",
    "until the end of the month",
    "until 27 Nov",
    "until November 27th at 18:00",
    "until 2026-12-01",
    "until 2026-12-01T17:30",
    "until Monday morning",
    "until midnight",
    "until Dec 3, 5:30 pm EST",
    "by Wednesday 09:00 UTC",
    "for 3 days",
    "for 2 hours",
    "for 90 minutes",
    "for a week",
    "for two and a half hours",
    "for 1 day and 6 hours",
    "3d",
    "48h",
    "from Monday 9am until Wednesday 5pm",
    "tomorrow from 9 to 17",
    "from 1 Dec to 5 Dec",
    "Monday 8:00 - Thursday 20:00",
    "in 4 hours",
    "until 03/04",
    "at 5",
    "untill freday",
    "until the workshop is over",
    "until yesterday",
    "whenever you like",
)
_ROUNDS: Final = 10
_LINES: Final = 640
_FLOOR_A_MINUTE: Final = 2000
_ZONE: Final = ZoneInfo("America/Indiana/Indianapolis")
_NOW: Final = datetime(2026, 11, 24, 10, 0, tzinfo=_ZONE)


def measure() -> list[Figure]:
    """Read every phrase some times, then as many lines as fit in a breath through one process."""
    say(f"{len(_PHRASES)} time phrases, {_ROUNDS} times each")
    for phrase in _PHRASES:
        read(phrase, _NOW, _ZONE)  # the first reading builds the parser
    took = [_timed(phrase) for _ in range(_ROUNDS) for phrase in _PHRASES]
    say(f"{_LINES} lines through `lendbot when --jsonl`")
    rate = _rate()
    return [
        Figure("a time phrase is read in, p50", ms(percentile(took, 50))),
        Figure("a time phrase is read in, p99", ms(percentile(took, 99))),
        Figure(
            "`lendbot when --jsonl`, phrases a minute, start-up included",
            f"{rate:,.0f}",
            f"at least {_FLOOR_A_MINUTE:,}",
            rate >= _FLOOR_A_MINUTE,
        ),
    ]


def _timed(phrase: str) -> float:
    began = time.perf_counter()
    read(phrase, _NOW, _ZONE)
    return time.perf_counter() - began


def _rate() -> float:
    asked = {"now": _NOW.isoformat(), "tz": _ZONE.key}
    lines = [json.dumps(asked | {"phrase": _PHRASES[i % len(_PHRASES)]}) for i in range(_LINES)]
    lendbot = str(Path(sys.executable).with_name("lendbot"))
    began = time.monotonic()
    done = subprocess.run(
        [lendbot, "when", "--jsonl"], input="\n".join(lines), capture_output=True, text=True, check=True
    )
    assert done.stdout.count("\n") == _LINES, "an answer a line"
    return 60 * _LINES / (time.monotonic() - began)
