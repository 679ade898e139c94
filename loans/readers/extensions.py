"""What became of each later deadline that was asked for?"""

from collections.abc import Sequence
from datetime import datetime

from loans.facts import ExtensionAsked, ExtensionDecided, ExtensionLapsed, Fact, Told
from loans.loan import Decision


def extensions(facts: Sequence[Told[Fact]]) -> tuple[tuple[datetime, Decision | None], ...]:
    """Return each later deadline in the order in which it was asked for, with its decision.

    facts    of one loan, oldest first
    returns  None for the decision of one that lapsed, that awaits its decision, or that another took the place of
    """
    settled: list[tuple[datetime, Decision | None]] = []
    for told in facts:
        match told.fact:
            case ExtensionAsked(until):
                settled.append((until, None))
            case ExtensionDecided(until, granted, note) if settled:
                settled[-1] = (until, Decision(told.who.id, told.at, granted, note))
            case ExtensionLapsed(until) if settled:
                settled[-1] = (until, Decision(told.who.id, told.at, approved=False))
            case _:
                pass
    return tuple(settled)
