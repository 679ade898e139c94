"""What is asked of both worlds right before a step acts, as values that stand beside the step in plans.py.

Each answers for every node that the call names. An answer that cannot be had is an error, and nothing is sent.
"""

from collections.abc import Iterator
from typing import Final

from conversion.slurm_view import known
from conversion.steps import Ask, Done, NotYet, Scene, Seen
from loans.nodes import NodeName, PowerState, SlurmNode, is_drained, is_kept_away, runs_nothing
from loans.whose import Whose, set_by, whose

_NOT_ON_THE_NODE: Final = frozenset({"PENDING", "COMPLETING"})
"""States of a job that end nothing there: one waits, and of the other the node's own state tells."""


def _has_no_job(scene: Scene) -> Seen:
    """Ask the node's state, and the list of jobs too: a suspended job does not show in the state (measured)."""
    for node in _slurm_nodes(scene):
        if not runs_nothing(node):
            return NotYet(f"Slurm says {node.name} is {node.state}: a job may be there", blocked=True)
    wanted = frozenset(scene.nodes)
    for job in scene.far.slurm.jobs():
        if job.state not in _NOT_ON_THE_NODE and wanted & frozenset(job.nodes):
            return NotYet(f"job {job.id} is {job.state} on {min(wanted & frozenset(job.nodes))}", blocked=True)
    return Done()


def _can_get_no_job(scene: Scene) -> Seen:
    for node in _slurm_nodes(scene):
        if "DRAIN" not in node.flags:
            return NotYet(f"Slurm says {node.name} is {node.state}, without DRAIN: a job may start there")
    return Done()


def _is_drained(scene: Scene) -> Seen:
    for node in _slurm_nodes(scene):
        if not is_drained(node):
            return NotYet(f"Slurm says {node.name} is {node.state}, not exactly IDLE+DRAIN")
    return Done()


def _has_no_pod(scene: Scene) -> Seen:
    found = scene.far.kubernetes.pods_by_namespace([scene.kube_name(node) for node in scene.nodes])
    total = sum(found.values())
    where = ", ".join(f"{count} of `{namespace}`" for namespace, count in sorted(found.items()))
    return NotYet(f"{total} pods run there in Kubernetes: {where}", blocked=True) if total else Done()


def _has_no_pod_to_wait_for(scene: Scene) -> Seen:
    """Ask what a drain would wait for: what an approver gave up, and what only ends with the node, does not count."""
    for node in scene.nodes:
        name = scene.kube_name(node)
        found = scene.far.kubernetes.node(name)
        if found is None or (not found.ready and _power(scene, node) is PowerState.OFF):
            continue
        left = scene.far.kubernetes.pods_left(name, force=scene.forced)
        if left:
            return NotYet(f"{left} pods have to leave {node} first")
    return Done()


def _is_closed_to_pods(scene: Scene) -> Seen:
    for node in scene.nodes:
        found = scene.far.kubernetes.node(scene.kube_name(node))
        if found is not None and found.schedulable:
            return NotYet(f"{node} is open for pods in Kubernetes", blocked=True)
    return Done()


def _has_no_power(scene: Scene) -> Seen:
    for node in scene.nodes:
        state = _power(scene, node)
        if state is not PowerState.OFF:
            return NotYet(f"BMC says {node} is {state}: what lives there would come back")
    return Done()


def _power(scene: Scene, node: NodeName) -> PowerState:
    return scene.far.powers[scene.node_class.power].state(node)


def _slurm_nodes(scene: Scene) -> Iterator[SlurmNode]:
    seen = scene.far.slurm.nodes()
    for name in scene.nodes:
        yield known(seen, name)


def _has_no_word_of_somebody(scene: Scene) -> Seen:
    """Ask for a reason that somebody wrote since the step read it: written over or lifted, it would be lost."""
    for node in _slurm_nodes(scene):
        if is_kept_away(node) and whose(node, scene.mark) is Whose.SOMEBODY:
            return NotYet(f'{set_by(node)} set {node.name} {node.state}: "{node.reason}"')
    return Done()


NO_JOB: Final = Ask("no job is on the node, suspended ones included", _has_no_job)
NO_JOB_CAN_START: Final = Ask("DRAIN is on it in Slurm", _can_get_no_job)
DRAINED: Final = Ask("it is exactly IDLE+DRAIN", _is_drained)
NO_POD: Final = Ask("no pod runs on it in Kubernetes, those that go with the node aside", _has_no_pod)
NO_POD_TO_WAIT_FOR: Final = Ask("no pod is left that an eviction would wait for", _has_no_pod_to_wait_for)
CLOSED_TO_PODS: Final = Ask("Kubernetes does not know the node, or it is cordoned", _is_closed_to_pods)
NO_WORD_OF_SOMEBODY: Final = Ask("no reason of somebody else stands on it in Slurm", _has_no_word_of_somebody)
NO_POWER: Final = Ask("its BMC says that the power is off", _has_no_power)
