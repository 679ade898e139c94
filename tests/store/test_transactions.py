"""All or nothing, one writer at a time, and what is said when the database is away."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import make_url

from loans.lifecycle import Approve, advance
from loans.loan import State
from store.db import Store
from store.errors import NodeTaken, NoSuchLoan, Stale, StoreUnavailable, StoreUnusable, WriteInRead
from tests.store.values import NOW, a_loan, a_node

WRITERS = 32


def at_once(count: int, work: Callable[[int], object]) -> list[object]:
    """Call work(0..count-1) from as many threads, let loose together; return what each gave or raised."""
    gate = threading.Barrier(count)

    def one(number: int) -> object:
        gate.wait()
        try:
            return work(number)
        except Exception as error:  # noqa: BLE001 - the answer under test
            return error

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


def test_a_change_and_its_message_are_kept_together_or_not_at_all(store: Store) -> None:
    """A crash between the two cannot leave a loan that nobody heard of, or a message about nothing."""
    with store.write() as tx:
        loan = tx.loans.add(a_loan())

    def crash() -> None:
        with store.write() as tx:
            tx.loans.save(advance(loan, Approve("U0APPROVER"), NOW))
            tx.outbox.card(loan.id, NOW)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        crash()
    with store.read() as tx:
        assert tx.loans.get(loan.id).state is State.REQUESTED
        assert tx.outbox.due(NOW, 9) == ()


@pytest.mark.parametrize("default", [r"repeatable\ read", "serializable"])
def test_a_writer_sees_what_the_one_before_it_wrote_whatever_the_server_defaults_to(
    postgres_address: str, default: str
) -> None:
    """Two people approve at once, and one is told who was first: no default of a role or database undoes the lock."""
    given = make_url(postgres_address).update_query_dict({"options": f"-c default_transaction_isolation={default}"})
    address = given.render_as_string(hide_password=False)
    with closing(Store.open(address)) as store, store.write() as tx:
        number = tx.loans.add(a_loan()).id

    def count_on(_: int) -> None:
        # A process of its own has no turn to wait for in ours.
        with closing(Store.open(address)) as other, other.write() as tx:
            found = tx.loans.get(number)
            tx.loans.save(replace(found, count=found.count + 1))

    assert at_once(6, count_on) == [None] * 6
    with closing(Store.open(address)) as store, store.read() as tx:
        assert tx.loans.get(number).count == a_loan().count + 6


def test_a_database_without_characters_is_told_in_a_sentence(postgres_server: str) -> None:
    """Whoever made it in the C locale reads what to do, and no TypeError from deep inside."""
    name = f"lendbot_test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute(
            f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0".encode()
        )
    address = make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
    with closing(Store.open(address)) as store:
        for _ in range(2):
            with pytest.raises(StoreUnusable, match=r"SQL_ASCII.*ENCODING 'UTF8'"):
                store.upgrade()
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name}".encode())


def test_32_writers_lose_nothing(store: Store) -> None:
    """Many nodes move at once; each line that was written is there, and none was refused."""
    with store.write() as tx:
        loan = tx.loans.add(a_loan())

    def write(number: int) -> None:
        for turn in range(3):
            with store.write() as tx:
                assert tx.seen.first(f"{number}.{turn}", NOW)
                now = tx.loans.get(loan.id)
                tx.loans.save(now)
                tx.outbox.card(loan.id, NOW)

    assert at_once(WRITERS, write) == [None] * WRITERS
    with store.read() as tx:
        assert tx.loans.get(loan.id).version == 1 + WRITERS * 3
        [card] = tx.outbox.due(NOW, 9)
        assert card.wanted == WRITERS * 3


def test_of_two_who_approve_at_once_one_wins(store: Store) -> None:
    """Twenty clicks have one effect; the others learn that somebody was before them."""
    with store.write() as tx:
        loan = tx.loans.add(a_loan())

    def approve(number: int) -> str:
        approved = advance(loan, Approve(f"U0{number}"), NOW)
        with store.write() as tx:
            tx.loans.save(approved)
        return f"U0{number}"

    answers = at_once(20, approve)
    [winner] = [answer for answer in answers if not isinstance(answer, Stale)]
    with store.read() as tx:
        decision = tx.loans.get(loan.id).decision
    assert decision is not None
    assert decision.by == winner


def test_of_many_loans_that_want_one_node_one_gets_it(store: Store) -> None:
    """A node is in at most one open loan, also when all ask in the same instant."""
    with store.write() as tx:
        ids = [tx.loans.add(a_loan()).id for _ in range(8)]

    def take(number: int) -> int:
        with store.write() as tx:
            tx.nodes.add(a_node(ids[number]))
        return ids[number]

    answers = at_once(8, take)
    [winner] = [answer for answer in answers if isinstance(answer, int)]
    assert {answer.by_loan for answer in answers if isinstance(answer, NodeTaken)} == {winner}


def test_a_key_is_new_to_exactly_one_of_many(store: Store) -> None:
    """The same envelope on ten sockets at once has one effect."""

    def first(_number: int) -> bool:
        with store.write() as tx:
            return tx.seen.first("event:Ev1", NOW)

    assert sorted(map(bool, at_once(10, first))) == [False] * 9 + [True]


def test_what_a_writer_reads_stays_true_until_it_commits(store: Store) -> None:
    """A check and the change it allows are one: the floor of a class cannot be undercut by two at once."""

    def add_unless_three(_number: int) -> None:
        with store.write() as tx:
            if len(tx.loans.in_states([State.REQUESTED])) < 3:
                tx.loans.add(a_loan())

    assert at_once(8, add_unless_three) == [None] * 8
    with store.read() as tx:
        assert len(tx.loans.recent(9)) == 3


def test_a_reader_sees_one_moment_and_waits_for_no_writer(store: Store) -> None:
    """A card is never drawn half from before a change and half from after it."""
    with store.write() as tx:
        loan = tx.loans.add(a_loan())
    with store.read() as reader:
        assert reader.nodes.of(loan.id) == ()
        with store.write() as tx:
            tx.nodes.add(a_node(loan.id))
            assert reader.nodes.held() == ()
        assert reader.nodes.of(loan.id) == ()
    with store.read() as reader:
        assert len(reader.nodes.of(loan.id)) == 1


def test_nothing_can_be_changed_while_reading(store: Store) -> None:
    """A change that would be silently lost is refused aloud."""
    with pytest.raises(WriteInRead), store.read() as tx:
        tx.seen.first("key", NOW)
    with store.write() as tx:
        assert tx.seen.first("key", NOW)


def test_the_errors_of_the_caller_pass_through(store: Store) -> None:
    """Only the database's own outages are called outages."""
    with pytest.raises(NoSuchLoan), store.read() as tx:
        tx.loans.get(1)
    with pytest.raises(ZeroDivisionError), store.write():
        _ = 1 / 0


def with_little_patience(address: str) -> str:
    """Let the address say that waiting for other writers is of no use."""
    url = make_url(address)
    little = {"timeout": "0.05"} if url.get_backend_name() == "sqlite" else {"options": "-c lock_timeout=50"}
    return url.update_query_dict(little).render_as_string(hide_password=False)


def test_a_database_that_stays_locked_is_unavailable(address: str, store: Store) -> None:
    """A writer that hangs is told to the others as an outage, and they may try again."""
    impatient = Store.open(with_little_patience(address))
    with store.write() as tx:
        tx.seen.first("mine", NOW)
        with pytest.raises(StoreUnavailable, match=r"does not answer: .*lock"), impatient.write():
            pass
    with impatient.write() as tx:
        assert not tx.seen.first("mine", NOW)
    impatient.close()


def test_a_store_that_cannot_be_reached_is_unavailable_and_its_password_is_not_told() -> None:
    """The log of an outage names the address and gives away nothing."""
    store = Store.open("postgresql://lendbot:open-sesame@127.0.0.1:1/lendbot")
    with pytest.raises(StoreUnavailable) as outage, store.read():
        pass
    assert "127.0.0.1" in str(outage.value)
    assert "open-sesame" not in f"{outage.value!r} {outage.value.__cause__!r} {store.address}"


def test_a_missing_folder_is_said() -> None:
    """A wrong path in the settings is recognised from the message."""
    store = Store.open("sqlite:////nowhere/at/all/store.db")
    with pytest.raises(StoreUnavailable, match=r"/nowhere/at/all/store\.db .*unable to open"), store.read():
        pass


def test_the_store_outlives_a_restart_of_the_database(postgres_address: str) -> None:
    """After PostgreSQL was away nothing has to be restarted: what was under way says so, the next goes through."""
    store = Store.open(postgres_address)
    with store.read() as tx:
        tx.loans.recent(1)
    cut_off(postgres_address)
    with store.read() as tx:
        tx.loans.recent(1)

    def write_through_an_outage() -> None:
        with store.write() as tx:
            tx.seen.first("cut off", NOW)
            cut_off(postgres_address)
            tx.seen.first("never", NOW)

    with pytest.raises(StoreUnavailable):
        write_through_an_outage()
    with store.write() as tx:
        assert tx.seen.first("cut off", NOW)
    store.close()


def cut_off(address: str) -> None:
    """End every connection to the database but this one, as a restart does."""
    with psycopg.connect(address) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "no URL"),
        ("/var/lib/lendbot/store.db", "no URL"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("mysql://lendbot:open-sesame@db/lendbot", "not on 'mysql'"),
    ],
)
def test_a_wrong_address_is_refused_with_a_sentence(address: str, why: str) -> None:
    """A wrong setting is found at start, and the sentence does not repeat a password."""
    with pytest.raises(ValueError, match=why) as refusal:
        Store.open(address)
    assert "open-sesame" not in str(refusal.value)


def test_a_database_of_its_own_says_what_time_it_is(store: Store) -> None:
    """PostgreSQL may run on another host, whose clock is off; SQLite lives by this one's."""
    before = datetime.now(UTC)
    said = store.clock()
    if store.address.startswith("sqlite"):
        assert said is None
    else:
        assert said is not None
        assert before - timedelta(minutes=1) < said < datetime.now(UTC) + timedelta(minutes=1)
