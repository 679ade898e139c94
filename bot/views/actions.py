"""The ids of buttons and modals. A button carries an id and nothing else: its listener asks policy again."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from commands.fill import Kept

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
"""value: loan:what is signed (Loan.awaits)"""
DECLINE: Final = "decline"
"""value: loan:what is declined (Loan.awaits); opens the modal DECLINE_MODAL, which carries the same"""
EXTEND: Final = "extend"
"""value: loan; opens the modal EXTEND_MODAL"""
GIVE_BACK: Final = "give_back"
"""value: loan; the button asks "sure?" by itself"""
CANCEL: Final = "cancel"
"""value: loan"""
TRY_AGAIN: Final = "try_again"
"""value: loan:node"""
FORCE: Final = "force"
"""value: loan:node; the button asks "sure?" by itself"""
WAIT: Final = "wait"
"""value: loan:node"""
GO_ON: Final = "go_on"
"""value: the class of nodes of which several have failed alike"""
SEND_HOME: Final = "send_home"
"""value: likewise; the button asks "sure?" by itself"""
ALL_RIGHT: Final = "all_right"
"""value: loan; takes the buttons off a reminder"""

OF_A_LOAN: Final = frozenset({APPROVE, DECLINE, EXTEND, GIVE_BACK, CANCEL, TRY_AGAIN, FORCE, WAIT})
"""What stands on a card, or on a message in its thread: the loan comes first in its value."""

DECLINE_MODAL: Final = "decline_modal"
EXTEND_MODAL: Final = "extend_modal"
LEND_MODAL: Final = "lend_modal"
"""The form behind the shortcut, the Home tab's button and CHANGE; it carries a FormRef."""
LEND_SHORTCUT: Final = "lend_nodes"
OPEN_LEND: Final = "open_lend"
"""The Home tab's button."""
TEXT: Final = "text"
"""action_id of a modal's text input; its block_id is the same. LEND_MODAL has inputs of the names below."""
COUNT: Final = "count"
CLASS: Final = "node_class"
UNTIL: Final = "until"
PURPOSE: Final = "purpose"


def draft_key(value: str) -> str:
    """Read what a preview's button carries; ValueError when it was never one of ours."""
    if re.fullmatch(r"[a-z0-9]{1,10}-\d{1,10}-[a-z0-9]{1,20}", value) is None:
        raise ValueError(f"no draft in {value!r}")
    return value


@dataclass(frozen=True)
class Ref:
    """A loan and one word more.

    word   the node, for TRY_AGAIN, FORCE and WAIT; Loan.awaits for APPROVE, DECLINE and DECLINE_MODAL, so that nobody
           decides on what they have not read; the person's zone for EXTEND_MODAL
    """

    loan: int
    word: str

    @property
    def value(self) -> str:
        """Return what the button or the form carries."""
        return f"{self.loan}:{self.word}"

    @classmethod
    def parse(cls, value: str) -> "Ref":
        """Read what it carries; ValueError when it was never one of ours."""
        loan, _, word = value.partition(":")
        if not word:
            raise ValueError(f"nothing beside the loan in {value!r}")
        return cls(int(loan), word)


@dataclass(frozen=True)
class FormRef:
    """What LEND_MODAL carries: a submitted form has no channel, and must be judged before anybody is asked for a zone.

    tz        of the person, in which their words are read
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
