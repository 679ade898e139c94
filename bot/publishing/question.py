"""The open question: the message in a card's thread that asks approvers about a later deadline.

At most one of a loan has buttons. It loses them when a later one takes its place, and when it is answered: there,
on the card, or in words.
"""

from typing import Final

from bot.publishing import drawing
from bot.publishing.board import Board
from bot.publishing.past import Place
from bot.publishing.tags import Tag
from commands.replies import OneLoan
from loans.facts import Fact, Told
from store.db import Store
from store.posts import Post, PostKind

_CLOSED: Final = ""
"""Its ts once nobody is asked any more."""


class Question:
    """Asks, and takes the buttons off what is no question any more."""

    def __init__(self, store: Store, board: Board) -> None:
        self._store = store
        self._board = board

    def ask(self, told: Told[Fact], one: OneLoan, place: Place) -> None:
        """Ask; a question before this one that nobody has answered says that it is replaced."""
        before = self._open(one.loan.id)
        if before is not None:
            self._board.edit(before, drawing.replaced_question(one))
        tag = Tag.of(PostKind.QUESTION, one.loan, told.id)
        self._board.put_up_as(tag, drawing.letter(told, one, None), place)

    def close_if_answered(self, one: OneLoan) -> None:
        """Take the buttons off when no later deadline is asked for any more."""
        asked = self._open(one.loan.id)
        if asked is None or one.loan.extension is not None:
            return
        self._board.edit(asked, drawing.closed_question(one))
        self._board.record(lambda tx: tx.posts.put(one.loan.id, PostKind.QUESTION, asked.channel, _CLOSED))

    def _open(self, loan_id: int) -> Post | None:
        with self._store.read() as tx:
            asked = tx.posts.get(loan_id, PostKind.QUESTION)
        return None if asked is None or asked.ts == _CLOSED else asked
