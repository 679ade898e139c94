"""The steps that bring one node home: out of Kubernetes without harm, through the power, into Slurm with proof.

A failed loan goes home the same way: each step asks what is so, and one that has nothing to do is done at once.
"""

import re
from datetime import timedelta

from conversion import boots
from conversion.lending import last_line
from conversion.ports import Away, UnexpectedAnswer, Unreachable
from conversion.slurm_view import node_of
from conversion.steps import Done, Held, NodeWork, NotYet, Seen, TryIsOver
from loans.boots import has_rebooted, has_registered
from loans.facts import StepDid, StepFact, StepFinished, Told
from loans.nodes import (
    KubeNode,
    PowerState,
    SlurmNode,
    is_in_service,
    is_kept_away,
)
from loans.runbook import PlanName, StepName
from loans.whose import Whose, set_by, whose

CHANGES_THE_NODE = (StepName.PREPARE, StepName.ROLE, StepName.PUPPET)
"""The steps of a loan after which only a reboot gives a clean node."""
_NO_SUCH_FILE = re.compile(r"stat: .*: No such file or directory\s*")
_SLURMD_SETTLES = timedelta(seconds=3)
"""RESUME within about 2 s of slurmd's start can be undone by its registration (measured on 22.05)."""


def check_cordoned(work: NodeWork) -> Seen:
    """Ask whether new pods are kept away."""
    node = lent_node(work)
    return Done() if node is None or not node.schedulable else NotYet("new pods may still come")


def cordon(work: NodeWork) -> None:
    """Keep new pods away."""
    if lent_node(work) is not None:
        work.far.kubernetes.cordon(work.kube_name, work.loan.mark)


def check_evicted(work: NodeWork) -> Seen:
    """Ask whether a pass of eviction would have anything left to wait for."""
    node = lent_node(work)
    if node is None:
        return Done("not in Kubernetes")
    if not node.ready and work.power.state(work.node) is PowerState.OFF:
        return Done("its power is off: nothing runs there")
    left = work.far.kubernetes.pods_left(work.kube_name, force=work.part.forced_by is not None)
    first = "1 pod has to leave first" if left == 1 else f"{left} pods have to leave first"
    return NotYet(first) if left else Done()


def evict(work: NodeWork) -> Seen:
    """Ask every pod once more to leave, by kubectl drain's rules, and say what is left.

    A node that is silent and whose power is confirmed off runs nothing: a budget that counts its pods could block
    for ever (cluster-api #13508).
    """
    node = lent_node(work)
    if node is None:
        return Done("not in Kubernetes")
    if not node.ready and work.power.state(work.node) is PowerState.OFF:
        return Done("its power is off: nothing runs there")
    found = work.far.kubernetes.drain(work.kube_name, force=work.part.forced_by is not None)
    if found.blocked:
        first = found.blocked[0]
        more = f", and {len(found.blocked) - 1} more" if len(found.blocked) > 1 else ""
        return NotYet(f"pod `{first.namespace}/{first.pod}` stays: {first.why}{more}", blocked=True)
    leaving = "1 pod is leaving" if found.evicting == 1 else f"{found.evicting} pods are leaving"
    return NotYet(leaving) if found.left else Done()


def check_left(work: NodeWork) -> Seen:
    """Ask whether Kubernetes has forgotten the node."""
    node = _kube_node(work)
    if node is None:
        return Done()
    held = f": finalizer {', '.join(f'`{name}`' for name in node.finalizers)} holds it" if node.finalizers else ""
    return NotYet(f"Kubernetes still has the node{held}")


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
    except Away:
        raise
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
        if _is_there(work, path):
            return NotYet(f"{path} is still there after the reboot: is the image stateless?")
    short = [name for name, count in work.node_class.gres.items() if node.gres.get(name, 0) < count]
    return NotYet(f"Slurm sees too few of {', '.join(short)}") if short else Done()


def _is_there(work: NodeWork, path: str) -> bool:
    """Ask the node for a file. `stat` says so when there is none; of `test -e` that is the exit code of any failure.

    raises   UnexpectedAnswer when it says neither
    """
    ran = work.far.shell.ask(
        work.node, ("env", "LC_ALL=C", "stat", "-c", "%n", path), timeout=work.pace.command_timeout
    )
    if ran.exit == 0 and ran.out.strip() == path:
        return True
    if ran.exit == 1 and any(_NO_SUCH_FILE.fullmatch(line) for line in ran.err.splitlines()):
        return False
    raise UnexpectedAnswer(
        f"{work.node} (ssh)", f"it does not say whether {path} is there ({ran.exit}: {last_line(ran)})", ran.err
    )


def check_resumed(work: NodeWork) -> Seen:
    """Ask whether the loan keeps the node out of Slurm; what a person has said since is theirs to lift."""
    node = _slurm_node(work)
    if not is_kept_away(node):
        return Done()
    if left := _left(work, node):
        return left
    if whose(node, work.loan.mark) is Whose.SLURM and _has_resumed(work):
        return Done(f"Slurm has taken it back since: {node.state}, {_reason(node)}")  # settle says what becomes of it
    unsaid = "" if is_ours_to_lift(work, node) else ": nobody says why, so it is not lifted"
    return NotYet(f"Slurm says {node.state}, {_reason(node)}{unsaid}", blocked=bool(unsaid))


def resume(work: NodeWork) -> Seen | None:
    """Lift our own DRAIN and DOWN, as this read finds them."""
    if not is_ours_to_lift(work, _slurm_node(work)):
        return check_resumed(work)
    work.far.slurm.resume([work.node])
    return None


def check_settled(work: NodeWork) -> Seen:
    """Ask whether Slurm can use the node, and still can a while after: RESUME on a dead node is taken back later."""
    node = _slurm_node(work)
    if is_kept_away(node):
        if left := _left(work, node):
            return left
        raise TryIsOver(f"Slurm took the RESUME back: it says {node.state}, {_reason(node)}")
    if not is_in_service(node):
        return NotYet(f"Slurm says {node.state}")
    if work.waited < work.pace.settle_for:
        return NotYet(f"Slurm says {node.state}; making sure that it stays")
    return Done()


def is_ours_to_lift(work: NodeWork, node: SlurmNode) -> bool:
    """Return True for our mark, and for what Slurm itself says of a node that we hold: that it rebooted, say."""
    found = whose(node, work.loan.mark)
    return found is Whose.OURS or (found is Whose.SLURM and not _is_untouched(work))


def _has_resumed(work: NodeWork) -> bool:
    """Return True when the present try of RESUME has been made."""
    lines = [told.fact for told in work.journal if told.fact.step is StepName.RESUME]
    return bool(lines) and isinstance(lines[-1], StepDid)


def _left(work: NodeWork, node: SlurmNode) -> Done | None:
    """Return what is said of a node that is left as it is: a person's word since ours, or nothing of ours on it."""
    found = whose(node, work.loan.mark)
    if found is Whose.SOMEBODY and not work.memory.is_older(node):
        return Done(f"left {node.state} to {set_by(node)}: {_reason(node)} is not ours to lift")
    if found is not Whose.OURS and _is_untouched(work):
        return Done(f"left {node.state}, {_reason(node)}: lendbot had set nothing on it")
    return None


def _is_untouched(work: NodeWork) -> bool:
    """Return True when it is certain that the loan has changed nothing, neither in Slurm nor on the node."""
    return work.memory.has_never_set(work.node) and not is_touched(work)


def _reason(node: SlurmNode) -> str:
    return f'"{node.reason}"' if node.reason else "no reason"


def is_touched(work: NodeWork) -> bool:
    """Return True when something on the node itself may have changed, so that only a reboot makes it clean."""
    return any(_changes(told) for told in work.journal)


def _changes(told: Told[StepFact]) -> bool:
    return told.fact.plan is PlanName.LEND and told.fact.step in CHANGES_THE_NODE


def lent_node(work: NodeWork) -> KubeNode | None:
    """Return the node in Kubernetes before it has left by our hand; None when it was never there.

    raises   Held when it was, and is not: gone is what it would look like under another name, too. Pods may run there
    """
    node = _kube_node(work)
    if node is None and _was_in_kubernetes(work) and work.part.forced_by is None:
        raise Held(
            f"{work.node} was in Kubernetes as {work.kube_name}, lendbot did not take it out, and now the cluster has "
            f"no such node. Its pods may run on, so its power stays on. `force {work.node} of #{work.loan.id}` cuts it"
        )
    return node


def _was_in_kubernetes(work: NodeWork) -> bool:
    """Return True when this loan has seen the node there, and has not deleted it since."""
    there = False
    for line in (told.fact for told in work.journal):
        if line.plan is PlanName.LEND and line.step is StepName.JOIN and isinstance(line, StepFinished):
            there = True
        elif line.step is StepName.LEAVE and isinstance(line, StepDid | StepFinished):
            there = False
    return there


def _kube_node(work: NodeWork) -> KubeNode | None:
    """Return the node in Kubernetes, unless another loan holds it there: then nothing of ours may touch it.

    None is what the cluster itself says of this very node: a watch may have lost it.
    """
    found = work.far.kubernetes
    node = found.node(work.kube_name) or found.node_itself(work.kube_name)
    if node is not None and node.mark not in (None, work.loan.mark):
        raise TryIsOver(f"in Kubernetes the node carries the mark of {node.mark.said}")
    return node


def _slurm_node(work: NodeWork) -> SlurmNode:
    return node_of(work.far.slurm, work.node)
