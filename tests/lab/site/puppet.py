"""The Puppet code that nodes run: our module, the lab site's own roles, and the site's data, all on the share.

The nodes have no systemd, so the data names provider `base`, with which Puppet itself starts and stops a process.
"""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.lab.site import kubernetes
from tests.lab.site.layout import KUBERNETES_PORT, Layout

MODULE = Path(__file__).parents[3] / "puppet" / "cloud_compute"
JOINED = "/etc/kubernetes/kubelet.conf"
LABELS = {"lab.lendbot/class": "gpu"}


def prepare(layout: Layout) -> None:
    """Lay down modules, site.pp and data."""
    shutil.copytree(Path(__file__).parent / "puppet", _folder(layout))
    shutil.copytree(MODULE, _folder(layout) / "modules" / "cloud_compute", ignore=shutil.ignore_patterns("spec"))
    shutil.copy(MODULE / "examples" / "site.pp", _folder(layout) / "site.pp")
    _write(_data(layout) / "site.yaml", _site_data())
    for node in layout.nodes:
        _write(_data(layout) / "nodes" / f"{node}.yaml", _node_data(layout, node))


@contextlib.contextmanager
def failing(layout: Layout, node: str) -> Iterator[None]:
    """Puppet on this node fails at the registration (exit 4 or 6) as long as the block lasts."""
    with _registering(layout, node, command=["false"]):
        yield


@contextlib.contextmanager
def joining_by(layout: Layout, node: str, form: str) -> Iterator[None]:
    """This node registers by another form of the role's as long as the block lasts: kubeadm, rke2 or rancher."""
    with _registering(
        layout, node, **({} if form == "kubeadm" else {"form": form, "server": kubernetes.server(layout)})
    ):
        yield


@contextlib.contextmanager
def _registering(layout: Layout, node: str, **otherwise: object) -> Iterator[None]:
    file, own = _data(layout) / "nodes" / f"{node}.yaml", _node_data(layout, node)
    _write(file, {"cloud_compute::registration": {**own["cloud_compute::registration"], **otherwise}})
    try:
        yield
    finally:
        _write(file, own)


def _site_data() -> dict[str, Any]:
    pid = "$(cat /run/{name}.pid)"
    by_pid_file = {
        "provider": "base",
        "status": "test -e /run/{name}.pid && kill -0 " + pid,
        "stop": "kill " + pid,
    }
    slurmd = {key: text.format(name="slurmd") for key, text in by_pid_file.items()}
    runtime = {key: text.format(name="containerd") for key, text in by_pid_file.items()}
    runtime["start"] = "setsid sh -c 'echo $$ >/run/containerd.pid; exec sleep infinity' </dev/null >/dev/null 2>&1 &"
    return {
        "cloud_compute::node_class": "gpu",
        "cloud_compute::classes": {"gpu": {"labels": LABELS, "taints": _TAINTS}},
        "cloud_compute::runtimes": {"containerd": {"packages": ["iproute2"], "service": runtime}},
        "cloud_compute::stopped_services": {
            "slurmd": slurmd,
            **{name: {"provider": "base"} for name in ("munge", "pmcd", "pmlogger", "zabbix-agent", "node_exporter")},
        },
    }


_TAINTS = [{"key": "lab.lendbot/joining", "effect": "PreferNoSchedule"}]


def _node_data(layout: Layout, node: str) -> dict[str, Any]:
    registration = {
        "form": "kubeadm",
        "server": f"{layout.gateway}:{KUBERNETES_PORT}",
        "token_file": str(kubernetes.join_token_file(layout, node)),
        "timeout_s": 120,
    }
    return {"cloud_compute::registration": registration}


def _write(path: Path, told: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(told))


def _folder(layout: Layout) -> Path:
    return layout.share / "puppet"


def _data(layout: Layout) -> Path:
    return _folder(layout) / "data"
