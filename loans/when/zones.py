"""Where a wall clock's reading lies on the time line. Decides gaps, overlaps and named zones; never guesses between
two.

The zone database is the standard library's. Abbreviations that name more than one zone (IST, CST, BST) are not in the
table.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from loans.when.values import Moment, Zone

_EAST, _MOUNTAIN, _PACIFIC, _MIDDLE = "America/New_York", "America/Denver", "America/Los_Angeles", "Europe/Berlin"
_CENTRAL: Final = "America/Chicago"
ZONES: Final[dict[str, tuple[int | None, str | None]]] = {
    "utc": (0, None),
    "gmt": (0, None),
    "z": (0, None),
    "est": (-5, _EAST),
    "edt": (-4, _EAST),
    "et": (None, _EAST),
    "ct": (None, _CENTRAL),
    "mst": (-7, _MOUNTAIN),
    "mdt": (-6, _MOUNTAIN),
    "mt": (None, _MOUNTAIN),
    "pst": (-8, _PACIFIC),
    "pdt": (-7, _PACIFIC),
    "pt": (None, _PACIFIC),
    "cdt": (-5, _CENTRAL),
    "akst": (-9, "America/Anchorage"),
    "akdt": (-8, "America/Anchorage"),
    "hst": (-10, "Pacific/Honolulu"),
    "aest": (10, "Australia/Sydney"),
    "aedt": (11, "Australia/Sydney"),
    "nzst": (12, "Pacific/Auckland"),
    "nzdt": (13, "Pacific/Auckland"),
    "hkt": (8, None),
    "sgt": (8, None),
    "kst": (9, None),
    "eet": (2, "Europe/Athens"),
    "eest": (3, "Europe/Athens"),
    "wet": (0, "Europe/Lisbon"),
    "cet": (1, _MIDDLE),
    "cest": (2, _MIDDLE),
    "jst": (9, None),
    "eastern": (None, _EAST),
    "central": (None, _CENTRAL),
    "central european": (None, _MIDDLE),
    "eastern standard": (-5, _EAST),
    "eastern daylight": (-4, _EAST),
    "central standard": (-6, _CENTRAL),
    "central daylight": (-5, _CENTRAL),
    "mountain standard": (-7, _MOUNTAIN),
    "mountain daylight": (-6, _MOUNTAIN),
    "pacific standard": (-8, _PACIFIC),
    "pacific daylight": (-7, _PACIFIC),
    "mountain": (None, _MOUNTAIN),
    "pacific": (None, _PACIFIC),
}
_CONTINENTS: Final = {"Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
_OFFSET: Final = re.compile(r"([+-])([0-9]{1,2})(?::?([0-9]{2}))?\)?$")
MAX_OFFSET: Final = timedelta(hours=14)
"""The widest offset in use, Line Islands."""


def named(word: str) -> Zone:
    """The zone of an abbreviation in the table, of "Eastern", "US Eastern time", "Chicago time", "Europe/Berlin"."""
    name = _bare(word)
    if name not in ZONES:
        return Zone(None, ZoneInfo(_places()[name]))
    hours, region = ZONES[name]
    fixed = None if hours is None else timezone(timedelta(hours=hours))
    return Zone(fixed, ZoneInfo(region) if region else None, exact=name in {"utc", "z"})


def is_known(word: str) -> bool:
    """Whether a word names a zone: of the table, or of the zone database by its name or its city."""
    return _bare(word) in ZONES or _bare(word) in _places()


def _bare(word: str) -> str:
    return re.sub(r"^(?:in )?(?:us )?|(?: time)?(?: zone)?$", "", word.lower())


@cache
def _places() -> dict[str, str]:
    """The zones of the database, by name and by city, in lower case."""
    names = sorted(name for name in available_timezones() if name.split("/")[0] in _CONTINENTS)
    cities = {name.rsplit("/", 1)[1].replace("_", " ").lower(): name for name in names}
    return cities | {name.lower(): name for name in names}


def offset(word: str) -> Zone | None:
    """The zone of "UTC-5", "+05:30" or "EST (UTC-5)"; none when no place on earth keeps it."""
    if word.lower().endswith("(utc)"):
        return Zone(UTC, exact=True)
    match = _OFFSET.search(word)
    if match is None:
        return None
    span = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    if span > MAX_OFFSET or int(match[3] or 0) >= 60:  # noqa: PLR2004 - minutes of an hour
        return None
    return Zone(timezone(span if match[1] == "+" else -span), exact=True)


def place(wall: datetime, tz: tzinfo) -> Iterator[Moment]:
    """The instants at which clocks in tz show this naive reading: one, two in an overlap, or the shifted one in a gap.

    raises   OverflowError at the ends of the calendar
    """
    early, late = (wall.replace(tzinfo=tz, fold=fold) for fold in (0, 1))
    if early.utcoffset() == late.utcoffset():
        yield Moment(early)
        return
    shown = early.astimezone(UTC).astimezone(tz)
    if shown.replace(tzinfo=None) != wall:
        note = f"clocks skip {wall:%H:%M} that day, so {shown:%H:%M}"
        yield Moment(shown, sure=False, note=note)
        return
    yield Moment(early, note="the first time the clock shows it")
    yield Moment(late, note="the second time, after clocks went back")


def place_in(wall: datetime, zone: Zone) -> Iterator[Moment]:
    """The instants of a reading in a zone named in the phrase.

    "5pm EST" in July is said by people who mean New York's clocks, and by people who mean UTC-5: both are given.
    """
    seen = set()
    for tz in (zone.fixed, zone.region):
        for moment in place(wall, tz) if tz else ():
            if moment.at.astimezone(UTC) not in seen:
                seen.add(moment.at.astimezone(UTC))
                yield moment
