"""When people are reminded of a deadline, and when that would be no news: they have just read it."""

from datetime import datetime, timedelta
from typing import Final

from loans.classes import Rules
from loans.loan import Loan

QUIET: Final = timedelta(minutes=15)
"""After "ready" or a granted extension, both of which say the deadline: a judgement, about one coffee."""


def reminders(loan: Loan, rules: Rules) -> tuple[tuple[timedelta, datetime], ...]:
    """Return how long before the deadline people are reminded, and when, soonest first.

    Those that would come before the nodes are there, or right after people have been told that they are, are left out.
    """
    after = loan.lent_at + QUIET if loan.lent_at else None
    found = [(span, loan.until - span) for span in sorted(rules.reminders, reverse=True)]
    return tuple((span, at) for span, at in found if after is None or at >= after)
