"""Time phrases: "until Friday 6pm", "for 3 days", "from Monday 9:00 until Wednesday".

Decides whether a phrase means one thing, several, or nothing. The whole phrase is read or none of it; every
derivation is worked out; when two differ, or one is only likely, a person is asked. A wrong deadline kills somebody's
work, a question costs a click. Knows nothing of loans, and reads no clock: `now` and the zone are arguments.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Final

from lark.exceptions import UnexpectedInput

from loans.when import reader, spans
from loans.when.context import Context
from loans.when.guess import mended
from loans.when.say import reading, say, spelled, written
from loans.when.values import (
    Answer,
    Ask,
    Deadline,
    Duration,
    Interval,
    Length,
    Moment,
    Not,
    Reading,
    Refused,
    Stretch,
    Why,
)
from loans.when.words import MAX_CHARS, MAX_WORDS, UnknownWord, tidy

__all__ = [
    "Answer",
    "Ask",
    "Deadline",
    "Duration",
    "Interval",
    "Reading",
    "Refused",
    "prepare",
    "read",
    "reading",
    "say",
    "spelled",
    "written",
]

EXAMPLES: Final = '"until Friday 18:00", "for 3 days" or "from Monday 9am until Wednesday"'
MAX_READINGS: Final = 5
"""As many buttons as a person can compare; Slack would take 25."""
_ECHO: Final = 60


def read(phrase: str, now: datetime, tz: tzinfo, after: datetime | None = None) -> Answer:
    """What a phrase means to someone in zone tz who says it at `now`.

    phrase   any text
    now      aware
    after    aware; what the end has to follow, and weekdays, dates and hours are counted from. None: now
    returns  Deadline, Interval or Duration when it means one thing; Ask with what it can mean; Refused with the reason
    raises   ValueError when now is naive; nothing else, whatever the text
    """
    if now.utcoffset() is None:
        raise ValueError("now has to be aware: give it a zone")
    if len(phrase) > MAX_CHARS:
        return Refused(f"That is longer than a time needs to be. Try {EXAMPLES}.")
    text = tidy(phrase)
    ctx = Context(now=now, tz=tz, after=after or now)
    try:
        return _answer(ctx, text)
    except UnknownWord as unknown:
        return _guessed(ctx, text) or _not_read(text, unknown.word)
    except UnexpectedInput:
        return _not_read(text)


def prepare() -> None:
    """Build the grammar now, about 0.1 s, so that the first person who asks does not wait for it."""
    reader.parser()


def _answer(ctx: Context, text: str) -> Answer:
    """The verdict on everything the phrase can mean. Raises UnknownWord and UnexpectedInput."""
    if len(text.split()) > MAX_WORDS:
        return Refused(f"That is longer than a time needs to be. Try {EXAMPLES}.")
    found = reader.work_out(ctx, reader.derive(text))
    refusals = [value for value in found if isinstance(value, Not)]
    lengths = [value for value in found if isinstance(value, Length)]
    readings = [value for value in found if isinstance(value, Moment | Stretch)]
    if lengths and not readings:
        return _of_lengths(ctx, lengths)
    ends = [moment for span in lengths for moment in spans.add(ctx, ctx.now, replace(span, sure=False))]
    readings += [moment for moment in ends if isinstance(moment, Moment)]
    if not readings:
        return _refused(text, refusals)
    doubts = {Why.PAST, Why.GONE} if any(isinstance(value, Stretch) for value in readings) else {Why.PAST}
    doubtful = any(refusal.why in doubts for refusal in refusals)
    return _settled(ctx, readings, doubtful=doubtful)


def _of_lengths(ctx: Context, lengths: list[Length]) -> Answer:
    """A length alone. Only days and less have a length of their own; months have an end."""
    ends = [(span, end) for span in lengths for end in spans.add(ctx, ctx.now, span)]
    readings = [end for _, end in ends if isinstance(end, Moment)]
    if not readings:
        return Refused(next(end.sentence for _, end in ends if isinstance(end, Not)))
    settled = _settled(ctx, readings, doubtful=False)
    if len(lengths) == 1 and isinstance(settled, Deadline) and not lengths[0].months:
        return Duration(spans.nominal(lengths[0]), settled.at)
    return settled


def _settled(ctx: Context, readings: Sequence[Moment | Stretch], *, doubtful: bool) -> Answer:
    """One sure reading is the answer; anything else is asked, soonest first.

    A reading is sure when one derivation is sure of it.
    """
    told: dict[tuple[datetime, datetime | None], Reading] = {}
    sure = set()
    for value in readings:
        start, end = (value.start, value.end) if isinstance(value, Stretch) else (None, value)
        key = end.at.astimezone(UTC), start.at.astimezone(UTC) if start else None
        if key[0] - ctx.now.astimezone(UTC) > spans.FAR:
            return Refused(spans.TOO_FAR.sentence)
        told.setdefault(key, _reading(ctx, start, end))
        if end.sure and (start is None or start.sure):
            sure.add(key)
    if len(told) > MAX_READINGS:
        return Refused(f"That can mean {len(told)} different times. Try {EXAMPLES}.")
    choices = sorted(told.values(), key=lambda one: (one.at.astimezone(UTC), one.start is not None))
    if doubtful or len(choices) > 1 or not sure:
        return Ask(tuple(choices))
    only = choices[0]
    return Deadline(only.at) if only.start is None else Interval(only.start, only.at)


def _reading(ctx: Context, start: Moment | None, end: Moment) -> Reading:
    """One reading in the person's own zone, with what is odd about either end."""
    notes = ", ".join(note for note in (start.note if start else "", end.note) if note)
    return reading(end.at.astimezone(ctx.tz), ctx.now, ctx.tz, start.at.astimezone(ctx.tz) if start else None, notes)


def _guessed(ctx: Context, text: str) -> Ask | None:
    """The phrase with its spelling mended, always as a question."""
    guess = mended(text)
    if guess is None:
        return None
    try:
        answer = _answer(ctx, guess)
    except (UnknownWord, UnexpectedInput):
        return None
    match answer:
        case Refused():
            return None
        case Ask(readings):
            return Ask(readings, guess)
        case Interval(start, end):
            return Ask((reading(end, ctx.now, ctx.tz, start),), guess)
        case Deadline(at) | Duration(_, at):
            return Ask((reading(at, ctx.now, ctx.tz),), guess)


def _refused(text: str, refusals: list[Not]) -> Refused:
    """The most telling of the reasons, or that there is none."""
    if not refusals:
        return _not_read(text)
    order = (Why.VAGUE, Why.PAST, Why.GONE, Why.MISMATCH, Why.IMPOSSIBLE)
    return Refused(min(refusals, key=lambda refusal: order.index(refusal.why)).sentence)


def _not_read(text: str, word: str = "") -> Refused:
    """Says what was not understood, and what would be."""
    shown = _echoed(text)
    if not shown:
        return Refused(f"No time is named. Try {EXAMPLES}.", is_read=False)
    culprit = f""" (I don't know "{_echoed(word)}" here)""" if word and word != text else ""
    return Refused(f"""I can't read "{shown}" as a time{culprit}. Try {EXAMPLES}.""", is_read=False)


def _echoed(text: str) -> str:
    """The person's words, short, and with nothing in them that a store or a terminal could choke on."""
    plain = "".join(sign if sign.isprintable() else "?" for sign in text)
    return plain if len(plain) <= _ECHO else plain[: _ECHO - 1] + "…"
