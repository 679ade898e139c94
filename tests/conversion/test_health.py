"""A node that is home, and not well."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conversion.health import check_healthy, examine, fault
from conversion.pace import Pace
from conversion.ports import FarSides, Ran
from conversion.steps import Done, NodeWork, NotYet, TryIsOver
from loans.classes import Check, NodeClass
from loans.loan import Loan, NodeLoan
from loans.marks import Mark
from loans.nodes import NodeName, SlurmNode
from loans.whose import Whose, whose

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
GPU3 = NodeName("gpu003")
NHC = Check(("nhc",), "the node health check found a fault")
MIG = Check(("nvidia-smi", "--query-gpu=mig.mode.current"), "MIG is still on", ("Disabled", "[N/A]"))
GPU = NodeClass("gpu", "gpu", verify=(NHC, MIG))


@pytest.mark.parametrize(
    ("check", "ran", "wrong"),
    [
        (NHC, Ran(0, "whatever\n"), ""),
        (NHC, Ran(1, "", "ERROR:  nhc:  no IB\n"), f"{NHC.says}: `nhc` ended with 1, ERROR:  nhc:  no IB"),
        (NHC, Ran(127, "", "nhc: command not found\n"), f"{NHC.says}: `nhc` ended with 127, nhc: command not found"),
        (MIG, Ran(0, "Disabled\nDisabled\n"), ""),
        (MIG, Ran(0, "[N/A]\n"), ""),
        (
            MIG,
            Ran(0, "Disabled\nEnabled\n"),
            'MIG is still on: `nvidia-smi --query-gpu=mig.mode.current` printed "Enabled"',
        ),
        (MIG, Ran(0, "Pending\n"), 'MIG is still on: `nvidia-smi --query-gpu=mig.mode.current` printed "Pending"'),
        (MIG, Ran(0, "\n"), "MIG is still on: `nvidia-smi --query-gpu=mig.mode.current` printed nothing"),
    ],
)
def test_only_what_is_expected_is_a_pass(check: Check, ran: Ran, wrong: str) -> None:
    """No job starts on a node whose check said a word that nobody knows."""
    assert fault(check, ran) == wrong


class Site:
    """One node's shell and Slurm, and what the loan remembers to have set there."""

    def __init__(self, *answers: Ran, reason: str = "lendbot #12 k3f9", by: str = "root") -> None:
        self._answers = list(answers)
        self._node = SlurmNode(GPU3, "DOWN", frozenset({"DRAIN"}), reason=reason, reason_by=by)
        self.reasons: list[str] = []

    def nodes(self) -> dict[NodeName, SlurmNode]:
        return {GPU3: self._node}

    def has_never_set(self, node: NodeName) -> bool:
        del node
        return False

    def ask(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta) -> Ran:
        del node, argv, timeout
        return self._answers.pop(0)

    def drain(self, nodes: Sequence[NodeName], reason: str) -> None:
        assert self.reasons == [f"about to set {nodes[0]}"]
        self.reasons.append(reason)

    def about_to_set(self, nodes: Sequence[NodeName]) -> None:
        self.reasons.append(f"about to set {nodes[0]}")


def work_on(site: Any, node_class: NodeClass = GPU) -> NodeWork:
    loan = Loan("U1", "gpu", 1, NOW + timedelta(hours=2), NOW, NOW, id=12, store="k3f9")
    part, far = NodeLoan(12, GPU3, 1, NOW, NOW), FarSides(site, site, site, {})
    return NodeWork(loan, node_class, part, far, Pace(), (), NOW, timedelta(), note_boot=lambda _: None, memory=site)


def test_a_node_that_passes_goes_on() -> None:
    """And nothing is written to Slurm for it."""
    site = Site(Ran(0), Ran(0, "Disabled\n"))
    assert examine(work_on(site)) == Done("2 of 2 checks passed")
    assert site.reasons == []
    assert check_healthy(work_on(Site(), replace(GPU, verify=()))) == Done()


def test_a_node_that_fails_carries_what_was_found_as_its_reason() -> None:
    """Who sees it drained in sinfo reads why, and whose it is; and lendbot still knows the drain for its own."""
    site = Site(Ran(1, "", "ERROR : nhc : fan [3] is dead\n"))
    with pytest.raises(TryIsOver, match="the node health check found a fault"):
        examine(work_on(site))
    reason = site.reasons[1]
    assert reason == (
        "lendbot #12 k3f9 not healthy: the node health check found a fault: nhc ended with 1, "
        "ERROR: nhc: fan (3) is dead"
    )
    drained = SlurmNode(GPU3, "DOWN", frozenset({"DRAIN"}), reason=reason, reason_by="root")
    assert whose(drained, Mark(12, "k3f9")) is Whose.OURS
    assert whose(drained, Mark(13, "k3f9")) is Whose.SOMEBODY
    appended = replace(drained, reason=f"{reason} : Not responding", reason_by="slurm")
    assert whose(appended, Mark(12, "k3f9")) is Whose.OURS


@pytest.mark.parametrize("words", ["RMA: fan dead, ticket 4711", "lendbot #13 k3f9", "lendbot #12 k3f9: broken"])
def test_a_persons_word_on_the_node_is_not_written_over(words: str) -> None:
    """Alice takes a node out while it goes home: were her reason ours by now, RESUME would give it jobs again."""
    site = Site(Ran(1), reason=words, by="alice")
    with pytest.raises(TryIsOver, match="the node health check found a fault"):
        examine(work_on(site))
    assert site.reasons == []


@pytest.mark.parametrize("words", ["lendbot #12 k3f9: fan is dead", "lendbot #12 k3f9 not well", "not healthy: x"])
def test_a_persons_words_behind_our_mark_are_theirs(words: str) -> None:
    """An admin who writes on is not overruled by a RESUME."""
    node = SlurmNode(GPU3, "DOWN", frozenset({"DRAIN"}), reason=words, reason_by="root")
    assert whose(node, Mark(12, "k3f9")) is Whose.SOMEBODY


def test_a_node_is_examined_before_it_is_resumed_and_not_waited_for() -> None:
    """What is found once may pass (a mount that comes late); what is found six times does not."""
    assert isinstance(check_healthy(work_on(Site(Ran(0), Ran(0, "Enabled\n")))), NotYet)
