"""The ids of buttons and modals, and what they carry. A button grants nothing: its listener asks policy again.

A loan's button carries a Ref: the loan as it was shown, and a word beside it where there is one.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from dataclasses import fields as dataclass_fields
from datetime import UTC, datetime
from typing import Any, Final

from commands.fill import Kept
from commands.refusals import Begun
from loans.shown import Shown

SIGN_OFF: Final = "sign_off"
"""value: draft"""
SETTLE: Final = "settle"
"""value: draft; one reading of a time, or an offer of fewer or later nodes"""
SETTLE_EXTENSION: Final = "settle_extension"
"""value: draft"""
CHANGE: Final = "change"
"""value: draft; opens the form LEND_MODAL with the preview's wish in it"""
NEVER_MIND: Final = "never_mind"
"""value: draft; the preview goes away"""
APPROVE: Final = "approve"
"""word: what is signed (Loan.awaits)"""
DECLINE: Final = "decline"
"""word: what is declined (Loan.awaits); opens the modal DECLINE_MODAL, which carries the same"""
EXTEND: Final = "extend"
"""opens the modal EXTEND_MODAL"""
GIVE_BACK: Final = "give_back"
"""the button asks "sure?" by itself"""
CANCEL: Final = "cancel"
TRY_AGAIN: Final = "try_again"
"""word: node"""
FORCE: Final = "force"
"""word: node; the button asks "sure?" by itself"""
WAIT: Final = "wait"
"""word: node"""
GO_ON: Final = "go_on"
"""value: a ClassRef, of nodes of which several have failed alike"""
SEND_HOME: Final = "send_home"
"""value: likewise; the button asks "sure?" by itself"""
ALARM_TAKE: Final = "alarm_take"
"""value: an AlarmShown; whoever presses looks after it"""
ALARM_AGAIN: Final = "alarm_again"
"""value: likewise; every stuck node of it is sent home once more"""
HISTORY: Final = "history"
"""value: a HistoryRef; a part of a history, or its next page. Slack wants the ids of one row to differ: hence three"""
HISTORY_BACK: Final = "history_back"
"""value: likewise, of the page before"""
HISTORY_WHOLE: Final = "history_whole"
"""value: likewise, of the whole that a part was opened from"""
ALL_RIGHT: Final = "all_right"
"""takes the buttons off a reminder"""

OF_A_LOAN: Final = frozenset({APPROVE, DECLINE, EXTEND, GIVE_BACK, CANCEL, TRY_AGAIN, FORCE, WAIT})
"""What stands on a card, or on a message in its thread, and does something to the loan: its value is a Ref."""

DECLINE_MODAL: Final = "decline_modal"
EXTEND_MODAL: Final = "extend_modal"
LEND_MODAL: Final = "lend_modal"
"""The form behind the shortcut, the Home tab's button and CHANGE; it carries a FormRef."""
LEND_SHORTCUT: Final = "lend_nodes"
OPEN_LEND: Final = "open_lend"
"""The Home tab's button."""
FILL_IN: Final = "fill_in"
"""value: what a refusal has understood; opens the form LEND_MODAL with it"""
TEXT: Final = "text"
"""action_id of a modal's text input; its block_id is the same. LEND_MODAL has inputs of the names below."""
COUNT: Final = "count"
CLASS: Final = "node_class"
UNTIL: Final = "until"
PURPOSE: Final = "purpose"
QUICK: Final = "quick"
STARTS: Final = "starts"
ENDS: Final = "ends"


def begun_value(begun: Begun) -> str:
    """Return what the button FILL_IN carries: words alone, cut to what it can hold. They fill fields, no more."""
    return json.dumps({key: word[:300] for key, word in asdict(begun).items()}, ensure_ascii=False)


def parse_begun(value: str) -> Begun:
    """Read what FILL_IN carries; ValueError when it was never one of ours."""
    told = json.loads(value)
    fields = {field.name for field in dataclass_fields(Begun)}
    if not isinstance(told, dict) or set(told) != fields or not all(isinstance(word, str) for word in told.values()):
        raise ValueError(f"no wish in {value!r}")
    return Begun(**told)


def draft_key(value: str) -> str:
    """Read what a preview's button carries; ValueError when it was never one of ours."""
    if re.fullmatch(r"[a-z0-9]{1,10}-\d{1,10}-[a-z0-9]{1,20}", value) is None:
        raise ValueError(f"no draft in {value!r}")
    return value


class OldRef(ValueError):  # noqa: N818 - a finding about a value
    """What a button carried before it said whose loan it means: the number, and perhaps a word."""

    def __init__(self, loan: int, word: str) -> None:
        super().__init__(f"loan #{loan}, of whichever store")
        self.loan = loan
        self.word = word


@dataclass(frozen=True)
class Ref:
    """A loan as it was shown, and a word more.

    word   the node, for TRY_AGAIN, FORCE and WAIT; Loan.awaits for APPROVE, DECLINE and DECLINE_MODAL, so that nobody
           decides on what they have not read; the person's zone for EXTEND_MODAL; empty for others
    """

    shown: Shown
    word: str = ""

    @property
    def loan(self) -> int:
        """Return the loan's number."""
        return self.shown.loan

    @property
    def value(self) -> str:
        """Return what the button or the form carries."""
        return f"{self.shown.text} {self.word}"

    @classmethod
    def parse(cls, value: str) -> "Ref":
        """Read what it carries; OldRef when an older lendbot wrote it, ValueError when none did."""
        shown, gap, word = value.partition(" ")
        if gap:
            return cls(Shown.parse(shown), word)
        if old := re.fullmatch(r"(\d{1,9})(?::([\w./+-]{1,300}))?", value, re.ASCII):
            raise OldRef(int(old[1]), old[2] or "")
        raise ValueError(f"no loan in {value!r}")


@dataclass(frozen=True)
class ClassRef:
    """A class of nodes of which several have failed alike, and since when: it may happen again, and to other loans."""

    node_class: str
    opened_at: datetime

    @property
    def value(self) -> str:
        """Return what the button carries."""
        return f"{self.node_class} {self.opened_at.astimezone(UTC).isoformat()}"

    @classmethod
    def parse(cls, value: str) -> "ClassRef":
        """Read what it carries; ValueError when it was never one of ours."""
        node_class, _, opened_at = value.partition(" ")
        opened = datetime.fromisoformat(opened_at)
        if not node_class or opened.tzinfo is None:
            raise ValueError(f"no class and moment in {value!r}")
        return cls(node_class, opened)


@dataclass(frozen=True)
class HistoryRef:
    """A page of a history.

    shown   the loan that it is of; None for a node's, or for everything lately
    node    the node that it is of; empty likewise
    part    of a loan's: the part that is opened (loans/readers/history.py); empty for the whole in brief
    """

    shown: Shown | None = None
    node: str = ""
    part: str = ""
    page: int = 1

    @property
    def value(self) -> str:
        """Return what the button carries."""
        return f"{self.page} {self.shown.text if self.shown else ''} {self.node} {self.part}"

    @classmethod
    def parse(cls, value: str) -> "HistoryRef":
        """Read what it carries; ValueError when it was never one of ours."""
        found = re.fullmatch(r"(\d{1,6}) (\S*) ([\w.-]{0,255}) ([\w.:-]{0,255})", value, re.ASCII)
        if found is None:
            raise ValueError(f"no page of a history in {value!r}")
        return cls(Shown.parse(found[2]) if found[2] else None, found[3], found[4], max(1, int(found[1])))


@dataclass(frozen=True)
class FormRef:
    """What LEND_MODAL carries: a submitted form has no channel, and must be judged before anybody is asked for a zone.

    tz        of the person, in which their words are read; empty when it is not known
    channel   where the changed preview was asked for; None for a new wish
    url       the response URL of the changed preview, so that the answer takes its place; empty for a new wish
    kept      the time that the form is opened with; None for a new wish
    """

    tz: str
    channel: str | None = None
    url: str = ""
    kept: Kept | None = None

    @property
    def value(self) -> str:
        """Return the form's private metadata."""
        return json.dumps(asdict(self), default=datetime.isoformat)

    @classmethod
    def parse(cls, value: str) -> "FormRef":
        """Read a form's private metadata."""
        told = json.loads(value)
        kept = told.pop("kept", None)
        return cls(**told, kept=_kept(kept) if kept else None)


def _kept(told: Mapping[str, Any]) -> Kept:
    starts_at = datetime.fromisoformat(told["starts_at"]) if told["starts_at"] else None
    return Kept(told["words"], datetime.fromisoformat(told["until"]), starts_at)
