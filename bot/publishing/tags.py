"""What a message of ours carries for ourselves to read: whose it is. Nobody sees it, and no secret is in it.

By its tag a message is found again that went out without our hearing so. A tag also knows where the store keeps it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol, Self

from loans.alarms import Alarm, AlarmShown
from loans.loan import Loan
from loans.shown import Shown
from loans.spots import Spot
from store.alarms import AlarmPost
from store.db import Tx
from store.posts import PostKind

EVENT_TYPE: Final = "lendbot_card"
ALARM_TYPE: Final = "lendbot_alarm"


class Remembered(Protocol):
    """A message that is edited later, and what the store knows of it."""

    @property
    def metadata(self) -> dict[str, Any]:
        """Return the tag as Slack keeps it."""

    @property
    def name(self) -> str:
        """Return what the log calls it."""

    def is_on(self, message: Mapping[str, Any]) -> bool:
        """Return True for the message that this tag was put on."""

    def may_be_out(self, tx: Tx) -> bool:
        """Return True while its posting was begun, and nobody knows how that ended."""

    def begin(self, tx: Tx, channel: str) -> None:
        """Note that it is about to be posted."""

    def put(self, tx: Tx, channel: str, ts: str) -> None:
        """Note where it stands."""

    def is_not_out(self, tx: Tx) -> None:
        """Note that Slack said no."""


@dataclass(frozen=True)
class Tag:
    """A loan's message.

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

    @property
    def name(self) -> str:
        """Return what the log calls it."""
        return f"{self.kind} #{self.loan}"

    def is_on(self, message: Mapping[str, Any]) -> bool:
        """Return True for the message that this tag was put on; of a card, by whichever letter: there is only one."""
        metadata = message.get("metadata") or {}
        told = metadata.get("event_payload") or {}
        keys = ("kind", "whose") if self.kind is PostKind.CARD else ("kind", "whose", "cause")
        own = asdict(self)
        return metadata.get("event_type") == EVENT_TYPE and all(told.get(key) == own[key] for key in keys)

    def may_be_out(self, tx: Tx) -> bool:
        """Return True while its posting was begun, and nobody knows how that ended."""
        return tx.posts.may_be_out(self.loan, self.kind)

    def begin(self, tx: Tx, channel: str) -> None:
        """Note that it is about to be posted."""
        tx.posts.begin(self.loan, self.kind, channel)

    def put(self, tx: Tx, channel: str, ts: str) -> None:
        """Note where it stands."""
        tx.posts.put(self.loan, self.kind, channel, ts)

    def is_not_out(self, tx: Tx) -> None:
        """Note that Slack said no."""
        tx.posts.is_not_out(self.loan, self.kind)


@dataclass(frozen=True)
class AlarmTag:
    """An alarm's message in one spot. whose: as its buttons carry it."""

    alarm: int
    whose: str
    spot: str

    @classmethod
    def of(cls, alarm: Alarm, store: str, spot: Spot) -> Self:
        """Return the tag of an alarm's message."""
        return cls(alarm.id, AlarmShown.of(alarm, store).text, spot.text)

    @property
    def metadata(self) -> dict[str, Any]:
        """Return it as Slack keeps it."""
        return {"event_type": ALARM_TYPE, "event_payload": asdict(self)}

    @property
    def name(self) -> str:
        """Return what the log calls it."""
        return f"alarm {self.alarm} at {self.spot}"

    def is_on(self, message: Mapping[str, Any]) -> bool:
        """Return True for the message that this tag was put on."""
        metadata = message.get("metadata") or {}
        return metadata.get("event_type") == ALARM_TYPE and metadata.get("event_payload") == asdict(self)

    def may_be_out(self, tx: Tx) -> bool:
        """Return True while its posting was begun, and nobody knows how that ended."""
        post = tx.alarms.posts(self.alarm).get(self.spot)
        return post is not None and not post.ts

    def begin(self, tx: Tx, channel: str) -> None:
        """Note that it is about to be posted."""
        tx.alarms.put_post(AlarmPost(self.alarm, self.spot, channel, ""))

    def put(self, tx: Tx, channel: str, ts: str) -> None:
        """Note where it stands."""
        tx.alarms.put_post(AlarmPost(self.alarm, self.spot, channel, ts))

    def is_not_out(self, tx: Tx) -> None:
        """Note that Slack said no."""
        tx.alarms.is_not_out(self.alarm, self.spot)
