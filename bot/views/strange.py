"""What is said to a press on a card that is not this store's, not this loan's, or not as the loan is now.

Nothing has been done, and it says so first: whoever pressed has to know that before the reason.
"""

from typing import assert_never

from bot.views.text import code, deadline, who
from commands.replies import CardDiffers
from commands.strange_cards import LostLoan, OldButton, StrangersCard
from loans.loan import Loan, NodeState
from loans.shown import Change, ForcedBefore, NotBlocked, OtherAsker, OtherDeadline, OtherStage, OtherTerms


def strange_card(reply: StrangersCard | LostLoan | OldButton) -> str:
    """Return why a card stands for no loan that lendbot knows, and what to do instead."""
    match reply:
        case StrangersCard(loan_id, store):
            named = f" ({code(store)})" if store else ""
            return (
                f"Nothing has been done. This card is from another store of lendbot{named}: its loan #{loan_id} isn't "
                f"one of mine. {code('status')} lists the loans I know."
            )
        case LostLoan(loan_id, is_taken):
            now = f"Another loan is #{loan_id} now: {code(f'status #{loan_id}')} shows it. " if is_taken else ""
            return (
                f"Nothing has been done. I no longer know the loan on this card: it was made after the backup that my "
                f"store was restored from. {now}If you still need the nodes, ask for them again."
            )
        case OldButton(loan_id, words):
            return (
                f"Nothing has been done. An older lendbot made this button, and it doesn't say for sure which loan it "
                f"means. Look at {code(f'status #{loan_id}')}: press the button there, or say {code(words)}."
            )
        case other:
            assert_never(other)


def card_differs(reply: CardDiffers) -> str:
    """Return what has changed since the card was drawn; the card as it is now stands below."""
    loan = reply.one.loan
    changed = " ".join(_change(each, loan) for each in reply.changes)
    return f"Nothing has been done: loan #{loan.id} isn't what you were shown. {changed} This is how it stands now:"


def _change(change: Change, loan: Loan) -> str:
    match change:
        case OtherDeadline(showed):
            return f"Its deadline was {deadline(showed)}; now it is {deadline(loan.until)}."
        case OtherTerms():
            return "The number of nodes, the class, the start or the purpose has changed."
        case OtherAsker():
            asked = loan.extension
            return f"{who(asked.asked_by)} is the one asking for that deadline now." if asked else ""
        case OtherStage(node, showed, now):
            if showed is now:
                return f"{code(node)} has been sent home again since then."
            return f"{code(node)} was {_STAGES[showed]}; now it is {_STAGES[now]}."
        case NotBlocked(node):
            return f"Nothing blocks {code(node)} any more, so there's nothing to remove."
        case ForcedBefore(node, by):
            return f"{who(by)} has already ordered the removal of what blocks {code(node)}."
        case other:
            assert_never(other)


_STAGES = {
    NodeState.TAKING: "leaving Slurm",
    NodeState.LENDING: "on its way to Kubernetes",
    NodeState.LENT: "lent",
    NodeState.UNWINDING: "going back to Slurm",
    NodeState.UNWOUND: "back in Slurm without having been lent",
    NodeState.RETURNING: "on its way home",
    NodeState.HOME: "home",
    NodeState.STUCK: "stuck",
}
"""A state of a node, as it is said of one."""
