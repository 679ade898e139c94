"""The machine room of a lab, for the page: what the real daemons say, asked about once a second on a thread."""

import json
import threading
from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final

from ClusterShell.NodeSet import NodeSet

from tests.lab.site import kubernetes, power, slurm
from tests.lab.site.layout import Layout

_EVERY_S: Final = 1.0
_LOAN: Final = "lendbot/loan"


class LabRoom:
    """A RoomSource (sandbox/page/room.py). What a daemon does not answer is not shown."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._seen = self._look()

    def snapshot(self) -> dict[str, Any]:
        """Return the room as it was at the last look."""
        return {"now": datetime.now(UTC).isoformat(), "speed": 1.0, "faults": [], **self._seen}

    def watch(self, until: threading.Event) -> None:
        """Look again and again."""
        while not until.wait(_EVERY_S):
            self._seen = self._look()

    def _look(self) -> dict[str, Any]:
        jobs, pods = self._jobs(), self._kubernetes("pods", "--all-namespaces")
        kube = {node["metadata"]["name"]: node for node in self._kubernetes("nodes")}
        on_node = Counter(pod["spec"].get("nodeName") for pod in pods)
        nodes = [
            {
                "name": node,
                "class": "gpu",
                "slurm": self._slurm(node, jobs),
                "kube": _tile(kube[node], on_node[node]) if node in kube else None,
                "power": "on" if power.is_on(self._layout, node) else "off",
                "doing": None,
            }
            for node in self._layout.nodes
        ]
        return {"nodes": nodes, "jobs": jobs, "pods": dict(Counter(pod["metadata"]["namespace"] for pod in pods))}

    def _slurm(self, node: str, jobs: list[dict[str, Any]]) -> dict[str, Any]:
        fields = slurm.show_node(self._layout, node)
        running = [job["id"] for job in jobs if node in job["nodes"]]
        return {"state": fields.get("State", "UNKNOWN"), "reason": fields.get("Reason", ""), "jobs": running}

    def _jobs(self) -> list[dict[str, Any]]:
        lines = slurm.run(self._layout, "squeue", "-h", "-o", "%i|%u|%T|%N|%j").stdout.splitlines()
        found = []
        for line in lines:
            number, user, state, nodes, name = line.split("|", 4)
            job = {"id": number, "user": user, "name": name, "state": state, "ends": None}
            found.append(job | {"nodes": list(NodeSet(nodes))})
        return found

    def _kubernetes(self, *what: str) -> list[dict[str, Any]]:
        got = kubernetes.kubectl(self._layout, "get", *what, "-o", "json")
        return list(json.loads(got.stdout)["items"]) if got.returncode == 0 else []


def _tile(node: dict[str, Any], pods: int) -> dict[str, Any]:
    conditions = {each["type"]: each["status"] for each in node["status"].get("conditions", [])}
    return {
        "status": "Ready" if conditions.get("Ready") == "True" else "NotReady",
        "schedulable": not node["spec"].get("unschedulable", False),
        "pods": pods,
        "loan": node["metadata"].get("annotations", {}).get(_LOAN),
    }
