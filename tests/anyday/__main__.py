"""Run them. Each moment has a zone of its own too: that of the machine, which no test may read either."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Final

from tests.anyday.files import ROOT, knowing
from tests.moment import MOMENTS, PLAIN

ZONES: Final[Mapping[str, str]] = {
    "saturday": "Pacific/Kiritimati",  # it is Sunday there
    "sunday": "America/Indiana/Indianapolis",
    "monday": "America/Los_Angeles",
    "new-year": "Asia/Kathmandu",
    "leap-day": "Australia/Lord_Howe",  # whose clocks change by half an hour
    "spring-forward": "America/New_York",
    "fall-back": "Europe/Berlin",
    "month-end": "Pacific/Marquesas",
}


def main(named: list[str]) -> int:
    """Run the tests at each moment that is named, or at all but the plain one, where `make test` lives.

    returns   how many moments were red
    """
    unknown = set(named) - set(MOMENTS)
    if unknown:
        print(f"no moment is called {', '.join(sorted(unknown))}; there are {', '.join(MOMENTS)}", file=sys.stderr)
        return 2
    files = [str(path.relative_to(ROOT)) for path in knowing()]
    ran = {name: _run(name, files) for name in named or [name for name in MOMENTS if name != PLAIN]}
    print(f"\n{len(files)} test files know the time.")
    for name, (is_green, took_s) in ran.items():
        print(f"  {'green' if is_green else 'RED  '} {took_s:6.0f} s  {name}: {_where(name)}")
    return sum(not is_green for is_green, _ in ran.values())


def _run(name: str, files: list[str]) -> tuple[bool, float]:
    """Return whether all were green, and how many seconds they took."""
    print(f"\n== {name}: {_where(name)}", flush=True)
    options = ["-q", "-n", "6", "--dist", "loadfile", "-m", "not lab", "-p", "no:cacheprovider", "-r", "fE"]
    environment = os.environ | {"MOMENT": name, "TZ": _zone(name)}
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "pytest", *options, *files], cwd=ROOT, env=environment, check=False)
    return done.returncode == 0, time.monotonic() - began


def _where(name: str) -> str:
    return f"{MOMENTS[name]:%A %d %B %Y, %H:%M %Z}, on a machine in {_zone(name)}"


def _zone(name: str) -> str:
    return ZONES.get(name, "UTC")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
