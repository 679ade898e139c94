"""What every card of a site that rehearses says: its hours, or its dates, are not the reader's."""

from dataclasses import dataclass
from typing import Final

from bot.views.blocks import context
from bot.views.rendered import Block


@dataclass(frozen=True)
class Rehearsal:
    """How lendbot's clock differs from the reader's. is_set: to another moment than the wall's."""

    speed: float = 1.0
    is_set: bool = False


REAL_TIME: Final = Rehearsal()


def warning(clock: Rehearsal) -> Block | None:
    """Return the line that warns of it; None outside a rehearsal."""
    differs = []
    if clock.is_set:
        differs.append("doesn't show the real time")
    if clock.speed != 1:
        differs.append(f"runs {clock.speed:g} times as fast")
    return context(f"Rehearsal: the clock of this site {' and '.join(differs)}.") if differs else None
