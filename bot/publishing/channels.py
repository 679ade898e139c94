"""Channels that take nothing: people are told by a way that works, and told again when it is over."""

from collections.abc import Callable, Collection

import structlog

from bot.publishing.refusals import ChannelRefuses
from commands.desk import Desk
from conversion import alarms
from loans import spots
from loans.alarms import Alarm, AlarmKind
from loans.spots import Spot, SpotKind
from store.db import Store, Tx
from store.outbox import Letter
from store.tables import ALARM

log = structlog.get_logger()


class Channels:
    """Knows which channels take nothing."""

    def __init__(self, store: Store, desk: Callable[[], Desk], members: Callable[[str], Collection[str]]) -> None:
        """desk: makes a desk of this moment. members: gives the people of a user group."""
        self._store = store
        self._desk = desk
        self._members = members

    def refuses(self, letter: Letter, refused: ChannelRefuses) -> None:
        """Call people; an alarm that on-call's own channel does not take goes to each of them in person."""
        desk = self._desk()
        log.error("slack.channel_refuses", channel=refused.channel, why=refused.why, letter=letter.id)
        of_channel = {name for name, each in desk.classes.items() if each.channel == refused.channel}
        node_class = of_channel.pop() if len(of_channel) == 1 else ""
        loan = letter.loan_id or _loan_of_thread(letter)
        with self._store.write() as tx:
            alarms.slack_refuses(
                tx, refused.channel, refused.why, desk.now, loan=loan, node_class=node_class, pace=desk.pace
            )
        if letter.kind == ALARM and Spot.parse(letter.to).kind in (SpotKind.ONCALL, SpotKind.CALL):
            self._tell_in_person(letter, desk)

    def take(self, channels: Collection[str]) -> None:
        """Hear in which channels something could be written: what was said of them is over."""
        with self._store.read() as tx:
            over = [each for each in tx.alarms.open(AlarmKind.SLACK) if each.about in channels]
        if over:
            with self._store.write() as tx:
                for each in over:
                    alarms.over(tx, each.cause, self._desk().now)

    def _tell_in_person(self, letter: Letter, desk: Desk) -> None:
        assert letter.alarm_id is not None, "an alarm's letter names it"
        with self._store.read() as tx:
            alarm = tx.alarms.get(letter.alarm_id)
        people = self._people(alarm, desk) if alarm is not None else ()
        with self._store.write() as tx:
            for who in people:
                self._put(tx, letter, spots.person(who, Spot.parse(letter.to)), desk)

    def _put(self, tx: Tx, letter: Letter, spot: Spot, desk: Desk) -> None:
        number = letter.alarm_id or 0
        if spot.text not in tx.alarms.posts(number):
            tx.outbox.alarm(number, spot.text, desk.now)

    def _people(self, alarm: Alarm, desk: Desk) -> Collection[str]:
        """Return who is called, one by one; without a word from Slack on who they are, the channels of decisions."""
        called = alarms.whom(alarm, desk.classes)
        alone = {who for who in called if not who.startswith("S")}
        groups = {who for group in called - alone for who in self._members(group)}
        return sorted(alone | groups or {each.channel for each in desk.classes.values()})


def _loan_of_thread(letter: Letter) -> int | None:
    """Return the loan below whose card an alarm was to stand."""
    spot = Spot.parse(letter.to) if letter.kind == ALARM else None
    return spot.number if spot and spot.kind is SpotKind.THREAD else None
