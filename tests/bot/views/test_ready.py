"""What a pod needs is told so that it can be pasted."""

from dataclasses import replace

import yaml

from bot.views.ready import pod_needs
from loans.nodes import Taint
from tests.bot.views.samples import GPU


def test_what_a_pod_needs_is_yaml_that_means_the_classs_labels_and_taints() -> None:
    """A toleration with a bare true is refused by Kubernetes: the value has to stay a string."""
    taints = (Taint("lendbot/lent", "true"), Taint("gpu", effect="NoExecute"), Taint("spot", effect="PreferNoSchedule"))
    said = yaml.safe_load(pod_needs(replace(GPU, labels={"lent": "1"}, taints=taints)))
    assert said == {
        "nodeSelector": {"lent": "1"},
        "tolerations": [
            {"key": "lendbot/lent", "operator": "Equal", "value": "true", "effect": "NoSchedule"},
            {"key": "gpu", "operator": "Exists", "effect": "NoExecute"},
        ],
    }


def test_a_class_without_labels_and_taints_needs_nothing() -> None:
    """Empty YAML to paste is a riddle."""
    assert pod_needs(replace(GPU, labels={}, taints=())) == ""
