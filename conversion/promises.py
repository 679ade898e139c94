"""What was made once and is held at each later look: somebody may lift it while a loan lasts for days.

Putting back harms nobody: DRAIN lets running jobs go on, and a cordon lets running pods be.
"""

from typing import Final

from conversion.steps import NodeWork, Promise, TakeWork
from loans.facts import Wrong
from loans.nodes import NodeName, SlurmNode, has_lost_drain


def _lost_drain(work: NodeWork) -> str:
    node = work.far.slurm.nodes().get(work.node)
    return _told(node) if node is not None and has_lost_drain(node) else ""


def _drain(work: NodeWork) -> None:
    work.memory.about_to_set([work.node])
    work.far.slurm.drain([work.node], str(work.loan.mark))


def _wave_lost_drain(work: TakeWork) -> str:
    return "; ".join(_told(node) for node in _undrained(work))


def _drain_wave(work: TakeWork) -> None:
    lost: list[NodeName] = [node.name for node in _undrained(work)]
    if lost:
        work.memory.about_to_set(lost)
        work.far.slurm.drain(lost, str(work.loan.mark))


def _undrained(work: TakeWork) -> list[SlurmNode]:
    seen = work.far.slurm.nodes()
    return [node for name in work.nodes if (node := seen.get(name)) is not None and has_lost_drain(node)]


def _told(node: SlurmNode) -> str:
    return f"somebody lifted the DRAIN of {node.name}, which Slurm says is {node.state}: I have put it back"


def _lost_cordon(work: NodeWork) -> str:
    node = work.far.kubernetes.node(work.kube_name)
    if node is None or not node.schedulable or node.mark not in (None, work.loan.mark):
        return ""
    return f"{work.node} was open for pods in Kubernetes: I have cordoned it again"


def _cordon(work: NodeWork) -> None:
    work.far.kubernetes.cordon(work.kube_name, work.loan.mark)


DRAIN: Final = Promise[NodeWork]("DRAIN", Wrong.SCHEDULABLE, _lost_drain, _drain)
WAVE_DRAIN: Final = Promise[TakeWork]("DRAIN", Wrong.SCHEDULABLE, _wave_lost_drain, _drain_wave)
CORDON: Final = Promise[NodeWork]("the cordon", Wrong.OPEN, _lost_cordon, _cordon)
