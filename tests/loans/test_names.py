"""Names of nodes, as Slurm, Kubernetes and people write one."""

import pytest

from loans.classes import NodeClass
from loans.names import find
from loans.nodes import NodeName

SHORT = [NodeName("gpu003"), NodeName("gpu013")]
LONG = [NodeName("gpu003.hpc.example.org")]
TEMPLATES = ("{node}", "k8s-{node}.cloud.example.org")


@pytest.mark.parametrize(
    ("said", "known", "meant"),
    [
        ("gpu003", SHORT, "gpu003"),
        ("GPU003", SHORT, "gpu003"),
        ("k8s-gpu003.cloud.example.org", SHORT, "gpu003"),
        ("K8S-GPU003.Cloud.Example.org", SHORT, "gpu003"),
        ("gpu003.hpc.example.org", SHORT, "gpu003"),
        ("gpu003", LONG, "gpu003.hpc.example.org"),
        ("GPU003.HPC.example.org", LONG, "gpu003.hpc.example.org"),
        ("gpu003.elsewhere.example.org", LONG, None),
        ("gpu004", SHORT, None),
        ("k8s-.cloud.example.org", SHORT, None),
        ("gpu003", [NodeName("GPU003"), NodeName("Gpu003")], None),
        ("Gpu003", [NodeName("GPU003"), NodeName("Gpu003")], "Gpu003"),
        ("gpu003", [NodeName("gpu003.a.example"), NodeName("gpu003.b.example")], None),
    ],
)
def test_a_node_is_found_by_any_of_its_names(said: str, known: list[NodeName], meant: str | None) -> None:
    """What kubectl or a monitoring mail calls the node can be pasted; what could be two nodes is none."""
    assert find(said, known, TEMPLATES) == meant


def test_kubernetes_names_are_in_small_letters() -> None:
    """Slurm's GPU003 is gpu003 in Kubernetes: otherwise it would never join, and never leave."""
    assert (
        NodeClass("gpu", "gpu", kube_name="{node}.Example.org").kube_name_of(NodeName("GPU003")) == "gpu003.example.org"
    )
