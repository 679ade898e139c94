"""The App Home tab: what waits for its reader, their own loans, the others', what could be lent, and how to ask.

No table: Slack has none for the Home tab. What a button here does is answered in a direct message.
"""

from collections.abc import Callable, Sequence
from typing import Final

from bot.views import buttons
from bot.views.blocks import actions, context, divider, header, section
from bot.views.breaker import standing
from bot.views.buttons import ask_for_nodes
from bot.views.lists import class_line, loan_line
from bot.views.refusals import far_side_down
from bot.views.rendered import Block
from bot.views.text import code, deadline, moment, seconds, who
from commands.refusals import FarSideDown
from commands.replies import Free, Loans
from loans.classes import NodeClass
from loans.loan import Loan
from loans.policy import Allowed, Person, may_approve

_WAITING: Final = 8
_MINE: Final = 8
_LOANS: Final = 15
_CLASSES: Final = 15
"""Together under the 100 blocks of a view: those with buttons are two blocks each."""
_SAID: Final = (
    "lend 8 gpu nodes to k8s until Friday 6pm",
    "free",
    "status #12",
    "extend #12 until Monday",
    "give back #12",
    "help",
)


ClassOf = Callable[[Loan], NodeClass]
"""Returns a loan's class, with the rules of today."""


def home(loans: Loans, free: Free | FarSideDown, reader: Person, class_of: ClassOf) -> Block:
    """Return the Home tab's view for one reader."""
    waiting = [loan for loan in loans.loans if _waits_for(reader, loan, class_of)]
    mine = [loan for loan in loans.loans if loan.requester == reader.id]
    others = [loan for loan in loans.loans if loan not in waiting and loan not in mine]
    blocks: list[Block | None] = [
        section("*lendbot* lends idle Slurm nodes to Kubernetes until a deadline, and brings them home by itself."),
        actions(ask_for_nodes()),
        *_waiting(waiting, loans),
        header("Your loans"),
        *_mine(mine, loans),
        *_others(others, loans),
        divider(),
        header("What could be lent now"),
        *_free(free),
        divider(),
        section(f"*In words*, to lendbot in a channel or a direct message:\n{' · '.join(map(code, _SAID))}"),
        context(f"as of {seconds(loans.now)}; open this tab again for the latest"),
    ]
    return {"type": "home", "blocks": [block for block in blocks if block is not None]}


def _waits_for(reader: Person, loan: Loan, class_of: ClassOf) -> bool:
    """Return True when this person could decide on what the loan waits for. The press is judged again."""
    asked_by = loan.extension.asked_by if loan.extension else loan.requester
    return bool(loan.awaits) and may_approve(reader, class_of(loan).rules, asked_by, loan.id) == Allowed()


def _waiting(waiting: Sequence[Loan], loans: Loans) -> list[Block | None]:
    if not waiting:
        return []
    each = [
        block
        for loan in waiting[:_WAITING]
        for block in (section(_asks(loan, loans)), actions(buttons.approve(loan), buttons.decline(loan)))
    ]
    return [header("Waiting for you"), *each, *_rest(len(waiting) - _WAITING)]


def _asks(loan: Loan, loans: Loans) -> str:
    line = loan_line(loan, loans.arrived.get(loan.id, 0))
    asked = loan.extension
    if asked is None:
        return f"{line}\nlapses {moment(loan.lapses_at)}"
    return f"{line}\n{who(asked.asked_by)} asks for {deadline(asked.until)} instead; lapses {moment(asked.lapses_at)}"


def _mine(mine: Sequence[Loan], loans: Loans) -> list[Block | None]:
    if not mine:
        return [section("You have no open loan.")]
    each = [
        block
        for loan in mine[:_MINE]
        for block in (
            section(loan_line(loan, loans.arrived.get(loan.id, 0))),
            actions(buttons.extend(loan), buttons.give_back(loan), buttons.cancel(loan)),
        )
    ]
    return [*each, *_rest(len(mine) - _MINE)]


def _others(others: Sequence[Loan], loans: Loans) -> list[Block | None]:
    if not others:
        return []
    shown = [section(loan_line(loan, loans.arrived.get(loan.id, 0))) for loan in others[:_LOANS]]
    return [header("Everybody else's"), *shown, *_rest(len(others) - _LOANS)]


def _rest(count: int) -> list[Block | None]:
    return [section(f"and {count} more: {code('status')} lists them.")] if count > 0 else []


def _free(free: Free | FarSideDown) -> list[Block]:
    if isinstance(free, FarSideDown):
        return [section(far_side_down(free))]
    held_up = [section(standing(breaker)) for breaker in free.breakers[:_CLASSES]]
    return [*(section(class_line(*each)) for each in free.classes[:_CLASSES]), *held_up]
