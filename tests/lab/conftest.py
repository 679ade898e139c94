"""What stories on the lab may ask for: lendbot on idle nodes, with a real cluster beside it."""

from collections.abc import Iterator

import pytest

from tests.lab.product import rig
from tests.lab.product.rig import Rig
from tests.lab.site import processes
from tests.lab.site.layout import Layout


@pytest.fixture
def with_cluster(idle_lab: Layout) -> Layout:
    """The lab with idle nodes, where it has a real control plane."""
    if not processes.running(idle_lab, "kube-apiserver"):
        pytest.skip("no real control plane here: see what the lab said when it came up")
    return idle_lab


@pytest.fixture
def product(with_cluster: Layout) -> Iterator[Rig]:
    """lendbot at work, with nothing lent yet."""
    with rig.rigged(with_cluster) as found:
        yield found
