"""The book: what is left of a class at the worst moment of a span, who has the rest, and what fits instead."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loans.book import STEP, Book, Kept, NotSeen, Pool, Promise, capacity, free_until, next_fit
from loans.nodes import NodeName
from tests.store.values import NOW

AT = NOW.replace(minute=0, second=0, microsecond=0)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def names(*numbers: int) -> frozenset[NodeName]:
    return frozenset(NodeName(f"gpu{number:03}") for number in numbers)


GPU = Pool("gpu", floor=2, nodes=names(*range(1, 13)), seen_at=AT)


def promise(loan: int, count: int, begins: float, ends: float | None, *nodes: int, of: str = "gpu") -> Promise:
    until = None if ends is None else AT + hours(ends)
    return Promise(loan, of, count, AT + hours(begins), until, names(*nodes))


def book(*promises: Promise, pool: Pool = GPU, **others: Pool) -> Book:
    return Book({pool.node_class: pool, **others}, promises)


def left(of: Book, begins: float, ends: float, name: str = "gpu") -> int:
    return capacity(of, name, AT + hours(begins), AT + hours(ends)).count


def test_an_empty_book_has_all_but_the_floor() -> None:
    """Twelve nodes, two of which always stay."""
    assert left(book(), 0, 100) == 10


def test_the_worst_moment_of_the_span_counts_and_names_who_has_the_rest() -> None:
    """Whoever asks for Monday to Friday hears of Wednesday's workshop, and of nobody who is gone by then."""
    of = book(promise(12, 4, 10, 20), promise(14, 4, 15, 30), promise(15, 1, 40, 50))
    room = capacity(of, "gpu", AT, AT + hours(100))
    assert (room.count, room.at) == (2, AT + hours(15))
    assert [(each.loan_id, each.count) for each in room.promised] == [(12, 4), (14, 4)]
    assert room.in_promises == 8


def test_what_is_home_when_the_next_begins_is_not_in_its_way() -> None:
    """Back to back is no conflict."""
    of = book(promise(12, 10, 0, 10), promise(13, 10, 20, 30))
    assert left(of, 10, 20) == 10
    assert left(of, 9.99, 20) == 0
    assert left(of, 10, 20.01) == 0


def test_nodes_without_a_known_end_are_away_for_good() -> None:
    """A stuck node is promised to nobody, however far the date."""
    assert left(book(promise(12, 1, 0, None, 3)), 10_000, 10_001) == 9


def test_a_node_is_counted_once_however_many_keep_it() -> None:
    """A lent node in somebody's reservation is one node less, not two."""
    pool = replace(GPU, kept=(Kept(names(1, 2), AT, AT + hours(9), "maint"), Kept(names(2, 3), AT)))
    of = book(promise(12, 2, 0, 10, 1, 2), pool=pool)
    assert left(of, 0, 1) == 12 - 3 - 2
    assert capacity(of, "gpu", AT, AT + hours(1)).kept_nodes == names(3)


def test_a_reservation_of_others_is_away_for_as_long_as_it_lasts() -> None:
    """A maintenance on Tuesday is no reason to refuse Wednesday."""
    maint = Kept(names(*range(1, 7)), AT + hours(10), AT + hours(12), "maint")
    of = book(pool=replace(GPU, kept=(maint,)))
    assert left(of, 0, 10) == 10
    assert left(of, 9, 13) == 12 - 6 - 2
    assert left(of, 12, 13) == 10


def test_nodes_that_others_run_jobs_on_stand_for_the_floor() -> None:
    """Somebody's standing reservation of three nodes keeps the floor of two by itself."""
    standing = Kept(names(1, 2, 3), AT, None, "biology", works=True)
    assert left(book(pool=replace(GPU, kept=(standing,))), 0, 1) == 9
    one = replace(standing, nodes=names(1))
    assert left(book(pool=replace(GPU, kept=(one,))), 0, 1) == 10


def test_a_class_that_was_never_seen_has_no_answer() -> None:
    """Nothing is known, and that is said: neither 0 nor plenty."""
    with pytest.raises(NotSeen):
        capacity(Book({}), "gpu", AT, AT + hours(1))


def test_more_promised_than_there_is_leaves_nothing_not_less() -> None:
    """A class that shrank after an approval has 0 nodes for the next."""
    assert left(book(promise(12, 10, 0, 10), pool=replace(GPU, nodes=names(1, 2, 3))), 0, 1) == 0


def test_classes_that_share_nodes_are_never_promised_the_same_ones() -> None:
    """ "a100" is a part of "gpu": what the one promises may come out of the other."""
    a100 = Pool("a100", floor=1, nodes=names(1, 2, 3, 4), seen_at=AT)
    assert left(book(promise(12, 3, 0, 10, of="a100"), a100=a100), 0, 1) == 12 - 2 - 3
    # Eight of nine gpu nodes can be others; one is of a100, and of its three one can be promised above gpu's floor.
    assert left(book(promise(12, 9, 0, 10), a100=a100), 0, 1, "a100") == 1
    of = book(promise(12, 3, 0, 10, of="a100"), a100=a100)
    assert left(of, 0, 1, "a100") == 0
    assert capacity(of, "gpu", AT, AT + hours(1)).promised[0].loan_id == 12
    # A class that lends nothing at all keeps its own nodes, and no others.
    none = book(a100=replace(a100, floor=4))
    assert (left(none, 0, 1), left(none, 0, 1, "a100")) == (8, 0)


def test_the_next_span_that_fits_is_between_what_is_promised() -> None:
    """The first gap that is long enough, on a time that people say."""
    of = book(promise(12, 4, 0, 10.02), promise(13, 4, 12, 20), promise(14, 9, 25, 30))
    assert next_fit(of, "gpu", 6, hours(30), AT) == AT + hours(30)
    assert next_fit(of, "gpu", 8, hours(1), AT) == AT + hours(10) + STEP
    assert next_fit(of, "gpu", 8, hours(1.95), AT) == AT + hours(20)
    assert next_fit(of, "gpu", 11, hours(1), AT) is None
    assert next_fit(of, "gpu", 1, hours(1), AT) == AT


def test_until_when_nodes_are_free_is_when_the_next_promise_begins() -> None:
    """A later deadline is granted up to the next workshop."""
    of = book(promise(13, 4, 12, 20), promise(14, 9, 25, 30))
    assert free_until(of, "gpu", 7, AT) == AT + hours(12)
    assert free_until(of, "gpu", 6, AT) == AT + hours(25)
    assert free_until(of, "gpu", 1, AT) is None


SPANS = st.lists(
    st.tuples(st.integers(1, 6), st.integers(0, 30), st.one_of(st.none(), st.integers(1, 12)), st.booleans()),
    max_size=8,
)


@given(
    SPANS,
    st.lists(st.tuples(st.sets(st.integers(1, 8)), st.integers(0, 30), st.integers(1, 9), st.booleans()), max_size=4),
    st.integers(0, 30),
    st.integers(1, 12),
)
def test_the_sweep_finds_what_looking_at_every_hour_finds(
    spans: list[tuple[int, int, int | None, bool]],
    keeping: list[tuple[set[int], int, int, bool]],
    begins: int,
    lasts: int,
) -> None:
    """Whatever begins and ends when: the answer is the least that any hour of the span has, counted node by node."""
    kept = tuple(
        Kept(names(*nodes), AT + hours(at), AT + hours(at + span), works=works) for nodes, at, span, works in keeping
    )
    pool = Pool("gpu", 2, names(*range(1, 13)), AT, kept)
    of = book(
        *(
            promise(n, count, at, None if span is None else at + span, *([n] if chosen else []))
            for n, (count, at, span, chosen) in enumerate(spans, start=1)
        ),
        pool=pool,
    )
    assert left(of, begins, begins + lasts) == max(
        0, min(_counted(of, pool, hour) for hour in range(begins, begins + lasts))
    )


def _counted(of: Book, pool: Pool, hour: int) -> int:
    at = AT + hours(hour)
    now = [p for p in of.promises if p.starts <= at and (p.ends is None or at < p.ends)]
    keeps = [k for k in pool.kept if k.ends is not None and k.starts <= at < k.ends]
    gone = {n for p in now for n in p.nodes} | {n for k in keeps if not k.works for n in k.nodes}
    working = {n for k in keeps if k.works for n in k.nodes} - gone
    open_ = sum(p.count - len(p.nodes) for p in now)
    return len(pool.nodes - gone) - max(pool.floor, len(working)) - open_


@given(SPANS, st.integers(1, 10), st.integers(1, 9))
def test_what_is_offered_can_be_had(spans: list[tuple[int, int, int | None, bool]], count: int, lasts: int) -> None:
    """A button with another time leads to no second refusal, and there was no earlier one on the hour."""
    of = book(
        *(
            promise(n, many, at, None if span is None else at + span)
            for n, (many, at, span, _) in enumerate(spans, start=1)
        )
    )
    found = next_fit(of, "gpu", count, hours(lasts), AT)
    fits = [hour for hour in range(60) if left(of, hour, hour + lasts) >= count]
    if found is None:
        assert not fits
    else:
        assert capacity(of, "gpu", found, found + hours(lasts)).count >= count
        assert fits[0] == (found - AT) / hours(1)
