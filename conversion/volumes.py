"""The step between the last pod and the power: volumes that are still attached to the node.

A node that is cut off with a volume keeps it from every other node until Kubernetes detaches it by force, in minutes.
"""

from typing import Final

from conversion.returning import lent_node
from conversion.steps import Done, NodeWork, NotYet, Seen
from loans.nodes import KubeNode, PowerState

_NAMED: Final = 3
"""Volumes that a line names before it counts the rest."""


def check_detached(work: NodeWork) -> Seen:
    """Ask whether the node still has volumes: cut off with one, it can be attached nowhere else for minutes."""
    node = lent_node(work)
    if node is None or not node.volumes:
        return Done()
    if not node.ready and work.power.state(work.node) is PowerState.OFF:
        return Done("its power is off: waiting frees no volume")
    return NotYet(f"{_volumes(node)} still attached")


def leave_attached(work: NodeWork) -> Seen:
    """Go on with volumes still attached: their pods have left, and Kubernetes detaches them once the node is gone."""
    node = lent_node(work)
    return Done(f"went on while {_volumes(node)} still attached") if node is not None and node.volumes else Done()


def _volumes(node: KubeNode) -> str:
    named = ", ".join(f"`{name}`" for name in node.volumes[:_NAMED])
    more = f" and {len(node.volumes) - _NAMED} more" if len(node.volumes) > _NAMED else ""
    return f"volume {named} is" if len(node.volumes) == 1 else f"volumes {named}{more} are"
