"""Which far sides answer, told by what everybody's calls come to; and what is asked of one that does not."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from conversion.gate import KUBERNETES, SLURM, SSH, bmcs, through
from conversion.ports import Away, Denied, FarSideError, FarSides, PutOff, Ran, UnexpectedAnswer, Unreachable
from conversion.sides import Sides
from conversion.waits import Waits
from loans.nodes import NodeName

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
A, B, C, D = (NodeName(f"gpu00{number}") for number in range(1, 5))


@dataclass
class Site:
    """Far sides that answer until they are told what to raise instead, by side or by node; and a clock to turn."""

    at: timedelta = timedelta()
    broken: dict[str, FarSideError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    sides: Sides = field(init=False)
    far: FarSides = field(init=False)

    def __post_init__(self) -> None:
        """Listen to it."""
        me: Any = self
        self.sides = Sides(lambda: self.at, 5 * SECOND, 5 * MINUTE)
        self.far = through(FarSides(me, _Cluster(self), me, {"bmc": me}), self.sides)  # type: ignore[arg-type] - two methods

    def _answer(self, whom: str) -> dict[str, Any]:
        self.asked.append(whom)
        if whom in self.broken:
            raise self.broken[whom]
        return {}

    def nodes(self) -> dict[str, Any]:
        return self._answer(SLURM)

    def cluster(self) -> str:
        return "kept"

    def resume(self, nodes: list[NodeName]) -> None:
        self._answer(f"resume {nodes[0]}")

    def ask(self, node: NodeName, argv: tuple[str, ...], *, timeout: timedelta) -> Ran:
        del argv, timeout
        self._answer(node)
        return Ran(0)

    def state(self, node: NodeName) -> str:
        self._answer(node)
        return "on"

    def break_(self, *whom: str, by: type[FarSideError] = Unreachable) -> None:
        self.broken |= {each: by(each, "refused") for each in whom}

    def slurm(self) -> type[Exception] | None:
        return raised(self.far.slurm.nodes)

    def kubernetes(self) -> type[Exception] | None:
        return raised(self.far.kubernetes.nodes)

    def ssh(self, node: NodeName) -> type[Exception] | None:
        return raised(lambda: self.far.shell.ask(node, ("true",), timeout=SECOND))


@dataclass
class _Cluster:
    site: Site

    def nodes(self) -> dict[str, Any]:
        return self.site._answer(KUBERNETES)


def raised(act: Callable[[], object]) -> type[Exception] | None:
    """Return what a call raises."""
    try:
        act()
    except FarSideError as e:
        return type(e)
    return None


@pytest.fixture
def site() -> Site:
    return Site()


def test_one_silence_is_a_hiccup_and_two_in_a_row_are_a_side_that_is_away(site: Site) -> None:
    """A question that is never answered, beside others that are, does not stop a step's clock for ever."""
    site.break_(SLURM)
    assert site.slurm() is Unreachable
    assert not site.sides.away()
    site.at += SECOND
    assert site.slurm() is Away
    site.at += 29 * MINUTE
    [(name, silence)] = site.sides.away().items()
    assert (name, silence.lasted, silence.said) == (SLURM, 29 * MINUTE + SECOND, "refused")
    assert site.kubernetes() is None


def test_a_side_that_is_away_is_asked_by_one_and_not_by_sixty(site: Site) -> None:
    """Sixty nodes that wait for a slurmctld that hangs do not take all threads for 20 s each."""
    site.break_(SLURM)
    while site.slurm() is not Away:
        pass
    site.asked.clear()
    assert {site.slurm() for _ in range(60)} == {Away}
    assert site.asked == []
    site.at += 5 * SECOND
    assert {site.slurm() for _ in range(60)} == {Away}
    assert site.asked == [SLURM]


def test_who_asks_after_its_return_gets_its_answer_and_so_does_everybody(site: Site) -> None:
    """All go on within two looks: one of them has asked, and the next look of each is let through."""
    site.break_(SLURM)
    while site.slurm() is not Away:
        pass
    site.broken.clear()
    assert site.slurm() is Away, "asked a moment ago"
    site.at += 5 * SECOND
    assert site.slurm() is None
    assert site.slurm() is None
    assert not site.sides.away()
    assert site.sides.answers(SLURM)


def test_an_answer_that_was_kept_proves_nothing(site: Site) -> None:
    """The cluster's name is kept for half a minute: it does not make Slurm answer."""
    site.break_(SLURM)
    while site.slurm() is not Away:
        pass
    site.at += 5 * SECOND
    assert site.far.slurm.cluster() == "kept"
    assert site.sides.away()
    assert site.slurm() is Away
    assert site.asked.count(SLURM) == 3, "the question was not used up by it"


def test_a_change_is_never_what_a_side_is_tried_with(site: Site) -> None:
    """Whether Slurm is back is found out by a read."""
    site.break_(SLURM)
    while site.slurm() is not Away:
        pass
    site.at += HOURS
    assert raised(lambda: site.far.slurm.resume([A])) is Away
    assert "resume gpu001" not in site.asked


def test_a_person_who_asks_is_answered_by_the_side_itself(site: Site) -> None:
    """Slurm is back: whoever says `free` hears it from Slurm, and the nodes go on a moment sooner."""
    site.break_(SLURM)
    while site.slurm() is not Away:
        pass
    site.broken.clear()
    me: Any = site
    asking = through(FarSides(me, me, me, {}), site.sides.for_people())
    assert asking.slurm.nodes() == {}
    assert site.slurm() is None


HOURS = timedelta(hours=3)


@pytest.mark.parametrize(("error", "is_away"), [(PutOff, True), (UnexpectedAnswer, True), (Denied, False)])
def test_a_side_that_gives_nobody_a_sensible_answer_is_away_and_one_that_says_no_is_there(
    site: Site,
    error: type[FarSideError],
    is_away: bool,  # noqa: FBT001 - a parameter of the case
) -> None:
    """503 from a balancer and a maintenance page are an outage; 401 is an answer, with a patience of its own."""
    site.break_(KUBERNETES, by=error)
    for _ in range(3):
        site.kubernetes()
    assert bool(site.sides.away()) is is_away


def test_every_nodes_trouble_with_a_side_names_the_side_as_a_whole(site: Site) -> None:
    """A key that is let in nowhere is one trouble, not sixty: whoever folds them needs no words for it."""
    site.break_(A, B, by=Denied)
    heard = []
    for node in (A, B):
        with pytest.raises(Denied) as found:
            site.far.shell.ask(node, ("true",), timeout=SECOND)
        heard.append((found.value.side, found.value.whole))
    assert heard == [(A, SSH), (B, SSH)]


def test_one_node_that_is_silent_is_its_own_trouble(site: Site) -> None:
    """A BMC that died costs its node, and holds nobody else up."""
    site.break_(A)
    assert [site.ssh(node) for node in (A, B, A, C, A)] == [Unreachable, None, Unreachable, None, Unreachable]
    site.break_(B)
    assert [site.ssh(node) for node in (C, B, A)] == [None, Unreachable, Unreachable]


def test_several_that_fall_silent_at_once_are_the_sides_trouble_though_others_answer(site: Site) -> None:
    """A switch that dies takes a rack with it: none of its nodes is replaced, and the others go on."""
    site.break_(A, B, C)
    assert [site.ssh(node) for node in (D, A, B, C, A, B, D)] == [
        None, Unreachable, Unreachable, Away, Away, Away, None,
    ]  # fmt: skip
    assert site.sides.away()[SSH].nodes == (A, B, C)


def test_two_of_two_that_are_silent_are_the_sides_trouble(site: Site) -> None:
    """A loan of two nodes behind a dead gateway fails for it as little as one of sixty."""
    site.break_(A, B)
    assert [site.ssh(node) for node in (A, B, A)] == [Unreachable, Away, Away]


def test_nodes_that_fell_silent_on_different_days_have_nothing_to_do_with_each_other(site: Site) -> None:
    """Three broken nodes among five hundred are three broken nodes."""
    site.break_(A, B, C)
    for node in (A, B, C):
        assert site.ssh(node) is Unreachable
        assert site.ssh(D) is None
        site.at += 10 * MINUTE
    assert not site.sides.away()


def test_a_dead_node_is_its_own_trouble_again_when_the_others_are_back(site: Site) -> None:
    """The gateway comes back: what does not answer now is broken."""
    site.break_(A, B, C)
    for node in (A, B, C):
        site.ssh(node)
    site.broken = {A: site.broken[A]}
    assert [site.ssh(node) for node in (B, C, A)] == [None, None, Unreachable]


def test_a_gateway_that_the_adapter_knows_to_be_away_is_enough(site: Site) -> None:
    """With a jump host one node alone tells that none can be reached."""
    site.break_(A, by=Away)
    assert site.ssh(A) is Away
    assert site.sides.away()[SSH].said == "refused"
    assert site.ssh(B) is None
    assert not site.sides.away()


def test_a_bmc_network_is_a_side_of_its_own(site: Site) -> None:
    """Its silence says nothing of SSH to the same nodes."""
    site.break_(A, B, C)
    for node in (A, B, C):
        with suppress(FarSideError):
            site.far.powers["bmc"].state(node)
    assert set(site.sides.away()) == {bmcs("bmc")}
    assert SSH not in site.sides.away()


def test_a_node_at_rest_is_forgotten(site: Site) -> None:
    """What nobody asks any more keeps no side away."""
    site.break_(A, B, C)
    for node in (A, B, C):
        site.ssh(node)
    for node in (A, B, C):
        site.sides.forget(node)
    assert not site.sides.away()
    assert not site.sides.answers(SSH), "nobody has heard of it since"
    assert site.ssh(D) is None
    assert site.sides.answers(SSH)


def test_time_in_a_pause_does_not_count_and_time_after_it_does() -> None:
    """Three hours without Slurm leave a step the patience that it had."""
    at = timedelta()
    waits = Waits(lambda: at)
    key = (1, "gpu001")
    waits.lap(key)
    at += MINUTE
    assert waits.lap(key) == MINUTE
    waits.pause(key)
    at += HOURS
    assert waits.lap(key) == timedelta()
    at += MINUTE
    assert waits.lap(key) == MINUTE
