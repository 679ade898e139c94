"""The sandbox's Kubernetes in the control plane's place, for a machine that cannot build the real one.

It stands at the same address with the same files, so that Puppet joins nodes to it in the same way; lab.json says that
it is not real.
"""

import base64
import shutil
import sys
from pathlib import Path

import yaml

from tests.lab.site import kubernetes, processes
from tests.lab.site.layout import KUBERNETES_PORT, Layout

NAME = "sandbox-kube"


def start(layout: Layout) -> None:
    """Start it, and hand its one token to every node."""
    folder = kubernetes.kubeconfig(layout).parent
    folder.mkdir()
    argv = [sys.executable, "-m", "sandbox.kube", "--dir", str(folder), "--tls"]
    where = ["--host", layout.gateway, "--port", str(KUBERNETES_PORT)]
    processes.start(layout, NAME, [*argv, *where], {"PYTHONPATH": str(Path(__file__).parents[3])})
    admin = folder / "kubeconfig-admin"
    processes.wait_until("the sandbox's Kubernetes wrote its kubeconfig", admin.exists, 20)
    told = yaml.safe_load(admin.read_text())
    shutil.copy(admin, kubernetes.kubeconfig(layout))
    authority = told["clusters"][0]["cluster"]["certificate-authority-data"]
    kubernetes.certificate(layout).write_bytes(base64.b64decode(authority))
    for node in layout.nodes:
        kubernetes.lay_down_join_token(layout, node, told["users"][0]["user"]["token"])
