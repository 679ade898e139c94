"""The steps that bring one node home: out of Kubernetes without harm, through the power, into Slurm with proof.

A failed loan goes home the same way: each step asks what is so, and one that has nothing to do is done at once.
"""

from datetime import timedelta

from conversion import boots
from conversion.ports import Unreachable
from conversion.steps import Done, NodeWork, NotYet, Seen, TryIsOver
from loans.boots import has_rebooted, has_registered
from loans.facts import StepFact, Told
from loans.nodes import (
    KubeNode,
    PowerState,
    SlurmNode,
    is_in_service,
    is_kept_away,
    is_reboot_reason,
    marked_by,
)
from loans.runbook import PlanName, StepName

CHANGES_THE_NODE = (StepName.PREPARE, StepName.ROLE, StepName.PUPPET)
"""The steps of a loan after which only a reboot gives a clean node."""
_SLURMD_SETTLES = timedelta(seconds=3)
"""RESUME within about 2 s of slurmd's start can be undone by its registration (measured on 22.05)."""


def check_cordoned(work: NodeWork) -> Seen:
    """Ask whether new pods are kept away."""
    node = _kube_node(work)
    return Done() if node is None or not node.schedulable else NotYet("new pods may still come")


def cordon(work: NodeWork) -> None:
    """Keep new pods away."""
    if _kube_node(work) is not None:
        work.far.kubernetes.cordon(work.kube_name, work.loan.id)


def check_evicted(work: NodeWork) -> Seen:
    """Ask whether a pass of eviction would have anything left to wait for."""
    node = _kube_node(work)
    if node is None:
        return Done("not in Kubernetes")
    if not node.ready and work.power.state(work.node) is PowerState.OFF:
        return Done("its power is off: nothing runs there")
    left = work.far.kubernetes.pods_left(work.kube_name, force=work.part.forced_by is not None)
    return NotYet(f"{left} pods have to leave first") if left else Done()


def evict(work: NodeWork) -> Seen:
    """Ask every pod once more to leave, by kubectl drain's rules, and say what is left.

    A node that is silent and whose power is confirmed off runs nothing: a budget that counts its pods could block
    for ever (cluster-api #13508).
    """
    node = _kube_node(work)
    if node is None:
        return Done("not in Kubernetes")
    if not node.ready and work.power.state(work.node) is PowerState.OFF:
        return Done("its power is off: nothing runs there")
    found = work.far.kubernetes.drain(work.kube_name, force=work.part.forced_by is not None)
    if found.blocked:
        first = found.blocked[0]
        more = f", and {len(found.blocked) - 1} more" if len(found.blocked) > 1 else ""
        return NotYet(f"pod `{first.namespace}/{first.pod}` stays: {first.why}{more}", blocked=True)
    return NotYet(f"{found.evicting} pods are leaving") if found.left else Done()


def check_left(work: NodeWork) -> Seen:
    """Ask whether Kubernetes has forgotten the node."""
    return Done() if _kube_node(work) is None else NotYet("Kubernetes still has the node")


def leave(work: NodeWork) -> None:
    """Delete the Node object. Its power is off by now: a live kubelet would register it again, without our cordon."""
    node = _kube_node(work)
    if node is not None:
        work.far.kubernetes.delete_node(work.kube_name, node.uid)


def check_off(work: NodeWork) -> Seen:
    """Ask the BMC; its answer may be a minute old, and an unknown one is not off."""
    state = work.power.state(work.node)
    return Done() if state is PowerState.OFF else NotYet(f"BMC says {state}")


def power_off(work: NodeWork) -> Seen | None:
    """Cut the power, after one last pass of eviction over pods that came back since; no job may be there either."""
    left = evict(work)
    if isinstance(left, NotYet):
        return left
    work.note_boot(boots.last_seen(work))
    work.power.off(work.node)
    return None


def check_on(work: NodeWork) -> Seen:
    """Ask the BMC."""
    state = work.power.state(work.node)
    return Done() if state is PowerState.ON else NotYet(f"BMC says {state}")


def power_on(work: NodeWork) -> None:
    """Switch on. It is sent whatever the BMC says: its answer may be a minute old."""
    work.power.state(work.node)
    work.power.on(work.node)


def check_booted(work: NodeWork) -> Seen:
    """Ask for the proof of a reboot: another boot than before the power was cut, told by the node or by Slurm.

    When nobody knows what boot it was on, the power is cut once more, now that it can be asked.
    """
    node = _slurm_node(work)
    if not has_registered(work.part.boot, node):
        return NotYet(f"BMC says {work.power.state(work.node)}; Slurm says {node.state}, no registration yet")
    try:
        seen = boots.seen(work)
    except Unreachable as e:
        return NotYet(f"slurmd has registered, but ssh does not answer: {e.said}")
    match has_rebooted(work.part.boot, seen):
        case True:
            return Done()
        case False:
            return NotYet("it is still on the boot that it was on before its power was cut")
        case None:
            raise TryIsOver("nothing is known of its boot before the power was cut, so this one proves nothing")


def check_clean(work: NodeWork) -> Seen:
    """Check on the node itself that nothing of the loan outlived the reboot."""
    node = _slurm_node(work)
    proof = has_rebooted(work.part.boot, boots.seen(work))
    if proof is None:
        raise TryIsOver("nothing is known of the boot on which lendbot changed it: its power has to be cut once more")
    if not proof or not has_registered(work.part.boot, node):
        return NotYet("it has not booted since lendbot last changed it")
    if work.waited < _SLURMD_SETTLES:
        return NotYet("slurmd has only just started")
    if _kube_node(work) is not None:
        return NotYet("it is in Kubernetes again")
    for path in (work.pace.role_file, work.pace.run_dir):
        if work.far.shell.ask(work.node, ("test", "-e", path), timeout=work.pace.command_timeout).exit == 0:
            return NotYet(f"{path} is still there after the reboot: is the image stateless?")
    short = [name for name, count in work.node_class.gres.items() if node.gres.get(name, 0) < count]
    return NotYet(f"Slurm sees too few of {', '.join(short)}") if short else Done()


def check_resumed(work: NodeWork) -> Seen:
    """Ask whether our mark keeps the node out of Slurm; somebody else's drain is theirs to lift."""
    node = _slurm_node(work)
    if not is_kept_away(node):
        return Done()
    return NotYet(f"Slurm says {node.state}") if _is_ours_to_lift(work, node) else _left_to_others(node)


def resume(work: NodeWork) -> None:
    """Lift our own DRAIN and DOWN."""
    work.far.slurm.resume([work.node])


def check_settled(work: NodeWork) -> Seen:
    """Ask whether Slurm can use the node, and still can a while after: RESUME on a dead node is taken back later."""
    node = _slurm_node(work)
    if is_kept_away(node):
        if _is_ours_to_lift(work, node) or not node.reason:
            raise TryIsOver(f"Slurm took the RESUME back: it says {node.state}, {node.reason or 'no reason'}")
        return _left_to_others(node)
    if not is_in_service(node):
        return NotYet(f"Slurm says {node.state}")
    if work.waited < work.pace.settle_for:
        return NotYet(f"Slurm says {node.state}; making sure that it stays")
    return Done()


def _is_ours_to_lift(work: NodeWork, node: SlurmNode) -> bool:
    """Return True for our mark, and for what slurmctld itself says of the reboot that we made."""
    return marked_by(node.reason) == work.loan.id or is_reboot_reason(node.reason)


def _left_to_others(node: SlurmNode) -> Done:
    return Done(f'left {node.state}: "{node.reason or "no reason"}" is not ours to lift')


def is_touched(work: NodeWork) -> bool:
    """Return True when something on the node itself may have changed, so that only a reboot makes it clean."""
    return any(_changes(told) for told in work.journal)


def _changes(told: Told[StepFact]) -> bool:
    return told.fact.plan is PlanName.LEND and told.fact.step in CHANGES_THE_NODE


def _kube_node(work: NodeWork) -> KubeNode | None:
    """Return the node in Kubernetes, unless another loan holds it there: then nothing of ours may touch it."""
    node = work.far.kubernetes.node(work.kube_name)
    if node is not None and node.loan not in (None, work.loan.id):
        raise TryIsOver(f"in Kubernetes the node carries the mark of loan #{node.loan}")
    return node


def _slurm_node(work: NodeWork) -> SlurmNode:
    node = work.far.slurm.nodes().get(work.node)
    if node is None:
        raise TryIsOver("Slurm does not know the node any more")
    return node
