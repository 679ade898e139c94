"""The App Home tab: what is open, what could be lent, and a button for who would rather not type."""

from bot.views import actions as ids
from bot.views.blocks import actions, button, context, divider, header
from bot.views.refusals import far_side_down
from bot.views.rendered import Block
from bot.views.replies import free as free_lines
from bot.views.replies import loans as loan_table
from bot.views.text import code, seconds
from commands.replies import FarSideDown, Free, Loans

_MOST = 100
"""Blocks of a view."""


def home(loans: Loans, free: Free | FarSideDown) -> Block:
    """Return the Home view."""
    could_go = _section(far_side_down(free)) if isinstance(free, FarSideDown) else free_lines(free).blocks
    blocks: list[Block | None] = [
        header("Nodes for Kubernetes"),
        actions(button(ids.OPEN_LEND, "Lend nodes…", "home", style="primary")),
        *could_go,
        divider(),
        *loan_table(loans).blocks,
        divider(),
        context(
            f"As of {seconds(loans.now)}; open this tab again for fresh numbers", f"{code('/nodes help')}: all verbs"
        ),
    ]
    return {"type": "home", "blocks": [block for block in blocks if block is not None][:_MOST]}


def _section(text: str) -> list[Block]:
    return [{"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}]
