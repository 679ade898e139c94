"""`lendbot when`: reads a time phrase as the bot would, and prints what it means as JSON.

Decides only how the answer looks on a terminal. With --jsonl it reads one object a line and answers a line each; a
line it cannot use is answered with a refusal, and the next line is read.
"""

import json
import sys
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

import typer

from loans.when import Answer, Ask, Deadline, Duration, Interval, Reading, Refused, read

ISO_NOW: Final = '"2026-11-24T10:00"'
HOURS_OF_OFFSET: Final = 14
YEARS: Final = range(1970, 2100)
"""When a phrase can have been said. The grammar looks a hundred years ahead, and the calendar has to reach that far."""


class BadInput(ValueError):  # noqa: N818 - it is said to a person
    """A line or an option we cannot use; the message says which, with an example."""


def run(phrase: str | None, now: str | None, tz: str, *, jsonl: bool) -> None:
    """Answer one phrase, or each line of standard input."""
    if jsonl:
        for line in sys.stdin.buffer:
            typer.echo(json.dumps(answer_line(line.decode(errors="replace"))))
        return
    if phrase is None:
        raise typer.BadParameter('give a phrase, such as "until Friday 6pm", or --jsonl')
    try:
        found = answer(phrase, now, tz)
    except BadInput as bad:
        raise typer.BadParameter(str(bad)) from bad
    typer.echo(json.dumps(found))


def answer_line(line: str) -> dict[str, Any]:
    """The answer to one line of JSON, whatever is in it."""
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError):
        return {"refused": "This line is not JSON."}
    if not isinstance(asked, dict) or not isinstance(asked.get("phrase"), str):
        return {"refused": 'This line has no "phrase".'}
    try:
        return answer(asked["phrase"], asked.get("now"), asked.get("tz") or "UTC")
    except BadInput as bad:
        return {"refused": str(bad)}


def answer(phrase: str, now: object, tz: object) -> dict[str, Any]:
    """What the phrase means, as a JSON object. Raises BadInput for a moment or a zone that is none."""
    zone = zone_of(tz)
    return shown(read(phrase, moment_of(now, zone), zone))


def zone_of(name: object) -> tzinfo:
    """The zone of "America/New_York" or "+05:30"."""
    if not isinstance(name, str):
        raise BadInput(f'tz is {name!r}: a zone name such as "Europe/Berlin" or an offset such as "+05:30" is needed.')
    hours, colon, minutes = name[1:].partition(":")
    if name[:1] in {"+", "-"} and colon and _is_two_digits(hours) and _is_two_digits(minutes):
        span = timedelta(hours=int(hours), minutes=int(minutes))
        if int(minutes) < 60 and span <= timedelta(hours=HOURS_OF_OFFSET):  # noqa: PLR2004 - minutes of an hour
            return timezone(span if name[0] == "+" else -span)
    try:
        return ZoneInfo(name)
    except (ValueError, LookupError, OSError) as error:
        raise BadInput(f'"{name[:60]}" is no zone: "Europe/Berlin" and "+05:30" are.') from error


def _is_two_digits(text: str) -> bool:
    return len(text) == 2 and text.isascii() and text.isdigit()  # noqa: PLR2004 - HH or MM


def moment_of(text: object, zone: tzinfo) -> datetime:
    """The moment of an ISO 8601 text, a wall clock of the zone when it carries no offset; this moment when there is
    none.
    """
    if text is None:
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
        if at is not None and at.year in YEARS:
            return at.replace(tzinfo=zone) if at.tzinfo is None else at.astimezone(zone)
    except (ValueError, OverflowError) as error:
        raise BadInput(f'"{text}" is no moment: {ISO_NOW} is.') from error
    raise BadInput(f"now is {text!r:.60}: {ISO_NOW} is a moment.")


def shown(found: Answer) -> dict[str, Any]:
    """An answer as a JSON object. Exactly one of five keys tells its kind."""
    match found:
        case Deadline(at):
            return {"deadline": _iso(at)}
        case Interval(start, end):
            return {"interval": [_iso(start), _iso(end)]}
        case Duration(span):
            seconds = span.total_seconds()
            return {"duration_s": int(seconds) if seconds.is_integer() else seconds}
        case Ask(readings, guess):
            asked = {"ask": [_choice(reading) for reading in readings]}
            return asked | ({"guess": guess} if guess else {})
        case Refused(sentence):
            return {"refused": sentence}


def _choice(reading: Reading) -> dict[str, str]:
    choice = {"say": reading.say, "deadline": _iso(reading.at)}
    return choice | ({"start": _iso(reading.start)} if reading.start else {})


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
