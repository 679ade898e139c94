"""The fence by itself: what is asked right before a change, in which order, and how old an answer may be."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from conversion.fence import Looked, NotNow, Reach
from conversion.gate import ChangeOutsideAStep
from conversion.permit import BEGIN_WITHIN_S, WORLD_WITHIN_S, Overtaken, begin
from conversion.ports import FarSides, PutOff, Unreachable
from conversion.steps import Ask, Done, NotYet, Scene, Seen
from loans.marks import Mark
from loans.nodes import NodeName
from store.db import Store, Tx
from tests.conversion.shelf import GPU, a_store

NODE = NodeName("gpu001")


@dataclass
class Site:
    """A far side that says what it is asked, a lease, and a clock: everything that a fence asks."""

    store: Store
    at: float = 100.0
    held: bool = True
    ours: bool = True
    wanted: bool = True
    renewed_at: float = 0.0
    asked: list[str] = field(default_factory=list)
    on_the_way: Callable[[], None] = lambda: None

    def is_ours(self, tx: Tx) -> bool:
        del tx
        self.asked.append("epoch")
        return self.ours

    def renew(self, tx: Tx) -> bool:
        self.asked.append("renew")
        return self.ours and tx is not None

    def renewed(self, at: float) -> None:
        self.renewed_at = at

    def holds(self, tx: Tx) -> bool:
        del tx
        self.asked.append("version")
        return self.wanted

    def fresh(self) -> "Site":
        self.asked.append("fresh")
        return self

    def drain(self, nodes: Sequence[NodeName], reason: str) -> None:
        self._send(f"drain {nodes[0]} {reason}")

    def off(self, node: NodeName) -> None:
        self._send(f"off {node}")

    def _send(self, what: str) -> None:
        self.on_the_way()
        begin()
        self.asked.append(what)

    def far(self, *asks: Ask, looked_at: float = 100.0) -> FarSides:
        me: Any = self
        looked = Looked()
        looked.at = looked_at
        reach = Reach(FarSides(me, me, me, {"bmc": me}), self.store, me, lambda: self.at)
        return reach.fence(Scene(Mark(1, "k3f9"), GPU, reach.reads, (NODE,)), asks, self.holds, looked)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with a_store(tmp_path) as store:
        yield Site(store)


def asking(site: Site, seen: Seen, takes_s: float = 0.0) -> Ask:
    def check(scene: Scene) -> Seen:
        assert scene.nodes == (NODE,)
        site.asked.append("world")
        site.at += takes_s
        return seen

    return Ask("all is quiet", check)


def test_epoch_version_and_world_are_asked_in_this_order_right_before_the_call(site: Site) -> None:
    """Each is younger than the one before, and the world's answer is the youngest of all."""
    site.far(asking(site, Done())).powers["bmc"].off(NODE)
    assert site.asked == ["renew", "version", "fresh", "world", "off gpu001"]
    assert site.renewed_at == 100.0, "asking renews, so that a successor waits from here"


def test_a_lease_that_was_renewed_just_now_is_only_read(site: Site) -> None:
    """Hundreds of nodes at once do not write hundreds of renewals."""
    site.renewed_at = 99.5
    site.far().slurm.drain([NODE], "lendbot #1")
    assert site.asked == ["epoch", "version", "drain gpu001 lendbot #1"]


@pytest.mark.parametrize(("what", "asked"), [("held", []), ("ours", ["renew"]), ("wanted", ["renew", "version"])])
def test_whoever_is_not_wanted_any_more_sends_nothing(site: Site, what: str, asked: list[str]) -> None:
    """A lease by our own clock, the store's epoch, the row's version: one no is enough."""
    setattr(site, what, False)
    with pytest.raises(Overtaken):
        site.far(asking(site, Done())).powers["bmc"].off(NODE)
    assert site.asked == asked


def test_a_no_of_the_world_is_told_and_nothing_is_sent(site: Site) -> None:
    """The card says which job is in the way."""
    with pytest.raises(NotNow) as refused:
        site.far(asking(site, NotYet("job 7 is RUNNING", blocked=True))).powers["bmc"].off(NODE)
    assert refused.value.seen == NotYet("job 7 is RUNNING", blocked=True)
    assert "off gpu001" not in site.asked


def test_a_world_that_took_its_time_makes_the_store_be_asked_once_more(site: Site) -> None:
    """What was asked first is not too old by the time that the last answer is there."""
    site.far(asking(site, Done(), takes_s=BEGIN_WITHIN_S + 1)).powers["bmc"].off(NODE)
    assert site.asked == ["renew", "version", "fresh", "world", "renew", "version", "off gpu001"]


def test_a_world_that_took_too_long_is_asked_anew_at_the_next_look(site: Site) -> None:
    """Nothing is cut on what Slurm said so long ago, and people read why the node waits."""
    with pytest.raises(PutOff, match="more than 10 s old"):
        site.far(asking(site, Done(), takes_s=WORLD_WITHIN_S)).powers["bmc"].off(NODE)
    with pytest.raises(PutOff):
        site.far(looked_at=100.0 - WORLD_WITHIN_S).slurm.drain([NODE], "lendbot #1")
    assert not {"off gpu001", "drain gpu001 lendbot #1"} & set(site.asked)


def test_who_stands_still_between_the_fence_and_the_wire_is_asked_again_there(site: Site) -> None:
    """The adapter's own check is the last word."""

    def stop() -> None:
        site.at += 60
        site.ours = False

    site.on_the_way = stop
    with pytest.raises((Overtaken, PutOff)):
        site.far(asking(site, Done())).powers["bmc"].off(NODE)
    assert "off gpu001" not in site.asked


def test_what_ends_something_may_not_be_done_by_a_step_that_asks_nothing(site: Site) -> None:
    """A new step that cuts power without a question fails in its first test."""
    with pytest.raises(ChangeOutsideAStep, match="asks nothing before it"):
        site.far().powers["bmc"].off(NODE)


def test_a_world_that_cannot_be_asked_is_no_yes(site: Site) -> None:
    """Unknown is never safe."""

    def away(scene: Scene) -> Seen:
        del scene
        raise Unreachable("Slurm", "refused")

    with pytest.raises(Unreachable):
        site.far(Ask("all is quiet", away)).powers["bmc"].off(NODE)
    assert "off gpu001" not in site.asked
