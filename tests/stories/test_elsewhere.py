"""Settings that lead elsewhere under an open loan: nothing is concluded from other machines, and nobody's pods end."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.core import build
from conversion.ports import FarSides
from conversion.reconcile import reconcile
from conversion.subjects import Ground
from loans import facts
from loans.loan import State
from tests.conversion.rig import APPROVER, Rig
from tests.stories.bad_days import (
    assert_store_is_true,
    bad_site,
    go_to,
    lent,
    letters,
    nodes_of,
    notes,
)

LOOKS = 40
"""Looks at a loan that has to stay where it is; it went home in fewer."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Rig]:
    """Another site, whose nodes have the same names."""
    with bad_site() as found:
        yield found


def with_pods(rig: Rig) -> int:
    """Lend a node that tenants use."""
    loan_id = lent(rig)
    [node] = nodes_of(rig, loan_id)
    for kind in ("bare", "emptydir"):
        put_pod(rig, kind, node)
    return loan_id


def put_pod(rig: Rig, kind: str, node: str) -> None:
    rig.site.call(lambda: rig.site.site.kube.put_pod(kind, node))


def reaching(rig: Rig, far: FarSides) -> Ground:
    """Return the ground of a lendbot whose settings lead to these sides."""
    return replace(rig.ground, reach=replace(rig.ground.reach, out_there=far))


def assert_it_stays(rig: Rig, loan_id: int, ground: Ground, why: str) -> None:
    """Look at a loan that was given back, again and again: its node keeps its power, and its pods go on."""
    [node] = nodes_of(rig, loan_id)
    pods = rig.room()[node]["kube"]["pods"]
    rig.ask(f"give back #{loan_id}")
    for _ in range(LOOKS):
        rig.tick(ground)
    assert rig.loan(loan_id).state is State.RETURNING
    assert why in str(notes(rig, loan_id))
    assert why in str(letters(rig, loan_id, facts.Mismatch))
    room = rig.room()[node]
    assert (room["power"], room["kube"]["pods"]) == ("on", pods)
    assert rig.tally()["pods_killed"] == 0


def bring_home(rig: Rig, loan_id: int) -> None:
    """Put the settings right, and let an approver end what nobody would make again."""
    [node] = nodes_of(rig, loan_id)
    rig.ask(f"force {node} of #{loan_id}", APPROVER)
    go_to(rig, loan_id, State.RETURNED)
    assert_store_is_true(rig, loan_id)


def test_another_cluster_in_the_kubeconfig_ends_no_pod_and_cuts_no_power(rig: Rig, elsewhere: Rig) -> None:
    """A file that was copied over the wrong one costs a sentence to on-call, not a workshop."""
    loan_id = with_pods(rig)
    wrong = reaching(rig, replace(rig.core.adapters.far, kubernetes=elsewhere.core.adapters.far.kubernetes))
    assert [m.about for m in reconcile(wrong) if m.loan == loan_id] == [facts.Wrong.STOPPED]
    assert_it_stays(rig, loan_id, wrong, "another cluster answers")
    bring_home(rig, loan_id)


def test_another_slurm_that_answers_changes_no_node(rig: Rig) -> None:
    """A management host that was moved to the test cluster does not send anybody's jobs to a lent node."""
    loan_id = with_pods(rig)
    rig.site.world.slurm.cluster = "testbed"
    fresh = build(rig.site.paths / "lendbot.toml")
    try:
        wrong = reaching(rig, fresh.adapters.far)
        assert [m.about for m in reconcile(wrong) if m.loan == loan_id] == [facts.Wrong.STOPPED]
        rig.ask(f"give back #{loan_id}")
        [node] = nodes_of(rig, loan_id)
        rig.ask(f"force {node} of #{loan_id}", APPROVER)
        for _ in range(LOOKS):
            rig.tick(wrong)
        assert "the cluster testbed answers" in str(notes(rig, loan_id))
        assert rig.room()[node]["power"] == "on"
        assert rig.loan(loan_id).state is State.RETURNING
    finally:
        fresh.close()
        rig.site.world.slurm.cluster = "sandbox"
    go_to(rig, loan_id, State.RETURNED)
    assert_store_is_true(rig, loan_id)


def test_kube_name_that_changes_under_an_open_loan_changes_nothing_for_it(rig: Rig) -> None:
    """A loan keeps the names that it was made with: its pods are asked to leave, and it comes home."""
    loan_id = lent(rig)
    renamed = {name: replace(c, kube_name="{node}.other") for name, c in rig.ground.classes.items()}
    changed = replace(rig.ground, classes=renamed)
    assert reconcile(changed) == ()
    [node] = nodes_of(rig, loan_id)
    put_pod(rig, "bare", node)
    rig.ask(f"give back #{loan_id}")
    for _ in range(LOOKS):
        rig.tick(changed)
    assert "pod `" in str(notes(rig, loan_id))
    assert rig.room()[node]["power"] == "on"
    rig.ask(f"force {node} of #{loan_id}", APPROVER)
    go_to(rig, loan_id, State.RETURNED, ground=changed)
    assert_store_is_true(rig, loan_id)
