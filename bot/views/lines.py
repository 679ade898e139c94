"""Lines that several messages about a loan share: what it is, who asked, who decided, how long it still takes."""

from datetime import datetime
from typing import Final

from bot.views.sides import paused
from bot.views.steps import left
from bot.views.text import counted, deadline, listed, moment, quote, said, who
from commands.replies import OneLoan
from loans.lengths import about
from loans.loan import Loan
from loans.reminders import QUIET, reminders

STAYING: Final = 4
"""Pods that are named before the rest is counted: each is two names and an annotation."""
PURPOSE = 400
"""Characters of a purpose that are shown: it is one line of a card."""


def title(loan: Loan, state: str) -> str:
    """Return what a card begins with."""
    return f"*Loan #{loan.id} · {state}*"


def what(loan: Loan) -> str:
    """Return the promise: "8 gpu nodes → k8s until Friday"."""
    begins = f"from {deadline(loan.starts_at)} " if loan.starts_at else ""
    return f"{counted(loan.count, f'{quote(loan.node_class, 40)} node')} → k8s {begins}until {deadline(loan.until)}"


def asked_by(loan: Loan, *, capital: bool = False) -> str:
    """Return who asked, and in which channel when that was a channel."""
    where = f" in <#{loan.channel}>" if loan.channel and loan.channel.startswith(("C", "G")) else ""
    return f"{'Asked' if capital else 'asked'} by {who(loan.requester)}{where}"


def approved_by(loan: Loan) -> str:
    """Return who signed, and when."""
    if loan.decision is None or not loan.decision.approved:
        return ""
    return f"approved by {who(loan.decision.by)} {moment(loan.decision.at)}"


def purpose(loan: Loan) -> str:
    """Return what it is for, in the requester's words."""
    return f"Purpose: {quote(loan.purpose, PURPOSE)}" if loan.purpose.strip() else "No purpose was given."


def reminders_ahead(one: OneLoan) -> list[datetime]:
    """Return when people are still reminded. One that is minutes away isn't promised: an extension may drop it."""
    return [at for _, at in reminders(one.loan, one.node_class.rules) if at > one.now + QUIET]


def remaining(one: OneLoan) -> str:
    """Return how long until the last node arrives; empty while past runs do not tell, and why not while one waits."""
    if one.away:
        return paused(one.away)
    span = left(one.parts, one.estimate, one.now)
    return f"{about(span)} left" if span is not None else ""


def staying(one: OneLoan) -> str:
    """Return which pods ask to be left alone: an eviction doesn't heed it, and their owners may not know."""
    if not one.staying:
        return ""
    asks = "asks" if len(one.staying) == 1 else "ask"
    named = listed([said(each, 200) for each in one.staying], most=STAYING)
    return f":pushpin: {named} {asks} not to be disrupted. An eviction doesn't heed that: finish or move them first."
