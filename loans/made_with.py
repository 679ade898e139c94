"""What a loan was made with: the names, words and sides that its nodes were taken with, kept until they are home.

Settings change under open loans, and a kubeconfig may name another cluster tomorrow. What a step concludes from such a
side would be about other machines. So the loan keeps its own, and only rules, channel and patience follow the settings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from loans.classes import NodeClass
from loans.nodes import Taint


@dataclass(frozen=True)
class MadeWith:
    """What its steps go by, as the class and the site had it when the loan began.

    slurm_cluster   Slurm's ClusterName
    kube_cluster    the UID of the namespace kube-system, which is the cluster's own
    proves_usable   it was promised usable nodes. False for loans from before that was so: a node that Kubernetes calls
                    Ready is what they were promised, and a taint of the site's own is no reason to send it back
    """

    slurm_cluster: str
    kube_cluster: str
    partition: str
    kube_name: str
    role: str
    role_file: str
    run_dir: str
    power: str
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    gres: Mapping[str, int]
    prepare: tuple[tuple[str, ...], ...]
    proves_usable: bool = False

    def over(self, node_class: NodeClass) -> NodeClass:
        """Return the class as this loan knows it: its own ways, with the rules of today."""
        return replace(
            node_class,
            partition=self.partition,
            kube_name=self.kube_name,
            role=self.role,
            power=self.power,
            labels=self.labels,
            taints=self.taints,
            gres=self.gres,
            prepare=self.prepare,
        )
