"""Who holds a lease, the how-manieth holder it is, and how it changes hands."""

from store.db import Store
from store.leases import NOBODY, Held
from tests.store.values import HOUR, MINUTE, NOW

END = NOW + MINUTE


def test_a_lease_has_one_holder_until_it_runs_out(store: Store) -> None:
    """Two processes do not both do what one may; when one dies the other takes over, and each change is counted."""
    with store.write() as tx:
        assert tx.leases.holder("worker") is None
        assert tx.leases.take("worker", "one", NOW, END)
        assert not tx.leases.take("worker", "two", NOW, END)
        assert not tx.leases.take("worker", "two", END - MINUTE / 60, END)
        assert tx.leases.take("worker", "one", NOW, NOW + HOUR)
        assert tx.leases.get("worker") == Held("one", NOW + HOUR, 1)
        assert tx.leases.take("worker", "two", NOW + HOUR, NOW + 2 * HOUR)
        assert tx.leases.get("worker") == Held("two", NOW + 2 * HOUR, 2)


def test_only_what_stands_as_its_dead_holder_left_it_is_taken_without_a_clock(store: Store) -> None:
    """Clocks that jump end no lease: who has renewed in between is not dead, however late it seems to be."""
    with store.write() as tx:
        left = tx.leases.succeed("worker", "one", END)
        assert left == Held("one", END, 1)
        assert tx.leases.succeed("worker", "two", END) is None
        assert tx.leases.renew("worker", "one", 1, END + MINUTE)
        assert tx.leases.succeed("worker", "two", END, dead=left) is None
        assert tx.leases.succeed("worker", "two", END, dead=tx.leases.get("worker")) == Held("two", END, 2)


def test_an_epoch_that_is_over_cannot_be_renewed(store: Store) -> None:
    """Who wakes after another took over is told so, though the lease may be its own again by then."""
    with store.write() as tx:
        tx.leases.succeed("worker", "one", END)
        tx.leases.succeed("worker", "two", END, dead=tx.leases.get("worker"))
        assert not tx.leases.renew("worker", "one", 1, END)
        tx.leases.succeed("worker", "one", END, dead=tx.leases.get("worker"))
        assert not tx.leases.renew("worker", "one", 1, END)
        assert tx.leases.renew("worker", "one", 3, END)


def test_a_released_lease_is_free_at_once_and_keeps_its_count(store: Store) -> None:
    """A restart does not wait for the old lease to run out; and nobody gives up another's."""
    with store.write() as tx:
        tx.leases.succeed("worker", "one", END)
        tx.leases.release("worker", "two")
        assert tx.leases.holder("worker") == "one"
        tx.leases.release("worker", "one")
        assert tx.leases.holder("worker") is None
        assert tx.leases.get("worker") == Held(NOBODY, END, 1)
        assert tx.leases.succeed("worker", "two", END) == Held("two", END, 2)
        tx.leases.release("worker", "two")
        assert tx.leases.take("worker", "one", NOW, END)
