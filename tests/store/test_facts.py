"""The facts, kept: read back as they were told, in order, and each one's change afterwards evident."""

from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, text

from loans import facts
from loans.facts import KINDS, Actor, Fact, Told
from loans.loan import Loan
from loans.nodes import NodeName
from loans.runbook import PlanName, StepName
from store.connect import read_url
from store.db import Store, Tx
from store.fact_codec import UnknownFact, read_fact, written
from tests.bot.views.samples import every_fact
from tests.store.values import HOUR, MINUTE, NOW, a_loan

GPU1 = NodeName("gpu001")


@pytest.fixture
def loan(store: Store) -> Loan:
    with store.write() as tx:
        return tx.loans.add(a_loan())


def tell(store: Store, *told: Told[Any]) -> list[Told[Any]]:
    with store.write() as tx:
        return [tx.facts.tell(each) for each in told]


def line(loan: Loan, kind: type[facts.StepFact], step: StepName, at: datetime = NOW, **changes: Any) -> Told[Any]:
    return Told(kind(PlanName.LEND, step, **changes), at, loan_id=loan.id, node=GPU1)


def test_every_kind_of_fact_comes_back_as_it_was_told(store: Store, loan: Loan) -> None:
    """What was written down last year says the same this year."""
    told = tell(store, *(replace(each, loan_id=loan.id) for each in every_fact()))
    with store.read() as tx:
        assert list(tx.facts.recent(len(told))) == told
    assert {type(each.fact) for each in told} == set(KINDS.values())


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_fact_is_frozen_and_knows_its_version(kind: str) -> None:
    """Nobody changes what happened, and an old row is known by its number."""
    fact = KINDS[kind]
    assert is_dataclass(fact)
    assert fact.__dataclass_params__.frozen  # type: ignore[attr-defined] - dataclasses' own
    assert fact.VERSION >= 1


def test_a_fact_of_a_newer_lendbot_is_said_to_be_one() -> None:
    """After a step back to an older version nothing is guessed."""
    with pytest.raises(UnknownFact, match="'decided', version 99"):
        read_fact("decided", 99, "{}", {})
    with pytest.raises(UnknownFact, match="'from_the_future'"):
        read_fact("from_the_future", 1, "{}", {})


@given(st.text(), st.text())
def test_any_words_are_kept_as_well_as_can_be(said: str, blocked: str) -> None:
    """A node that answers rubbish must not keep lendbot from saying that the node failed."""
    for fact in (facts.StepFailed(PlanName.LEND, StepName.PUPPET, said=said), facts.Forced(blocked)):
        columns = written(fact)
        lifted = {name: columns[name] for name in ("plan", "step", "run", "wave")}
        kept = read_fact(columns["kind"], columns["version"], columns["body"], lifted)
        assert type(kept) is type(fact)
        assert "\0" not in columns["body"]


def test_rubbish_from_a_node_is_kept_on_both_databases(store: Store, loan: Loan) -> None:
    """NUL and half a character are what a broken console sends."""
    tell(store, line(loan, facts.StepFailed, StepName.PUPPET, said="a\0b\udcffc ü 🚀"))
    with store.read() as tx:
        assert tx.facts.journal(loan.id)[0].fact.said == "a\ufffdb\ufffdc ü 🚀"


def test_the_journal_is_read_in_the_order_in_which_it_was_written(store: Store, loan: Loan) -> None:
    """A restart goes on from the last line, also when two lines bear the same time or a clock went back."""
    lines = tell(
        store,
        line(loan, facts.StepStarted, StepName.PUPPET),
        line(loan, facts.StepDid, StepName.PUPPET),
        line(loan, facts.StepFailed, StepName.PUPPET, NOW - MINUTE, said="exit 4: Could not find class"),
        line(loan, facts.StepStarted, StepName.PUPPET),
    )
    tell(store, Told(facts.NodeBroke(StepName.PUPPET, "exit 4"), NOW, loan_id=loan.id, node=GPU1))
    with store.read() as tx:
        assert list(tx.facts.journal(loan.id, node=GPU1)) == lines


def test_a_waves_journal_is_no_nodes(store: Store, loan: Loan) -> None:
    """One subject's lines never count for another."""
    [wave, _] = tell(
        store,
        Told(facts.StepStarted(PlanName.TAKE, StepName.RESERVE, wave=1), NOW, loan_id=loan.id),
        line(loan, facts.StepStarted, StepName.PUPPET),
    )
    with store.read() as tx:
        assert tx.facts.journal(loan.id, wave=1) == (wave,)
        assert tx.facts.journal(loan.id, wave=2) == ()
        assert len(tx.facts.journal(loan.id)) == 2


def test_how_long_steps_took_is_read_newest_first_of_one_class_and_plan(store: Store, loan: Loan) -> None:
    """What a big-memory node needs to boot says nothing about a GPU node."""
    with store.write() as tx:
        other = tx.loans.add(a_loan(node_class="bigmem"))
    for owner, minutes in ((loan, 1), (other, 9), (loan, 2)):
        tell(store, line(owner, facts.StepFinished, StepName.PUPPET, took=minutes * MINUTE))
    with store.read() as tx:
        found = tx.facts.finished("gpu", PlanName.LEND, 9)
        assert [told.fact.took for told in found] == [2 * MINUTE, MINUTE]
        assert tx.facts.finished("gpu", PlanName.RETURN, 9) == ()
        assert len(tx.facts.finished("gpu", PlanName.LEND, 1)) == 1


def test_a_loan_and_a_node_have_their_history(store: Store, loan: Loan) -> None:
    """Months later it can be said who allowed what, and what was done to a node."""
    signed, took, looked = tell(
        store,
        Told(facts.Decided(approved=True, note="fine", on="2 gpu nodes"), NOW, Actor("U0APPROVER", "T0HOME"), loan.id),
        Told(facts.Taken(1), NOW, loan_id=loan.id, node=GPU1),
        Told(facts.Mismatch(facts.Wrong.ORPHAN, "gpu009 is drained"), NOW),
    )
    with store.read() as tx:
        assert tx.facts.of(loan.id) == (signed, took)
        assert tx.facts.of(loan.id, facts.Decided) == (signed,)
        assert tx.facts.of_node(GPU1) == (took,)
        assert tx.facts.recent(2) == (took, looked)
        assert tx.facts.get(signed.id) == signed
        assert tx.facts.get(4711) is None


def test_what_is_told_is_there_for_the_rest_of_its_transaction_and_gone_with_it(store: Store, loan: Loan) -> None:
    """A change and the fact of it are kept together, or neither is."""
    told = Told(facts.Began(), NOW, loan_id=loan.id)

    def crash_after(tx: Tx) -> None:
        kept = tx.facts.tell(told)
        assert tx.facts.of(loan.id) == (kept,)
        raise RuntimeError("crash")

    with pytest.raises(RuntimeError, match="crash"), store.write() as tx:
        crash_after(tx)
    with store.read() as tx:
        assert tx.facts.of(loan.id) == ()
        assert tx.facts.last == 0
    assert [again.id for again in tell(store, told)] == [1]


def test_a_naive_moment_is_no_moment_of_a_fact() -> None:
    """It would mean another hour to another reader."""
    with pytest.raises(ValueError, match="no naive time"):
        Told(facts.Began(), datetime(2026, 11, 24, 10, 0))  # noqa: DTZ001 - that is the point


# The chain


@pytest.fixture
def engine(store: Store, address: str, loan: Loan) -> Any:
    """A store with ten facts, and a way past lendbot into its tables."""
    tell(store, *(Told(facts.Reminded(NOW + n * HOUR), NOW, loan_id=loan.id) for n in range(10)))
    found = create_engine(read_url(address))
    yield found
    found.dispose()


def broken(store: Store) -> list[int]:
    with store.read() as tx:
        return [each.id for each in tx.facts.breaks()]


def by_hand(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_a_chain_that_nobody_touched_holds(store: Store, engine: Engine) -> None:
    """An honest store raises no alarm."""
    assert engine
    assert broken(store) == []


@pytest.mark.parametrize("column", ["who", "team", "body", "kind", "node", "at", "loan_id", "version"])
def test_a_changed_row_is_found(store: Store, engine: Engine, column: str) -> None:
    """Whoever rewrites who signed, or when, is found out."""
    with store.write() as tx:
        other = tx.loans.add(a_loan())
    value = {"at": "'2020-01-01 00:00:00'", "loan_id": str(other.id), "version": "7"}.get(column, "'somebody else'")
    by_hand(engine, f"UPDATE facts SET {column} = {value} WHERE id = 4")  # noqa: S608 - the test is the intruder
    assert broken(store) == [4]


def test_a_deleted_last_row_is_found(store: Store, engine: Engine) -> None:
    """The newest decision cannot be taken back by forgetting it."""
    by_hand(engine, "DELETE FROM facts WHERE id = 10")
    assert broken(store) == [10]


def test_a_deleted_row_in_the_middle_is_found(store: Store, engine: Engine) -> None:
    """Nor can an older one."""
    by_hand(engine, "DELETE FROM facts WHERE id = 5")
    assert 5 in broken(store)


def test_a_swapped_pair_is_found(store: Store, engine: Engine) -> None:
    """That the approval came before the change is part of what is kept."""
    by_hand(
        engine,
        "UPDATE facts SET id = 99 WHERE id = 6",
        "UPDATE facts SET id = 6 WHERE id = 7",
        "UPDATE facts SET id = 7 WHERE id = 99",
    )
    assert {6, 7} <= set(broken(store))


def test_a_last_row_deleted_together_with_the_heads_memory_is_found_by_who_noted_the_head(
    store: Store, engine: Engine
) -> None:
    """Who may write the database may make a new chain, but not one that goes through a head noted elsewhere."""
    with store.read() as tx:
        last, digest = tx.facts.head()
    by_hand(
        engine,
        "DELETE FROM facts WHERE id = 10",
        "UPDATE fact_chain SET last = 9, hash = (SELECT hash FROM facts WHERE id = 9)",
    )
    assert broken(store) == []
    with store.read() as tx:
        assert tx.facts.hash_of(last) != digest


def test_a_number_is_never_given_again(store: Store, engine: Engine) -> None:
    """What a letter or an export names by its number is one thing for ever."""
    by_hand(engine, "DELETE FROM facts WHERE id = 10")
    [told] = tell(store, Told(facts.Home(), NOW))
    assert told.id == 11


def test_every_field_of_every_fact_is_one_that_the_codec_keeps() -> None:
    """A field that is lost on the way is a question that cannot be answered any more."""
    for each in every_fact():
        columns = written(each.fact)
        lifted = {name: columns[name] for name in ("plan", "step", "run", "wave")}
        kept: Fact = read_fact(columns["kind"], columns["version"], columns["body"], lifted)
        for field in fields(each.fact):
            assert getattr(kept, field.name) == getattr(each.fact, field.name), (each.fact, field.name)
