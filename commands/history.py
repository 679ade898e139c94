"""history: who decided what and what became of it, of a loan, a node, or everywhere lately. Anybody may look."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from commands.desk import Caller, Desk
from commands.lookup import meant
from commands.pressed import loan_meant
from commands.replies import History, Lately, Reply
from commands.verb import LOAN, Verb, sentence
from loans.facts import BreakerClosed, BreakerOpened, Fact, Told
from loans.loan import Loan
from loans.names import spellings
from loans.nodes import NodeName
from loans.readers.history import JOURNAL, is_decision, lately, of_node, story
from loans.readers.marks import set_by_lendbot
from loans.shown import Shown
from store.db import Tx

RECENT: Final = 20
"""Rows of what happened lately that one answer shows: about a screen."""
_OF_A_NODE: Final = 20_000
"""Facts of one node that are read: about 400 loans."""


@dataclass(frozen=True)
class AskHistory:
    """Of a loan, a node, or everything lately.

    part   of a loan: the name of the part whose every step is asked for; empty for the whole in brief
    page   from 1
    card   what stood beside the button that was pressed; None in words
    """

    loan: int | None = None
    node: str | None = None
    part: str = ""
    page: int = 1
    card: Shown | None = None


def run(ask: AskHistory, caller: Caller, desk: Desk) -> Reply:
    """Look, and say what happened."""
    del caller  # everybody reads the same
    with desk.store.read() as tx:
        if ask.loan is not None:
            loan = loan_meant(tx, ask.loan, ask.card)
            return _of_loan(tx, loan, ask, desk) if isinstance(loan, Loan) else loan
        if ask.node is not None:
            return _of_node(tx, ask.node, ask.page, desk)
        rows = tx.facts.but(JOURNAL, RECENT + 1, skip=(ask.page - 1) * RECENT)
        return Lately(lately(rows[-RECENT:]), ask.page, has_earlier=len(rows) > RECENT)


def _of_loan(tx: Tx, loan: Loan, ask: AskHistory, desk: Desk) -> History:
    facts = (*tx.facts.of(loan.id), *_about_its_class(tx, loan, desk))
    told = story(sorted(facts, key=lambda each: each.id))
    return History(told, loan, opened=told.part(ask.part), page=ask.page)


def _about_its_class(tx: Tx, loan: Loan, desk: Desk) -> Iterator[Told[Fact]]:
    """Yield what was decided about all nodes of its class while it was on its way out."""
    until = loan.lent_at or loan.ended_at or desk.now
    for told in tx.facts.of_no_loan(BreakerOpened, BreakerClosed):
        of_it = isinstance(told.fact, BreakerOpened | BreakerClosed) and told.fact.node_class == loan.node_class
        if of_it and loan.started_at is not None and loan.started_at <= told.at <= until:
            yield told


def _of_node(tx: Tx, word: str, page: int, desk: Desk) -> History:
    """Return a node's history. Nobody lists the nodes of the past, so the store is asked for each likely spelling."""
    likely = (
        NodeName(name) for said in spellings(word, desk.kube_names) for name in (said, said.lower(), said.upper())
    )
    [node] = meant([word], {name for name in likely if tx.facts.of_node(name, limit=1)}, desk)
    happened = tx.facts.of_node(node, limit=_OF_A_NODE)
    about = _decided_about(tx, happened)
    told = of_node(sorted((*happened, *about), key=lambda each: each.id))
    return History(told, node=node, page=page, standing=set_by_lendbot(happened).standing)


def _decided_about(tx: Tx, happened: Sequence[Told[Fact]]) -> Iterator[Told[Fact]]:
    """Yield what people decided about the loans that a node was in, when it was about the whole loan."""
    loans = sorted({told.loan_id for told in happened if told.loan_id is not None})
    yield from (told for told in tx.facts.of_loans_as_such(loans) if is_decision(told))


HISTORY = Verb(
    names=("history",),
    usage="history [#LOAN or NODE]",
    summary="who decided what, and what was changed",
    examples=("history #12", "history gpu003", "history"),
    pattern=sentence(rf"history(?: (?:of )?(?:{LOAN}|(?P<node>[A-Za-z][\w.-]*)))?"),
    read=lambda found: AskHistory(int(found["loan"]) if found["loan"] else None, found["node"]),
)
