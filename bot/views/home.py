"""The App Home tab: what is open, what could be lent, and the way to ask. Drawn when it is opened.

No table and no button that answers with a message: Slack has neither for the Home tab.
"""

from typing import Final

from bot.views.blocks import actions, context, divider, header, section
from bot.views.breaker import standing
from bot.views.buttons import ask_for_nodes
from bot.views.lists import class_line, loan_line
from bot.views.refusals import far_side_down
from bot.views.rendered import Block
from bot.views.text import code, seconds
from commands.refusals import FarSideDown
from commands.replies import Free, Loans

_LOANS: Final = 30
_CLASSES: Final = 20
"""Together well under the 100 blocks of a view."""
_SAID: Final = (
    "lend 8 gpu nodes to k8s until Friday 6pm",
    "free",
    "status #12",
    "extend #12 until Monday",
    "give back #12",
    "help",
)


def home(loans: Loans, free: Free | FarSideDown) -> Block:
    """Return the Home tab's view."""
    blocks: list[Block | None] = [
        section("*lendbot* lends idle Slurm nodes to Kubernetes until a deadline, and brings them home by itself."),
        actions(ask_for_nodes()),
        header("Open loans"),
        *_open(loans),
        divider(),
        header("What could be lent now"),
        *_free(free),
        divider(),
        section(f"*In words*, to lendbot in a channel or a direct message:\n{' · '.join(map(code, _SAID))}"),
        context(f"as of {seconds(loans.now)}; open this tab again for the latest"),
    ]
    return {"type": "home", "blocks": [block for block in blocks if block is not None]}


def _open(loans: Loans) -> list[Block]:
    if not loans.loans:
        return [section("No loan is open.")]
    shown = [section(loan_line(loan, loans.arrived.get(loan.id, 0))) for loan in loans.loans[:_LOANS]]
    rest = len(loans.loans) - _LOANS
    return [*shown, section(f"and {rest} more: {code('status')} lists them.")] if rest > 0 else shown


def _free(free: Free | FarSideDown) -> list[Block]:
    if isinstance(free, FarSideDown):
        return [section(far_side_down(free))]
    held_up = [section(standing(breaker)) for breaker in free.breakers[:_CLASSES]]
    return [*(section(class_line(*each)) for each in free.classes[:_CLASSES]), *held_up]
