"""What of a running lab is real and what stands in: it is printed, so that nobody believes more than was shown."""

from tests.lab.site import kubernetes_build, processes, slurm
from tests.lab.site.layout import Layout

ALWAYS_REAL = (
    "munge",
    "sshd",
    "Puppet",
    "IPMI by ipmi_sim",
    "iptables and sysctl on the nodes",
)
ALWAYS_STANDING_IN = (
    "kubelet (kubelet.py)",
    "kubeadm, RKE2's agent and Rancher's installer (they read what the real ones read)",
    "container runtime, Zabbix agent, node_exporter (sleeping processes)",
    "GPUs (device files)",
    "a boot (namespaces and an overlay, 0.3 s)",
    "xCAT's rpower (ipmitool behind its words)",
)


def real(layout: Layout) -> list[str]:
    version = slurm.run(layout, "scontrol", "--version").stdout.split()[-1:]
    found = [" ".join(["slurmctld and slurmd", *version]), *ALWAYS_REAL]
    if processes.running(layout, "kube-apiserver"):
        found.append(f"Kubernetes {kubernetes_build.KUBERNETES} with etcd {kubernetes_build.ETCD}, RBAC on")
    for name, what in (("postgres", "PostgreSQL"), ("redfish", "Redfish by sushy-tools, TLS and password on")):
        if processes.running(layout, name):
            found.append(what)
    return found


def standing_in(layout: Layout) -> list[str]:
    cluster = [] if processes.running(layout, "kube-apiserver") else ["Kubernetes (the sandbox's, or none)"]
    return [*cluster, *ALWAYS_STANDING_IN]
