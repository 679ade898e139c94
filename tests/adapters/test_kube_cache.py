"""Which of two reports about a node is the newer one."""

from adapters.kube.cache import NodeCache
from tests.adapters.kube_rig import a_held_node


def test_a_late_event_does_not_undo_what_we_wrote() -> None:
    """After a cordon nobody reads that the node is open."""
    cache = NodeCache()
    cache.replace([a_held_node(version=10)], 10)
    cache.learn(a_held_node(version=12, unschedulable=True))
    cache.learn(a_held_node(version=11))
    held = cache.get("gpu001")
    assert held is not None
    assert not held.node.schedulable


def test_a_list_that_began_before_our_write_does_not_undo_it() -> None:
    """A list that was long on its way brings the past along; what we know better stays."""
    cache = NodeCache()
    cache.learn(a_held_node(version=12, unschedulable=True))
    cache.replace([a_held_node(version=10)], 11)
    held = cache.get("gpu001")
    assert held is not None
    assert held.version == 12


def test_a_deleted_node_does_not_come_back_by_a_late_report() -> None:
    """A node that went home is not taken for lent again."""
    cache = NodeCache()
    cache.replace([a_held_node(version=10)], 10)
    cache.forget("gpu001", "u1")
    cache.learn(a_held_node(version=11))
    assert cache.get("gpu001") is None
    cache.replace([a_held_node(version=10)], 10)
    assert cache.get("gpu001") is None


def test_a_node_that_joined_again_survives_the_old_ones_end() -> None:
    """The event of the old object's end may come after the new object's beginning."""
    cache = NodeCache()
    cache.learn(a_held_node(version=20, uid="u2"))
    cache.forget("gpu001", "u1")
    held = cache.get("gpu001")
    assert held is not None
    assert held.node.uid == "u2"


def test_what_a_list_no_longer_has_is_gone() -> None:
    """A node that ended while we were cut off is not shown for ever."""
    cache = NodeCache()
    cache.replace([a_held_node(version=10), a_held_node(name="gpu002", uid="u2", version=9)], 10)
    cache.replace([a_held_node(version=10)], 15)
    assert list(cache.all()) == ["gpu001"]
    cache.learn(a_held_node(name="gpu002", uid="u2", version=14))
    assert list(cache.all()) == ["gpu001"]


def test_a_watch_goes_on_from_the_latest_that_is_known_and_from_a_list_when_events_were_lost() -> None:
    """A reader's list that came between two events is not undone by the older of them, and no gap is skipped."""
    cache = NodeCache()
    assert cache.version == 0
    cache.replace([a_held_node(version=10)], 25)
    cache.come_to(22)
    assert cache.version == 25
    cache.come_to(27)
    assert cache.version == 27
    cache.lose()
    assert cache.version == 0
    cache.replace([a_held_node(version=10)], 26)
    assert cache.version == 26
