"""A history, from values to words: its lines, for Slack and for a terminal alike, and Slack's pages of them.

People come first, with what they decided and why. A node's steps are folded into a line, and a button opens them. What
one message cannot hold is on the next page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Final, TypeVar

from bot.views import actions as ids
from bot.views.actions import HistoryRef
from bot.views.blocks import actions, button, cell, context, date_cell, message, person_cell, section, table
from bot.views.decisions import WORDS, decision, event
from bot.views.happened import happened
from bot.views.lines import what
from bot.views.rendered import Block, Rendered
from bot.views.text import code, counted, listed, moment, said, who
from commands.replies import History, Lately
from loans import facts
from loans.facts import LENDBOT, Fact, Told
from loans.lengths import took
from loans.readers.history import Milestone, Part
from loans.runbook import StepName
from loans.shown import Shown

_DECISIONS: Final = 10
_EVENTS: Final = 8
_PARTS: Final = 8
_STEPS: Final = 40
"""What a page holds of each: at its longest still within a message (bot/views/blocks.py), so that nothing is cut."""
_SECTION: Final = 2800
_WHY: Final = 200

T = TypeVar("T")


@dataclass(frozen=True)
class Line:
    """One line that stands at an instant. text: Slack's mrkdwn."""

    at: datetime
    text: str


def title(given: History) -> str:
    """Return what it is the history of."""
    if given.loan is None:
        return f"*History of {code(given.node or 'nothing')}*"
    return f"*History of loan #{given.loan.id}*: {what(given.loan)}"


def decisions(given: History, most: int = WORDS) -> list[Line]:
    """Return who decided what, and why. most: characters of each reason."""
    return [
        Line(told.at, f"{_by(told)}{_about(told, given)}{decision(told.fact, most)}") for told in given.story.people
    ]


def _by(told: Told[Fact]) -> str:
    return "" if told.who == LENDBOT else f"{who(told.who.id)} "


def _about(told: Told[Fact], given: History) -> str:
    """Return what it was about, where that is not the whole of what the history is about."""
    if given.loan is None and told.loan_id is not None:
        return f"(loan #{told.loan_id}) "
    return f"({code(told.node)}) " if given.loan is not None and told.node is not None else ""


def course(given: History, most: int = WORDS) -> list[Line]:
    """Return what else happened to the whole. most: as above."""
    return [Line(told.at, event(told.fact, most)) for told in given.story.course]


def folded(part: Part, given: History, most: int = _WHY) -> str:
    """Return a part as one line: "gpu003: lent in 4:10; Puppet failed once". most: characters of each reason."""
    of = given.loan is None
    name = f"loan #{part.loan_id}" if of else code(part.node) if part.node else f"taking, wave {part.wave}"
    words = [_milestone(each, most) for each in part.milestones]
    if part.taken is not None:
        count, span = part.taken
        words.insert(0, f"{counted(count, 'node')} left Slurm in {took(span)}")
    return f"{name}: {'; '.join(words) or 'on its way'}"


def _milestone(each: Milestone, most: int) -> str:
    span = f" in {took(each.after)}" if each.after is not None else ""
    match each.told.fact:
        case facts.StepFailed(_, step):
            return f"{step} failed {_times(each.times)}"
        case facts.NodeArrived():
            return f"lent{span}"
        case facts.NodeBroke(step, why):
            return f"given up{_at(step)}: {said(why, most)}"
        case facts.NodeReplaced(by):
            return f"{code(by)} took its place"
        case facts.Blocked(step):
            return f"blocked at {step}: people were asked {_times(each.times)}"
        case facts.GotStuck(StepName.HEALTH, why):
            return f"home, but not healthy: {said(why, most)}"
        case facts.GotStuck(step, why):
            return f"stuck{_at(step)}: {said(why, most)}"
        case facts.NodeHome(was_lent):
            return f"{'home' if was_lent else 'back in Slurm'}{span}"
        case facts.WaveFailed(_, step, why):
            return f"came to nothing{_at(step)}: {said(why, most)}"
        case other:
            return event(other, most)


def _at(step: StepName | None) -> str:
    return f" at {step}" if step else ""


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def pages(given: History) -> int:
    """Return how many pages Slack needs for it."""
    if given.opened is not None:
        return max(1, ceil(len(given.opened.steps) / _STEPS))
    told = given.story
    sizes = ((told.people, _DECISIONS), (told.course, _EVENTS), (told.parts, _PARTS))
    return max(1, *(ceil(len(of) / size) for of, size in sizes))


def history(given: History | Lately) -> Rendered:
    """Return one page of it for Slack."""
    if isinstance(given, Lately):
        return _lately(given)
    page = min(max(1, given.page), pages(given))
    if given.opened is not None:
        return _opened(given, given.opened, page)
    if not any((given.story.people, given.story.course, given.story.parts)):
        text = f"{title(given)}: nothing is written down."
        return message(text, section(text))
    decided, happenings = _page(decisions(given), _DECISIONS, page), _page(course(given), _EVENTS, page)
    parts = _page(given.story.parts, _PARTS, page)
    return message(
        title(given).replace("*", ""),
        section(title(given)),
        *_lines("Who decided what", decided),
        *_lines("The loan" if given.loan else "Besides", happenings),
        *[section(folded(part, given), _open(part, given)) for part in parts],
        context(standing(given.standing) if given.standing else ""),
        context(_which_page(page, pages(given))),
        _turn(given, page),
    )


def _lines(heading: str, lines: Sequence[Line]) -> Iterator[Block]:
    """Yield sections, each within Slack's limit."""
    text = f"*{heading}*" if lines else ""
    for line in lines:
        row = f"• {moment(line.at)} {line.text}"
        if len(text) + len(row) > _SECTION:
            yield section(text)
            text = row
        else:
            text = f"{text}\n{row}"
    if text:
        yield section(text)


def _page(rows: Sequence[T], size: int, page: int) -> Sequence[T]:
    return rows[(page - 1) * size : page * size]


def _open(part: Part, given: History) -> Block | None:
    """Return the button that shows every step of a part; of a node's history only the loans' own know them."""
    if given.loan is None:
        return None
    return button(ids.HISTORY, "Steps", _ref(given, part=part.name).value)


def _ref(given: History, *, part: str = "", page: int = 1) -> HistoryRef:
    shown = Shown.of(given.loan) if given.loan is not None else None
    return HistoryRef(shown=shown, node=given.node or "", part=part, page=page)


def _which_page(page: int, of: int) -> str:
    return f"Page {page} of {of}" if of > 1 else ""


def _turn(given: History, page: int) -> Block | None:
    """Return the ways to the other pages, and out of what was opened."""
    part = given.opened.name if given.opened is not None else ""
    before = button(ids.HISTORY_BACK, "Page before", _ref(given, part=part, page=page - 1).value)
    after = button(ids.HISTORY, "Next page", _ref(given, part=part, page=page + 1).value)
    whole = button(ids.HISTORY_WHOLE, "Whole history", _ref(given).value)
    return actions(
        before if page > 1 else None, after if page < pages(given) else None, whole if given.opened else None
    )


def _opened(given: History, part: Part, page: int) -> Rendered:
    """Return every step of a part, failed tries among them."""
    rows = part.steps[(page - 1) * _STEPS : page * _STEPS]
    heading = f"*Loan #{part.loan_id}*, {folded(part, given)}"
    return message(
        heading,
        section(heading),
        table(("when", "who", "what", "detail"), [_step_row(told) for told in rows], "detail") if rows else None,
        context(
            _which_page(page, pages(given)), f"{code(f'lendbot history {part.loan_id} --steps')} prints every word"
        ),
        _turn(given, page),
    )


def _step_row(told: Told[Fact]) -> list[Block]:
    words = happened(told.fact)
    detail = date_cell(words.detail) if isinstance(words.detail, datetime) else cell(words.detail)
    return [date_cell(told.at), person_cell(told.who.id), cell(words.what), detail]


def _lately(given: Lately) -> Rendered:
    """Return what happened anywhere as a table, newest last: that is where the eye rests in a channel."""
    if not given.rows:
        text = "*Lately*: nothing is written down."
        return message(text, section(text))
    older = HistoryRef(page=given.page + 1).value if given.has_earlier else ""
    newer = HistoryRef(page=given.page - 1).value if given.page > 1 else ""
    return message(
        "What happened lately",
        section("*What happened lately*, newest last"),
        table(("when", "who", "what", "loan", "node", "detail"), [_row(told) for told in given.rows], "detail"),
        context(
            f"{code('history #12')} shows who decided what about a loan, and {code('history gpu003')} about a node"
        ),
        actions(
            button(ids.HISTORY, "Earlier", older) if older else None,
            button(ids.HISTORY_BACK, "Later", newer) if newer else None,
        ),
    )


def _row(told: Told[Fact]) -> list[Block]:
    when, by, words, detail = _step_row(told)
    return [when, by, words, cell(f"#{told.loan_id}" if told.loan_id else ""), cell(told.node or ""), detail]


def standing(what_stands: Sequence[Told[Fact]]) -> str:
    """Return what lendbot has set on a node and not taken back. what_stands: at least one."""
    each = [f"{happened(told.fact).what} ({moment(told.at)}, loan #{told.loan_id})" for told in what_stands]
    return f"Set by lendbot now: {listed(each)}"
