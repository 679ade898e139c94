"""What a step is handed: its own class's BMCs, and nobody else's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conversion import lending
from conversion.boots import last_seen
from conversion.lending import check_daemons, leave_hopeless_daemons
from conversion.pace import Pace
from conversion.ports import Away, DaemonPods, FarSides, Ran, UnexpectedAnswer, Unreachable
from conversion.returning import check_booted, check_clean, check_resumed, check_settled
from conversion.steps import Done, NodeWork, NotYet, TryIsOver
from loans.boots import Boot
from loans.classes import NodeClass
from loans.loan import Loan, NodeLoan
from loans.nodes import NodeName, PowerState, SlurmNode

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
GPU3 = NodeName("gpu003")


def boot_id(letter: str) -> str:
    return "-".join(letter * count for count in (8, 4, 4, 4, 12))


BEFORE = Boot(f"{boot_id('a')} 1", NOW, NOW)


class Board:
    """A kind of BMC that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def state(self, node: NodeName) -> PowerState:
        self.told.append(f"state {node}")
        return PowerState.ON

    def off(self, node: NodeName) -> None:
        self.told.append(f"off {node}")

    def on(self, node: NodeName) -> None:
        self.told.append(f"on {node}")


def test_a_node_is_switched_by_the_driver_of_its_class() -> None:
    """A site has BMCs of several makes; an order to the wrong one switches another machine, or none."""
    nobody: Any = None
    boards = {"bmc": Board(), "xcat": Board()}
    loan = Loan("U1", "gpu", 1, NOW + timedelta(hours=2), NOW, NOW, id=12)
    part = NodeLoan(12, NodeName("gpu003"), 1, NOW, NOW)
    gpu = NodeClass("gpu", "gpu", power="bmc")
    far = FarSides(nobody, nobody, nobody, boards)
    work = NodeWork(loan, gpu, part, far, Pace(), (), NOW, timedelta(), note_boot=lambda _: None)
    work.power.off(work.node)
    replace(work, node_class=replace(gpu, power="xcat")).power.on(work.node)
    assert {name: board.told for name, board in boards.items()} == {"bmc": ["off gpu003"], "xcat": ["on gpu003"]}


class Node:
    """A node as Slurm and its own shell tell of it."""

    def __init__(
        self, boot_id: str, registered: datetime | None, *, ssh: bool = True, gone: Unreachable | None = None
    ) -> None:
        self._boot_id = boot_id
        self._registered = registered
        self._gone = gone if ssh else Unreachable("gpu003 (ssh)", "connection refused")

    def nodes(self) -> dict[NodeName, SlurmNode]:
        seen = SlurmNode(GPU3, "DOWN", frozenset({"DRAIN"}), boot_time=self._registered, slurmd_start=self._registered)
        return {GPU3: seen}

    def ask(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta) -> Ran:
        del node, argv, timeout
        if self._gone is not None:
            raise self._gone
        return Ran(0, f"{boot_id(self._boot_id)}\n1 (systemd) S 0 1 1 0 -1 4194560 {'0 ' * 12}1 0 0\n")


def work_on(node: Node, before: Boot) -> NodeWork:
    far: Any = FarSides(node, None, node, {"bmc": Board()})  # type: ignore[arg-type]
    loan = Loan("U1", "gpu", 1, NOW + timedelta(hours=2), NOW, NOW, id=12)
    part = NodeLoan(12, GPU3, 1, NOW, NOW, boot=before)
    gpu = NodeClass("gpu", "gpu", power="bmc")
    return NodeWork(loan, gpu, part, far, Pace(), (), NOW, timedelta(), note_boot=lambda _: None)


@pytest.mark.parametrize(
    ("before", "node", "said"),
    [
        pytest.param(BEFORE, Node("b", LATER), "", id="it says so itself"),
        pytest.param(BEFORE, Node("b", EARLIER), "", id="whatever Slurm's clock says meanwhile"),
        pytest.param(BEFORE, Node("a", LATER), "still on the boot", id="its BMC cut nobody's power"),
        pytest.param(BEFORE, Node("b", NOW), "no registration yet", id="slurmd has not registered since"),
        pytest.param(BEFORE, Node("b", None), "no registration yet", id="slurmctld has just been restarted"),
        pytest.param(BEFORE, Node("b", LATER, ssh=False), "ssh does not answer", id="its sshd is not up yet"),
        pytest.param(Boot("", NOW, NOW), Node("b", LATER), "", id="only Slurm knew it before"),
        pytest.param(Boot(), Node("b", LATER), "nothing is known", id="nobody knew it before: cut the power once more"),
    ],
)
def test_a_boot_is_proved_by_what_was_said_before_the_power_was_cut(before: Boot, node: Node, said: str) -> None:
    """A node whose BMC switches another machine looks new to Slurm once its slurmd was restarted; it gets no jobs."""
    try:
        seen = check_booted(work_on(node, before))
    except TryIsOver as e:
        seen = NotYet(str(e))
    assert (seen == Done()) if not said else (isinstance(seen, NotYet) and said in seen.why)


def test_what_is_known_of_a_boot_survives_a_node_that_hangs() -> None:
    """It may be why it is sent home: its power is cut all the same, and Slurm's word is kept."""
    assert last_seen(work_on(Node("a", NOW, ssh=False), Boot())) == Boot("", NOW, NOW)
    assert last_seen(work_on(Node("a", NOW), Boot())) == BEFORE


class Silent(Node):
    """A Slurm that leaves the node out of an answer, or says of it what cannot be read."""

    def __init__(self, *seen: SlurmNode) -> None:
        super().__init__("b", LATER)
        self._seen = seen

    def nodes(self) -> dict[NodeName, SlurmNode]:
        return {node.name: node for node in self._seen}


@pytest.mark.parametrize(
    "seen",
    [(), (SlurmNode(NodeName("gpu004"), "IDLE"),), (SlurmNode(GPU3, "UNKNOWN", unread="State=?"),)],
    ids=["nothing", "another", "in no words that we know"],
)
@pytest.mark.parametrize(
    "check", [lending.check_out, check_booted, check_clean, check_resumed, check_settled], ids=lambda c: c.__name__
)
def test_an_answer_without_the_node_is_no_news_of_it(check: Any, seen: Sequence[SlurmNode]) -> None:
    """It is neither out of Slurm, nor home, nor gone: lendbot asks again."""
    with pytest.raises(UnexpectedAnswer, match="nothing is known of gpu003"):
        check(work_on(Silent(*seen), BEFORE))


class Wiped(Node):
    """A node that has rebooted, and answers whether a file is there in its own way."""

    def __init__(self, *said: Ran) -> None:
        super().__init__("b", LATER)
        self.said = list(said)

    def node(self, name: str) -> None:
        del name

    node_itself = node

    def ask(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta) -> Ran:
        return self.said.pop(0) if "stat" in argv else super().ask(node, argv, timeout=timeout)


GONE = Ran(1, "", "stat: cannot statx '/etc/puppet-role': No such file or directory\n")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ((GONE, GONE), None),
        ((GONE, Ran(1, "", "stat: can't stat '/run/lendbot': No such file or directory\n")), None),
        ((Ran(0, "/etc/puppet-role\n"),), "still there"),
        ((GONE, Ran(0, "/run/lendbot\n")), "still there"),
        ((Ran(0, ""),), "does not say"),
        ((Ran(1, "", ""),), "does not say"),
        ((Ran(127, "", "env: 'stat': No such file or directory\n"),), "does not say"),
        ((Ran(1, "", "stat: cannot statx '/etc/puppet-role': Input/output error\n"),), "does not say"),
        ((Ran(255, "", "This account is currently not available.\n"),), "does not say"),
        ((GONE, Ran(1, "no such luck\n", "")), "does not say"),
    ],
)
def test_only_a_node_that_says_so_is_clean(answers: tuple[Ran, ...], said: str | None) -> None:
    """A shell that fails for any other reason is no proof that nothing of the loan is left there."""
    node: Any = Wiped(*answers)
    work = replace(work_on(node, BEFORE), waited=timedelta(minutes=1))
    work = replace(work, far=replace(work.far, kubernetes=node))
    try:
        seen = check_clean(work)
    except UnexpectedAnswer as e:
        seen = NotYet(str(e))
    assert (seen == Done()) if said is None else (isinstance(seen, NotYet) and said in seen.why)


class Puppets(Node):
    """A node whose Puppet ends with a code."""

    def __init__(self, ends: int) -> None:
        super().__init__("a", NOW)
        self._ends = ends
        self.noted: list[str] = []

    def ask(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta) -> Ran:
        if argv == ("cat", "/etc/puppet-role"):
            return Ran(0, "cloud_compute\n")
        return super().ask(node, argv, timeout=timeout)

    def run(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta) -> Ran:
        del node, timeout
        assert argv[-1] == "run_puppet"
        return Ran(self._ends, "", "Error: no such class\n")

    def note(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta, stdin: str | None = None) -> Ran:
        del node, argv, timeout
        self.noted += [stdin] if stdin else []
        return Ran(0)


@pytest.mark.parametrize("ends", [1, 3, 4, 5, 6, 17, 124, 126, 127, 137, 255])
def test_puppet_has_run_when_it_says_0_or_2_and_in_no_other_word(ends: int) -> None:
    """With --detailed-exitcodes 2 is a change, and 4, 6 are failures; any other code is nobody's leave to go on."""
    node = Puppets(ends)
    with pytest.raises(TryIsOver, match=f"Puppet failed with {ends}: Error: no such class"):
        lending.run_puppet(work_on(node, BEFORE))
    assert node.noted == []
    for fine in (0, 2):
        good = Puppets(fine)
        assert lending.run_puppet(work_on(good, BEFORE)) is None
        assert good.noted == ["lendbot #12 cloud_compute\n"]


def test_a_puppet_that_is_still_at_work_is_waited_for() -> None:
    """Two at once both say 0: `flock` says that there is one in a code of its own."""
    node = Puppets(lending._LOCKED)
    assert isinstance(lending.run_puppet(work_on(node, BEFORE)), NotYet)
    assert node.noted == []


@dataclass
class Daemons:
    """A cluster that says how DaemonSets stand on a node."""

    pods: DaemonPods

    def daemon_pods(self, name: str) -> DaemonPods:
        del name
        return self.pods


def with_daemons(skip: frozenset[str], missing: tuple[str, ...], nowhere: frozenset[str] = frozenset()) -> NodeWork:
    """Return the work of a node on which some of three DaemonSets are not ready."""
    cluster: Any = Daemons(DaemonPods(3, missing, nowhere))
    node: Any = None
    work = work_on(node, BEFORE)
    far = replace(work.far, kubernetes=cluster)
    return replace(work, far=far, node_class=replace(work.node_class, skip_daemonsets=skip))


EXPORTER, PLUGIN = "monitoring/exporter", "kube-system/plugin"


def test_a_daemonset_of_the_settings_is_not_waited_for() -> None:
    """A monitoring pod that is often broken keeps no workshop waiting."""
    assert isinstance(check_daemons(with_daemons(frozenset({EXPORTER}), (EXPORTER,))), Done)
    assert isinstance(check_daemons(with_daemons(frozenset({EXPORTER}), (EXPORTER, PLUGIN))), NotYet)


def test_a_daemonset_that_is_ready_nowhere_is_no_reason_to_replace_a_node() -> None:
    """While there is patience it may just be starting; then the next node would fare no better."""
    broken = with_daemons(frozenset(), (EXPORTER,), frozenset({EXPORTER}))
    assert isinstance(check_daemons(broken), NotYet)
    seen = leave_hopeless_daemons(broken)
    assert isinstance(seen, Done)
    assert seen.detail == "monitoring/exporter: ready nowhere in the cluster, so not waited for"
    one_is_the_nodes = with_daemons(frozenset(), (PLUGIN, EXPORTER), frozenset({EXPORTER}))
    assert isinstance(leave_hopeless_daemons(one_is_the_nodes), NotYet)


def test_a_gateway_that_is_away_while_nodes_boot_is_not_taken_for_a_node_that_does_not_come_up() -> None:
    """Its power is not cut three times for a jump host that is being patched."""
    silent: Any = Node("", LATER, gone=Away("SSH to the nodes", "refused"))
    with pytest.raises(Away):
        check_booted(work_on(silent, BEFORE))
