"""The forms: a reason for a no, a later deadline, and a wish for whoever would rather fill in than write."""

from collections.abc import Sequence

from bot.views import actions
from bot.views.blocks import plain_text, section
from bot.views.lines import what
from bot.views.rendered import Block
from commands.decide import NOTE_LIMIT
from loans.classes import NodeClass
from loans.loan import Loan


def decline(loan: Loan) -> Block:
    """Return the form behind Decline…"""
    hint = "The requester reads it."
    return _modal(
        actions.DECLINE_MODAL,
        f"Decline loan #{loan.id}",
        "Decline",
        str(loan.id),
        [section(what(loan)), _input(actions.TEXT, "Reason", hint, NOTE_LIMIT, is_long=True, optional=True)],
    )


def extend(loan: Loan) -> Block:
    """Return the form behind Extend…"""
    hint = "Such as: until Monday 9am, for 2 days. It is signed again."
    return _modal(
        actions.EXTEND_MODAL,
        f"Extend loan #{loan.id}",
        "Ask for it",
        str(loan.id),
        [section(what(loan)), _input(actions.TEXT, "New deadline", hint, 120)],
    )


def lend(classes: Sequence[NodeClass]) -> Block:
    """Return the form behind the shortcut and the Home tab's button."""
    options = [{"text": plain_text(c.name, 75), "value": c.name} for c in classes[:100]]
    pick = {"type": "static_select", "action_id": actions.CLASS, "options": options, "initial_option": options[0]}
    return _modal(
        actions.LEND_MODAL,
        "Lend nodes to k8s",
        "Show me",
        "",
        [
            _input(actions.COUNT, "How many", "A number of nodes.", 9),
            {"type": "input", "block_id": actions.CLASS, "label": plain_text("Class", 200), "element": pick},
            _input(actions.UNTIL, "Until when", "Such as: until Friday 6pm, for 3 days.", 120),
            _input(actions.PURPOSE, "What for", "Approvers read it.", 200, optional=True),
        ],
    )


def _modal(callback_id: str, title: str, submit: str, carries: str, blocks: list[Block]) -> Block:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain_text(title, 24),
        "submit": plain_text(submit, 24),
        "close": plain_text("Not now", 24),
        "private_metadata": carries,
        "blocks": blocks,
    }


def _input(name: str, label: str, hint: str, most: int, *, is_long: bool = False, optional: bool = False) -> Block:
    return {
        "type": "input",
        "block_id": name,
        "label": plain_text(label, 200),
        "hint": plain_text(hint, 200),
        "optional": optional,
        "element": {"type": "plain_text_input", "action_id": name, "multiline": is_long, "max_length": most},
    }
