"""Letters on their way: what a letter tells is looked up as it stands now, and put up where it belongs.

A card is posted once and edited after; what is said about a loan goes to its requester, or to the card's thread.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from bot.process.clock import Clock
from bot.publishing import drawing
from bot.publishing.alarm_letters import AlarmLetters
from bot.publishing.board import Board
from bot.publishing.past import Place
from bot.publishing.question import Question
from bot.publishing.refusals import NotYetPossible
from bot.publishing.surroundings import Surroundings
from bot.publishing.tags import Tag
from bot.views.loan_card import card
from bot.views.rehearsal import Rehearsal
from commands.desk import Desk
from commands.look import one_loan
from commands.replies import OneLoan
from conversion.news import Audience, tell
from loans.facts import CardPostedAnew, Fact, Told
from loans.loan import State
from loans.readers.summary import Summary, summary
from store.db import Store, Tx
from store.outbox import Letter
from store.posts import Post, PostKind
from store.tables import ALARM, CARD

CARD_EVERY_S: Final = 2.0
"""Slack's advice for edits of one message, in wall time."""


@dataclass(frozen=True)
class _Subject:
    """A letter's loan as it stands now.

    post    where its card is; ended: how it went, once it is over
    anew    that it was posted anew, for Slack let the one before be edited no more
    """

    one: OneLoan
    post: Post | None
    ended: Summary | None
    anew: Told[Fact] | None = None


class Letters:
    """Delivers one letter at a time."""

    def __init__(
        self,
        store: Store,
        board: Board,
        desk: Callable[[], Desk],
        surroundings: Surroundings,
        *,
        oncall: str,
        clock: Clock,
    ) -> None:
        """desk: makes a desk of this moment. clock: lendbot's; the cards tell when it is a rehearsal's."""
        self._store = store
        self._board = board
        self._desk = desk
        self._surroundings = surroundings
        self._question = Question(store, board)
        self._oncall = oncall
        self._rehearsal = Rehearsal(clock.speed, clock.is_set)
        self._alarms = AlarmLetters(store, board, desk, oncall)
        self._edited: dict[tuple[int | None, str], float] = {}

    def is_too_soon(self, letter: Letter) -> bool:
        """Return True for a card, or an alarm's message, that was edited a moment ago."""
        last = self._edited.get(_edited_as(letter), 0.0)
        return letter.kind in (CARD, ALARM) and monotonic() - last < CARD_EVERY_S

    def deliver(self, letter: Letter) -> None:
        """Put a letter up.

        raises   NotYetPossible; what Slack's client raises; StoreUnavailable
        """
        if letter.alarm_id is not None:
            self._edited[_edited_as(letter)] = monotonic()
            self._alarms.deliver(letter, letter.alarm_id)
            return
        if letter.loan_id is None:
            self._board.put_up(drawing.of_the_site(self._told(letter)), Place(self._oncall))
            return
        about = self._look_up(letter.loan_id)
        if letter.kind == CARD:
            self._put_up_card(letter, about)
            self._question.close_if_answered(about.one)
            return
        place, told = self._place(letter, about.post), self._told(letter)
        if letter.kind == Audience.APPROVERS:
            self._question.ask(told, about.one, place)
            return
        tells_pods = drawing.tells_pods(told)
        one = self._surroundings.with_staying(about.one) if tells_pods else about.one
        pods = self._surroundings.pods(one) if tells_pods else None
        is_linked = letter.kind == Audience.REQUESTER and drawing.links_card(told)
        card_url = self._board.link(about.post) if about.post and is_linked else ""
        self._board.put_up(drawing.letter(told, one, pods, card_url), place)

    def _told(self, letter: Letter) -> Told[Fact]:
        """Return the fact that a letter tells of.

        raises   LookupError for one that is not there: somebody has changed the store by hand
        """
        with self._store.read() as tx:
            told = tx.facts.get(letter.fact_id) if letter.fact_id else None
        if told is None:
            raise LookupError(f"letter {letter.id} tells of fact {letter.fact_id}, which is not there")
        return told

    def _look_up(self, loan_id: int) -> _Subject:
        with self._store.read() as tx:
            loan = tx.loans.get(loan_id)
            one = one_loan(tx, loan, self._desk())
            ended = summary(tx.facts.of(loan.id)) if loan.state is State.RETURNED else None
            anew = tx.facts.of(loan.id, CardPostedAnew)
            return _Subject(one, tx.posts.get(loan.id, PostKind.CARD), ended, anew[-1] if anew else None)

    def _put_up_card(self, letter: Letter, about: _Subject) -> None:
        """Edit the card; post it when there is none, or when somebody deleted it."""
        one = self._surroundings.of(about.one)
        drawn = drawing.with_note(card(one, about.ended, self._rehearsal), about.anew)
        self._edited[_edited_as(letter)] = monotonic()
        refused = "" if about.post is None else self._board.edit(about.post, drawn)
        if about.post is None or refused:
            self._board.put_up_as(Tag.of(PostKind.CARD, one.loan, letter.id), drawn, Place(one.node_class.channel))
        if refused:
            self._board.record(lambda tx: _note_anew(tx, CardPostedAnew(refused), about))

    def _place(self, letter: Letter, card_at: Post | None) -> Place:
        match letter.kind:
            case Audience.REQUESTER:
                return Place(letter.to.rpartition("/")[2])  # of another team's people the id alone
            case Audience.ONCALL:
                return Place(self._oncall)
            case _ if card_at is None:
                raise NotYetPossible("the card is not posted yet")
            case _:
                return Place(card_at.channel, card_at.ts, broadcast=letter.kind == Audience.APPROVERS)


def _note_anew(tx: Tx, anew: CardPostedAnew, about: _Subject) -> None:
    """Write down that a card is another one, and have it say so. People are told of a loan's first."""
    loan = tx.loans.get(about.one.loan.id)
    if about.anew is None:
        tell(tx, anew, about.one.now, loan=loan)
    else:
        tx.facts.tell(Told(anew, about.one.now, loan_id=loan.id))
        tx.outbox.card(loan.id, about.one.now)


def _edited_as(letter: Letter) -> tuple[int | None, str]:
    """Name the message that a letter edits."""
    return (letter.alarm_id, letter.to) if letter.alarm_id is not None else (letter.loan_id, CARD)
