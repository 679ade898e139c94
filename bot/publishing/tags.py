"""What a message of ours carries for ourselves to read: whose it is. Nobody sees it, and no secret is in it.

By its tag a message is found again that went out without our hearing so.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from loans.loan import Loan
from loans.shown import Shown
from store.posts import PostKind

EVENT_TYPE: Final = "lendbot_card"


@dataclass(frozen=True)
class Tag:
    """One message.

    loan    its number; whose: number, store's name and birth, for numbers come back and names do not
    cause   the letter that put a card up, or the fact that a question asks about
    """

    kind: PostKind
    loan: int
    whose: str
    cause: int

    @classmethod
    def of(cls, kind: PostKind, loan: Loan, cause: int) -> Self:
        """Return the tag of a loan's message."""
        return cls(kind, loan.id, Shown.of(loan).whose, cause)

    @property
    def metadata(self) -> dict[str, Any]:
        """Return it as Slack keeps it."""
        return {"event_type": EVENT_TYPE, "event_payload": asdict(self)}

    def is_on(self, message: Mapping[str, Any]) -> bool:
        """Return True for the message that this tag was put on; of a card, by whichever letter: there is only one."""
        metadata = message.get("metadata") or {}
        told = metadata.get("event_payload") or {}
        keys = ("kind", "whose") if self.kind is PostKind.CARD else ("kind", "whose", "cause")
        own = asdict(self)
        return metadata.get("event_type") == EVENT_TYPE and all(told.get(key) == own[key] for key in keys)
