"""What the page asks of the site to draw its machine room."""

from typing import Any, Protocol


class RoomSource(Protocol):
    """A site that can say how its machines are.

    snapshot  {"now": ISO, "speed": 60.0,
               "nodes": [{"name", "class", "slurm": {"state", "reason", "jobs": [id]},
                          "kube": None | {"status": "Ready" | "NotReady", "schedulable", "pods": count, "loan"},
                          "power": "on" | "off" | "booting" | "stopping",
                          "doing": None | {"what", "progress": 0..1}}],
               "jobs": [{"id", "user", "name", "state": "RUNNING" | "PENDING", "nodes": [name], "ends": ISO | None}],
               "pods": {namespace: count},
               "faults": [{"side", "mode", "node", "times"}]}
    """

    def snapshot(self) -> dict[str, Any]:
        """Return the room as it is now; cheap, it is asked four times a second."""
        ...
