"""A store of version 0001, made by real runs on the sandbox, brought up to today: nothing that it knew is lost."""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from loans import facts
from loans.facts import Fact, Told
from loans.loan import State
from loans.readers.breakdown import failure
from loans.readers.extensions import extensions
from loans.readers.history import story
from loans.readers.summary import summary
from store.db import Store, Tx

DUMP = Path(__file__).with_name("fixtures") / "store-0001.sql"
"""Eight loans: returned with one extension granted and one declined, failed in four waves of Puppet, declined,
withdrawn, lent with an extension asked for, stuck, lent, requested."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    file = tmp_path_factory.mktemp("old") / "store.db"
    connection = sqlite3.connect(file)
    connection.executescript(DUMP.read_text())
    connection.close()
    opened = Store.open(f"sqlite:///{file}")
    opened.upgrade()
    yield opened
    opened.close()


def rows(table: str) -> list[str]:
    return re.findall(rf'^INSERT INTO "{table}" VALUES\((.*)\);$', DUMP.read_text(), re.MULTILINE)


def of(tx: Tx, *kinds: type[Fact]) -> list[Told[Fact]]:
    return list(tx.facts.recent(10_000, *kinds))


def test_the_store_is_at_today_and_its_chain_holds(store: Store) -> None:
    """What was carried over is tamper-evident from then on."""
    assert store.check().is_current
    with store.read() as tx:
        assert list(tx.facts.breaks()) == []


def test_every_line_of_the_journal_is_there(store: Store) -> None:
    """A node that was on its way during the upgrade goes on from where it was."""
    old = Counter(re.search(r"'(started|did|finished|failed)'", row)[1] for row in rows("journal"))  # type: ignore[index] - a row has one
    kinds = {
        "started": facts.StepStarted,
        "did": facts.StepDid,
        "finished": facts.StepFinished,
        "failed": facts.StepFailed,
    }
    with store.read() as tx:
        assert {word: len(of(tx, kind)) for word, kind in kinds.items()} == dict(old)


def test_every_decision_is_there_with_its_name(store: Store) -> None:
    """Who allowed what does not depend on which version is installed."""
    with store.read() as tx:
        signed = [(told.who.id, told.loan_id, told.fact.approved, told.fact.note) for told in of(tx, facts.Decided)]  # type: ignore[attr-defined] - Decided
    by = "U0APPROVE1"
    assert signed == [
        (by, 1, True, ""),
        (by, 2, True, ""),
        (by, 3, False, "of the benchmark"),
        (by, 5, True, ""),
        (by, 6, True, ""),
        (by, 7, True, ""),
    ]


def test_every_row_of_the_audit_has_its_fact(store: Store) -> None:
    """What the audit knew, the history knows; what the journal says as well is not said twice."""
    words = [re.findall(r"'((?:[^']|'')*)'", row)[2] for row in rows("audit")]
    steps = {"prepare", "role", "Puppet", "label", "cordon", "evict", "power off", "leave", "power on", "resume"}
    by_people = [
        word for word in words if word.split()[0] not in ("reserve", "drain", "unreserve", "down") and word not in steps
    ]
    with store.read() as tx:
        kept = [told for told in of(tx) if not isinstance(told.fact, facts.StepFact | facts.SetInSlurm)]
        made_for_letters = [told for told in kept if isinstance(told.fact, facts.Reminded | facts.Blocked)]
    assert len(kept) - len(made_for_letters) == len(by_people)
    assert not [told for told in kept if isinstance(told.fact, facts.Noted)], "every word of it was understood"


def test_the_readers_answer_of_old_loans(store: Store) -> None:
    """Why it failed, what became of an extension and how it went: the same readers, the same answers."""
    with store.read() as tx:
        found = failure(tx.facts.of(2))
        assert (len(found.nodes), found.last.step) == (4, "Puppet")
        assert [decision and decision.approved for _, decision in extensions(tx.facts.of(1))] == [True, False]
        went = summary(tx.facts.of(1))
        assert (went.home, went.slowest is not None, went.forced) == (2, True, ())
        assert [type(told.fact) for told in story(tx.facts.of(3)).people] == [facts.Requested, facts.Decided]


def test_every_letter_that_waits_has_its_fact(store: Store) -> None:
    """What was about to be said before the upgrade is said after it."""
    with store.read() as tx:
        letters = [letter for letter in tx.outbox.due(max(told.at for told in of(tx)), 10_000) if letter.kind != "card"]
        assert letters
        told = [tx.facts.get(letter.fact_id or 0) for letter in letters]
    assert all(each is not None and each.loan_id == letter.loan_id for each, letter in zip(told, letters, strict=True))


def test_the_loans_stand_where_they_stood(store: Store) -> None:
    """An upgrade decides nothing."""
    with store.read() as tx:
        loans = {loan.id: loan for loan in tx.loans.recent(99)}
    assert [loans[number].state for number in sorted(loans)] == [
        State.RETURNED,
        State.FAILED,
        State.DECLINED,
        State.WITHDRAWN,
        State.LENT,
        State.STUCK,
        State.LENT,
        State.REQUESTED,
    ]
    assert (loans[1].return_why, loans[6].return_why) == (facts.WhyReturn.DEADLINE, facts.WhyReturn.ASKED)
