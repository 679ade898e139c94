"""Writers of one process, one by one."""

import threading

import pytest

from store.db import Store
from store.errors import NestedWrite, StoreUnavailable
from store.turns import Turns
from tests.patience import PATIENCE_S
from tests.store.values import NOW


def test_a_writer_that_does_not_end_is_told_to_the_others() -> None:
    """A bug that keeps a write open is an error in the log, not a bot that stands still."""
    turns, has_it, may_end = Turns("sqlite:///store.db", patience_s=0.05), threading.Event(), threading.Event()

    def hold() -> None:
        with turns.turn():
            has_it.set()
            may_end.wait(PATIENCE_S)

    holder = threading.Thread(target=hold)
    holder.start()
    assert has_it.wait(PATIENCE_S)
    with pytest.raises(StoreUnavailable, match="does not end"), turns.turn():
        pass
    may_end.set()
    holder.join(PATIENCE_S)
    with turns.turn():
        pass


def test_a_write_inside_a_write_is_refused_at_once(store: Store) -> None:
    """A mistake of ours is found by the first test that meets it, not after half a minute of silence."""
    with store.write() as tx:
        with pytest.raises(NestedWrite), store.write():
            pass
        tx.seen.first("outer", NOW)
    with store.write() as tx:
        assert not tx.seen.first("outer", NOW)
