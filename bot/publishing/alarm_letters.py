"""Alarms on their way to Slack: one message in each spot, edited where it stands as long as the alarm lives."""

from collections.abc import Callable

from bot.publishing import drawing
from bot.publishing.board import Board
from bot.publishing.past import Place
from bot.publishing.refusals import NotYetPossible
from bot.publishing.tags import AlarmTag
from bot.views.alarm import Standing
from commands.desk import Desk
from conversion.alarms import whom
from loans.alarms import Alarm, AlarmKind
from loans.spots import Spot, SpotKind
from store.db import Store, Tx
from store.outbox import Letter
from store.posts import PostKind


class AlarmLetters:
    """Puts an alarm up, and edits it."""

    def __init__(self, store: Store, board: Board, desk: Callable[[], Desk], oncall: str) -> None:
        """desk: makes a desk of this moment. oncall: their channel."""
        self._store = store
        self._board = board
        self._desk = desk
        self._oncall = oncall

    def deliver(self, letter: Letter, number: int) -> None:
        """Have the message of one spot say how the alarm stands.

        raises   as Letters.deliver
        """
        spot, desk = Spot.parse(letter.to), self._desk()
        with self._store.read() as tx:
            alarm = tx.alarms.get(number)
            if alarm is None:
                raise LookupError(f"letter {letter.id} is of alarm {number}, which is not there")
            standing = _standing(tx, alarm, desk)
            post, place = tx.alarms.posts(number).get(spot.text), self._place(tx, standing, spot)
        drawn = drawing.alarm(standing, spot)
        if drawn is None or place is None:
            return
        if post is None and not alarm.is_open:
            return  # it came and went while Slack took nothing: nobody has to take anything back
        if post is None or not post.ts or self._board.edit(post, drawn):
            self._board.put_up_as(AlarmTag.of(alarm, standing.store, spot), drawn, place)

    def _place(self, tx: Tx, standing: Standing, spot: Spot) -> Place | None:
        """Return where a message goes; None for a requester who is not in Slack."""
        match spot.kind:
            case SpotKind.ONCALL | SpotKind.CALL:
                return Place(self._oncall)
            case SpotKind.PERSON:
                return Place(spot.of)
            case SpotKind.REQUESTER:
                requester = standing.loans[spot.number].requester
                return None if requester.startswith("cli:") else Place(requester.rpartition("/")[2])
            case SpotKind.THREAD:
                card = tx.posts.get(spot.number, PostKind.CARD)
                if card is None:
                    raise NotYetPossible("the card is not posted yet")
                return Place(card.channel, card.ts, broadcast=standing.alarm.kind is AlarmKind.BLOCKED)


def _standing(tx: Tx, alarm: Alarm, desk: Desk) -> Standing:
    loans = {number: tx.loans.get(number) for number in alarm.loans}
    parts = {member: tx.nodes.get(member.loan, member.node) for member in alarm.waiting}
    of_loans = [desk.class_of(loan).rules for loan in loans.values()]
    return Standing(
        alarm,
        desk.now,
        tx.identity.name(),
        tx.facts.get(alarm.fact) if alarm.fact else None,
        loans,
        parts,
        whom(alarm, desk.classes),
        frozenset().union(*(rules.approvers | rules.called for rules in of_loans)),
    )
