"""The forms: a reason for a no, a later deadline, and a wish for whoever would rather fill in than write."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.views import actions
from bot.views.actions import FormRef, Ref
from bot.views.blocks import plain_text, section
from bot.views.lines import what
from bot.views.plain import plain
from bot.views.refusals import wrong_field
from bot.views.rendered import Block, Rendered
from bot.views.text import quote, shorten
from commands import fill
from commands.decide import NOTE_LIMIT
from commands.fill import Fill
from commands.grammar import LONGEST
from commands.refusals import BadTime, WrongFields
from loans.classes import NodeClass
from loans.loan import Loan
from loans.policy import NotLater, TooLong
from loans.shown import Shown

_UNDER_FIELD: Final = 300
"""Characters of an error that are read where one types; ours are shorter."""


def decline(loan: Loan) -> Block:
    """Return the form behind Decline…"""
    hint = "The requester reads it."
    return _modal(
        actions.DECLINE_MODAL,
        f"Decline loan #{loan.id}",
        "Decline",
        Ref(Shown.of(loan), loan.awaits).value,
        [section(what(loan)), _input(actions.TEXT, "Reason", hint, NOTE_LIMIT, is_long=True, optional=True)],
    )


def extend(loan: Loan, tz: str) -> Block:
    """Return the form behind Extend… tz: of the person, in which their words are read; empty when nobody knows it."""
    hint = "Such as: until Monday 9am, for 2 days. It is signed again."
    return _modal(
        actions.EXTEND_MODAL,
        f"Extend loan #{loan.id}",
        "Ask for it",
        Ref(Shown.of(loan), tz).value,
        [section(what(loan)), _input(actions.TEXT, "New deadline", hint, 120)],
    )


def lend(
    classes: Sequence[NodeClass], ref: FormRef, wish: Fill | None = None, now: datetime | None = None, said: str = ""
) -> Block:
    """Return the form for a wish.

    wish   what stands in its fields when it is opened, to be changed
    now    when it is opened; None: without quick choices
    said   the sentence that it goes on from
    """
    count, until, purpose = (wish.count, wish.until, wish.purpose) if wish else ("", "", "")
    options = [{"text": plain_text(c.name, 75), "value": c.name} for c in classes[:100]]
    chosen = next((each for each in options if wish and each["value"] == wish.class_word), options[0])
    pick = {"type": "static_select", "action_id": actions.CLASS, "options": options, "initial_option": chosen}
    return _modal(
        actions.LEND_MODAL,
        "Change the request" if wish and wish.kept else "Lend nodes to k8s",
        "Show me",
        ref.value,
        [
            *([section(f"You wrote: {quote(said, 500)}")] if said else []),
            _input(actions.COUNT, "How many", "A number of nodes.", 16, holds=count),
            {"type": "input", "block_id": actions.CLASS, "label": plain_text("Class", 200), "element": pick},
            _input(actions.UNTIL, "Until when", _read_in(ref.tz), 120, optional=True, holds=until),
            _quick(fill.quick(now, ref.tz)) if now else None,
            _picker(actions.STARTS, "or pick the start", wish.kept.starts_at if wish and wish.kept else None),
            _picker(actions.ENDS, "and the end", wish.kept.until if wish and wish.kept else None),
            _input(actions.PURPOSE, "What for", "Approvers read it.", LONGEST, optional=True, holds=purpose),
        ],
    )


def _read_in(tz: str) -> str:
    """Return the hint under the time: in which zone the words are read, so that it's never a silent one."""
    zone = f"Read in {tz}'s time" if tz else "Slack doesn't tell me your time zone: name one, or pick below"
    return f"Such as: until Friday 6pm, for 3 days. {zone}."


def _quick(choices: Sequence[tuple[str, str]]) -> Block:
    options = [{"text": plain_text(label, 75), "value": words} for label, words in (*choices, ("As above", fill.NONE))]
    return {
        "type": "input",
        "block_id": actions.QUICK,
        "label": plain_text("or choose", 200),
        "optional": True,
        "element": {"type": "static_select", "action_id": actions.QUICK, "options": options},
    }


def _picker(name: str, label: str, holds: datetime | None) -> Block:
    element = {"type": "datetimepicker", "action_id": name}
    return {
        "type": "input",
        "block_id": name,
        "label": plain_text(label, 200),
        "optional": True,
        "element": {**element, "initial_date_time": int(holds.timestamp())} if holds else element,
    }


def under_fields(wrong: WrongFields) -> dict[str, str]:
    """Return what Slack writes under the fields of the form, by their block ids."""
    said = {actions.COUNT: wrong.count, actions.UNTIL: wrong.until}
    return {field: shorten(wrong_field(why), _UNDER_FIELD) for field, why in said.items() if why is not None}


def under_the_deadline(wrong: BadTime | NotLater | TooLong, tz: ZoneInfo) -> dict[str, str]:
    """Return what Slack writes under the field of the form behind Extend…, where it would show no date of its own."""
    return {actions.TEXT: shorten(plain(Rendered(wrong_field(wrong), []), tz), _UNDER_FIELD)}


def _modal(callback_id: str, title: str, submit: str, carries: str, blocks: Sequence[Block | None]) -> Block:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain_text(title, 24),
        "submit": plain_text(submit, 24),
        "close": plain_text("Not now", 24),
        "private_metadata": carries,
        "blocks": [block for block in blocks if block is not None],
    }


def _input(
    name: str, label: str, hint: str, most: int, *, is_long: bool = False, optional: bool = False, holds: str = ""
) -> Block:
    element = {"type": "plain_text_input", "action_id": name, "multiline": is_long, "max_length": most}
    return {
        "type": "input",
        "block_id": name,
        "label": plain_text(label, 200),
        "hint": plain_text(hint, 200),
        "optional": optional,
        "element": {**element, "initial_value": shorten(holds, most)} if holds else element,
    }
