"""lab.json: every address, path and account of a running lab, which is what a product's settings file asks for."""

import json

from tests.lab.site import bmc, kubernetes, postgres, processes, sandbox_cluster, ssh
from tests.lab.site.layout import IPMI_PORT, SSH_PORT, Layout


def write(layout: Layout) -> None:
    told = {
        "dir": str(layout.dir),
        "slot": layout.slot,
        "management": {"address": layout.gateway, "port": SSH_PORT, "user": "root"},
        "slurm_conf": str(layout.slurm_conf),
        "partition": "gpu",
        "ssh": {"user": "root", "key": str(ssh.user_key(layout)), "known_hosts": str(ssh.known_hosts(layout))},
        "bmc": {"user": bmc.USER, "password_file": str(bmc.password_file(layout))},
        "redfish": {"url": bmc.redfish_url(layout), "ca": str(bmc.certificate(layout))},
        "kubernetes": _kubernetes(layout),
        "postgres": {"url": postgres.url(layout)} if processes.running(layout, "postgres") else None,
        "nodes": {node: _node(layout, node) for node in layout.nodes},
    }
    (layout.dir / "lab.json").write_text(json.dumps(told, indent=2) + "\n")


def _kubernetes(layout: Layout) -> dict[str, object] | None:
    """The administrator's kubeconfig, and whether the control plane behind it is the real one."""
    real = processes.running(layout, "kube-apiserver") is not None
    if not real and not processes.running(layout, sandbox_cluster.NAME):
        return None
    files = {"kubeconfig": str(kubernetes.kubeconfig(layout)), "ca": str(kubernetes.certificate(layout))}
    return {"real": real, "server": kubernetes.server(layout), **files}


def _node(layout: Layout, node: str) -> dict[str, object]:
    ipmi = {"address": layout.bmc_ip(node), "port": IPMI_PORT}
    system = bmc.redfish_system(node)
    return {"address": layout.node_ip(node), "ssh_port": 22, "ipmi": ipmi, "redfish_system": system}
