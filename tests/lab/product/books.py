"""The lab's own books: what Slurm, Kubernetes, the BMCs and the nodes say, never what lendbot says of them."""

import json
import subprocess
from dataclasses import dataclass, field
from typing import Any

from tests.lab.site import kubernetes, power, slurm, ssh
from tests.lab.site.layout import Layout

LENT_TOLERATION = {"key": "lendbot/lent", "operator": "Exists"}


@dataclass(frozen=True)
class LongJob:
    """A job that must outlive every loan."""

    id: int
    started: str

    @classmethod
    def start(cls, layout: Layout, node: str) -> "LongJob":
        """Run it on a node, and wait until it runs."""
        argv = ["sbatch", "--parsable", "-w", node, "--exclusive", "--output=/dev/null", "--wrap=sleep 3600"]
        made = slurm.run(layout, *argv)
        assert made.returncode == 0, made.stderr
        slurm.wait_for_state(layout, (node,), "ALLOCATED")
        return cls(int(made.stdout), _job(layout, int(made.stdout))["StartTime"])

    def is_untouched(self, layout: Layout) -> bool:
        """Return True when it runs since it was started: neither killed nor requeued."""
        now = _job(layout, self.id)
        return (now["JobState"], now["Restarts"], now["StartTime"]) == ("RUNNING", "0", self.started)

    def end(self, layout: Layout) -> None:
        slurm.run(layout, "scancel", str(self.id))


def _job(layout: Layout, number: int) -> dict[str, str]:
    line = slurm.run(layout, "scontrol", "show", "job", "-o", str(number)).stdout
    return dict(pair.split("=", 1) for pair in line.split() if "=" in pair)


def ended_badly(layout: Layout) -> list[str]:
    """Return the jobs that Slurm remembers as killed, failed or requeued."""
    lines = slurm.run(layout, "scontrol", "show", "job", "-o").stdout.splitlines()
    jobs = [dict(pair.split("=", 1) for pair in line.split() if "=" in pair) for line in lines]
    bad = {"NODE_FAIL", "FAILED", "TIMEOUT", "PREEMPTED", "REQUEUED"}
    return [
        f"job {job['JobId']} {job['JobState']}, {job['Restarts']} restarts"
        for job in jobs
        if "JobId" in job and (job["JobState"] in bad or job["Restarts"] != "0")
    ]


@dataclass(frozen=True)
class Untidy:
    """What is not as it was before a loan; empty means home. but_for: nodes that are not looked at."""

    layout: Layout
    but_for: frozenset[str] = field(default_factory=frozenset)

    def found(self) -> list[str]:
        """Ask everybody."""
        every = [self._node(node) for node in self.layout.nodes if node not in self.but_for]
        return [*(line for lines in every for line in lines), *self._reservations()]

    def _node(self, node: str) -> list[str]:
        shown = slurm.show_node(self.layout, node)
        found = []
        if shown["State"] not in {"IDLE", "ALLOCATED", "MIXED"} or slurm.why(shown):
            found.append(f"{node} is {shown['State']} in Slurm, reason {shown.get('Reason')}")
        if not power.is_on(self.layout, node):
            found.append(f"{node} has no power")
        elif ssh.run(self.layout, node, "ls /etc/puppet-role /run/lendbot 2>/dev/null").stdout:
            found.append(f"{node} still has its role")
        if node in kube_nodes(self.layout):
            found.append(f"{node} is still in Kubernetes")
        return found

    def _reservations(self) -> list[str]:
        shown = slurm.run(self.layout, "scontrol", "show", "reservation", "-o").stdout
        return [line for line in shown.splitlines() if line.startswith("ReservationName=lendbot")]


def kube_nodes(layout: Layout) -> dict[str, dict[str, Any]]:
    """Return the nodes that Kubernetes knows, by name."""
    return {item["metadata"]["name"]: item for item in _kube(layout, "get", "nodes")["items"]}


def pods_by_node(layout: Layout, app: str) -> dict[str, list[str]]:
    """Return the running pods of an app, by the node that the scheduler chose."""
    found: dict[str, list[str]] = {}
    for pod in _kube(layout, "get", "pods", "-l", f"app={app}")["items"]:
        if pod["status"].get("phase") == "Running" and "deletionTimestamp" not in pod["metadata"]:
            found.setdefault(pod["spec"]["nodeName"], []).append(pod["metadata"]["name"])
    return found


def apply(layout: Layout, *objects: dict[str, Any]) -> None:
    """Have a tenant or the cluster's staff create objects."""
    everything = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
    made = kubernetes.kubectl(layout, "apply", "-f", "-", stdin=json.dumps(everything))
    assert made.returncode == 0, made.stderr


def deployment(name: str, replicas: int) -> dict[str, Any]:
    """Return a Deployment that wants GPUs of lent nodes, one pod a node."""
    labels = {"app": name}
    apart = {"labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/hostname"}
    spec = {
        "containers": [{"name": "main", "image": "site/main:1", "resources": {"limits": {"nvidia.com/gpu": "4"}}}],
        "tolerations": [LENT_TOLERATION],
        "terminationGracePeriodSeconds": 1,
        "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [apart]}},
    }
    template = {"metadata": {"labels": labels}, "spec": spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
    }


def daemonset(name: str) -> dict[str, Any]:
    """Return a DaemonSet that belongs on every node, as a network plugin does."""
    labels = {"daemon": name}
    spec = {"containers": [{"name": "main", "image": "site/agent:1"}], "tolerations": [{"operator": "Exists"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {**spec, "terminationGracePeriodSeconds": 1}},
        },
    }


def clear_cluster(layout: Layout) -> None:
    """Leave no workload and no node behind."""
    for kinds in ("deployments,daemonsets,replicasets,poddisruptionbudgets", "pods", "nodes"):
        how = ["--force", "--grace-period=0"] if kinds == "pods" else []
        kubernetes.kubectl(layout, "delete", kinds, "--all", "--wait=false", *how)


def srun_everywhere(layout: Layout) -> subprocess.CompletedProcess[str]:
    """Run a job with every GPU of every node."""
    argv = ("srun", f"-N{layout.node_count}", "--exclusive", "--gres=gpu:4", "hostname")
    return slurm.run(layout, *argv, within_s=90)


def _kube(layout: Layout, *words: str) -> dict[str, Any]:
    ran = kubernetes.kubectl(layout, *words, "-o", "json")
    assert ran.returncode == 0, ran.stderr
    answer: dict[str, Any] = json.loads(ran.stdout)
    return answer
