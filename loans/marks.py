"""Our mark on what we change: how it reads in Slurm's reasons and reservations, and in Kubernetes.

A mark names the loan and the store that remembers it: numbers come back after a restore or a lost store, names do not.
What carries another store's name is a stranger's, whatever its number.
"""

import re
from dataclasses import dataclass
from typing import Final

STORE_LETTERS: Final = "23456789bcdfghjkmnpqrstvwxz"
"""What a store's name is made of: no vowels, so that it is never taken for a word that somebody wrote behind a mark."""
STORE_LENGTH: Final = 4

_STORE: Final = rf"[{STORE_LETTERS}]{{{STORE_LENGTH}}}"
NOT_HEALTHY: Final = " not healthy: "
"""What stands between our mark and what a node's own checks found; in these words, so that nobody's drain is taken for
ours because it begins like it."""
_REASON: Final = re.compile(rf"lendbot #(\d{{1,9}})(?: ({_STORE}))?(?:{NOT_HEALTHY}.*)?", re.DOTALL)
_LABEL: Final = re.compile(rf"(\d{{1,9}})(?: ({_STORE}))?")
_RESERVATION: Final = re.compile(rf"lendbot_(?:({_STORE})_)?(\d{{1,9}})_(\d{{1,9}})")


@dataclass(frozen=True)
class Mark:
    """Which loan, of which store.

    store   its name; empty on what was marked before stores had names
    """

    loan: int
    store: str = ""

    def __str__(self) -> str:
        """Return it as it stands in Slurm's reason: `lendbot #12 k3f9`."""
        return f"lendbot #{self.label}"

    @property
    def label(self) -> str:
        """Return it as it stands in our annotation in Kubernetes: `12 k3f9`."""
        return f"{self.loan} {self.store}".strip()

    @property
    def said(self) -> str:
        """Return it for a sentence about a mark that is not the reader's own: `loan #12 of the lendbot k3f9`."""
        if not self.loan:
            return "a loan whose number cannot be read"
        return f"loan #{self.loan} of the lendbot {self.store}" if self.store else f"loan #{self.loan}"

    def reservation(self, wave: int) -> str:
        """Return the name, and so the idempotency key, of the reservation that takes nodes for one wave of the loan."""
        return "_".join(["lendbot", *filter(None, [self.store]), str(self.loan), str(wave)])


UNREADABLE: Final = Mark(0)
"""The mark is there and cannot be read. No loan has this number: the node belongs to nobody, and is not free either."""


def read_mark(words: str) -> Mark | None:
    """Return the mark that is the whole of these words, or None when it is not one of a lendbot's."""
    found = _REASON.fullmatch(words)
    return Mark(int(found[1]), found[2] or "") if found else None


def read_label(value: str) -> Mark:
    """Return the mark that our annotation carries; UNREADABLE for what no lendbot has written."""
    found = _LABEL.fullmatch(value)
    return Mark(int(found[1]), found[2] or "") if found else UNREADABLE


def read_reservation(name: str) -> tuple[Mark, int] | None:
    """Return (mark, wave) of a reservation's name, or None when it is not a lendbot's."""
    found = _RESERVATION.fullmatch(name)
    return (Mark(int(found[2]), found[1] or ""), int(found[3])) if found else None
