"""No test knows what day it really is: none reads the wall's clock, and who lives at a moment is tried at all."""

import ast
from collections.abc import Iterator, Mapping
from datetime import UTC, timedelta
from pathlib import Path
from typing import Final

from tests.anyday.__main__ import ZONES
from tests.anyday.files import ELSEWHERE, TESTS, knowing
from tests.moment import MOMENTS, PLAIN, SITE_ZONE

ALLOWED: Final[Mapping[str, str]] = {
    "moment.py": "the one place: a rehearsal's clock is anchored at the real time",
    "adapters/test_kube_tls.py": "a certificate is valid by the real time, which TLS reads",
    "bot/slack/test_http_mode.py": "Slack signs with the real time, and bolt compares it with its own",
    "contract/sites.py": "the lab's Slurm has the machine's time",
    "contract/kube/lab_side.py": "the lab's control plane has the machine's time",
    "lab/product/room.py": "the lab's daemons have the machine's time",
    "lab/site/kubelet.py": "the lab's control plane has the machine's time",
    "lab/site/power.py": "its log is read by a person",
    "lab/site/slurm.py": "the lab's Slurm has the machine's time",
    "lab/test_takings.py": "the lab's Slurm has the machine's time",
    "store/test_transactions.py": "PostgreSQL has the machine's time, and is asked for it",
    "bench/page.py": "the page says when it was measured",
}
"""Files that read the wall's clock, each with its reason."""
READERS: Final = {
    *("datetime.now", "datetime.today", "datetime.utcnow", "date.today", "dt.datetime.now", "dt.date.today"),
    *("datetime.datetime.now", "datetime.date.today", "time.time", "time.time_ns", "time.localtime", "time.gmtime"),
    *("time.ctime", "time.asctime", "time.tzset", "time.tzname"),
}
IMPORTED: Final = {"time", "time_ns", "localtime", "gmtime", "ctime", "asctime"}
"""What a name of the module time would hide from the list above."""
WALL_CLOCKS: Final = {"SiteClock", "ClockSettings"}
"""Without an argument these are the wall's."""
UNSET: Final = {"lab/product/slack_host.py", "bot/process/test_clock.py"}
"""The lab has the machine's time, and a clock that nobody has set is tested once."""


def name(path: Path) -> str:
    return path.relative_to(TESTS).as_posix()


def readings(path: Path) -> Iterator[str]:
    """Yield each place where a file reads the wall's clock, or its zone."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Attribute() if ast.unparse(node) in READERS:
                yield f"line {node.lineno}: {ast.unparse(node)}"
            case ast.ImportFrom(module="time", names=names) if hidden := IMPORTED & {each.name for each in names}:
                yield f"line {node.lineno}: from time import {', '.join(sorted(hidden))}"
            case ast.Call(func=ast.Attribute(attr="astimezone"), args=[], keywords=[]):
                yield f"line {node.lineno}: astimezone() without a zone is the machine's"
            case ast.Call(func=ast.Name(id=made), args=[], keywords=[]) if made in WALL_CLOCKS:
                if name(path) not in UNSET:
                    yield f"line {node.lineno}: {made}() is the wall's clock"


def test_nobody_reads_the_walls_clock() -> None:
    """A test that reads it is red on a day that nobody has tried, and then nothing lands. Take tests.moment.MOMENT."""
    found = {name(path): told for path in TESTS.rglob("*.py") if (told := list(readings(path)))}
    assert {path: told for path, told in found.items() if path not in ALLOWED} == {}
    assert set(ALLOWED) <= set(found), "a file that may read it does not: take it off the list"


def test_what_knows_the_time_is_run_at_each_moment() -> None:
    """The list is worked out, not kept; these are on it for what they do, and must never fall off."""
    found = {name(path) for path in knowing()}
    assert {
        "commands/test_fill.py",  # by its folder's conftest
        "conversion/test_due.py",  # by its rig's values
        "bot/listeners/test_listeners.py",
        "stories/test_two_processes.py",
        "sandbox/test_kube_nodes.py",
        "loans/test_when_properties.py",
        "contract/test_slurm.py",
    } <= found
    assert not {path for path in found if path.split("/")[0] in ELSEWHERE}
    assert "adapters/test_hostlist.py" not in found


def test_the_moments_are_those_that_programs_break_on() -> None:
    """A moment whose date was mistyped would be green for ever, and test nothing."""
    at = {name: moment.astimezone(SITE_ZONE) for name, moment in MOMENTS.items()}
    assert [f"{at[day]:%A}".lower() for day in ("saturday", "sunday", "monday", PLAIN)] == [
        "saturday", "sunday", "monday", "tuesday",
    ]  # fmt: skip
    assert (f"{at['monday']:%H:%M}", f"{at['new-year']:%d %b %H:%M}") == ("00:05", "31 Dec 23:50")
    assert f"{at['leap-day']:%d %b}" == "29 Feb"
    for day, before, after in (("spring-forward", -5, -4), ("fall-back", -4, -5)):
        soon = (at[day].astimezone(UTC) + timedelta(minutes=15)).astimezone(SITE_ZONE)
        offsets = [moment.utcoffset() for moment in (at[day], soon)]
        assert [offset and offset.total_seconds() / 3600 for offset in offsets] == [before, after]
    assert set(ZONES) == set(MOMENTS) - {PLAIN}
