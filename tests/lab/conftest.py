"""What stories on the lab may ask for: lendbot on idle nodes, a real cluster beside it, and a way to tell counts.

What a test tells stands at the end of the run, under what of the lab was real.
"""

import os
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from _pytest.terminal import TerminalReporter

from tests.lab.product import rig
from tests.lab.product.rig import Rig, Tell
from tests.lab.site import inventory, processes
from tests.lab.site.layout import Layout

TOLD: Final = "lab"


TOGETHER: Final = {"test_doctor": 3.5, "test_kubectl": 0.0}
"""Files whose tests share what takes long to make, and how many minutes each takes as a whole."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: several labs side by side then end at about the same time.

    A test says so itself: `@pytest.mark.lab(minutes=3)`. xdist gives each worker two units at once, so whoever has the
    longest of the first gets the shortest of the second.
    """
    units: dict[str, list[pytest.Item]] = {}
    for item in sorted(items, key=_minutes, reverse=True):
        file = item.path.stem
        if file in TOGETHER:
            item.add_marker(pytest.mark.xdist_group(file))
        units.setdefault(file if file in TOGETHER else item.nodeid, []).append(item)
    order, labs = list(units.values()), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    order[labs : 2 * labs] = reversed(order[labs : 2 * labs])
    items[:] = [item for unit in order for item in unit]


def _minutes(item: pytest.Item) -> float:
    said = (float(mark.kwargs.get("minutes", 0)) for mark in item.iter_markers("lab"))
    return max((TOGETHER.get(item.path.stem, 0.0), *said))


@pytest.fixture
def tell(lab: Layout, record_property: Callable[[str, object], None]) -> Tell:
    """Keep a count or a table for the end of the run."""
    record_property(TOLD, f"real: {'; '.join(inventory.real(lab))}")
    record_property(
        TOLD, f"standing in: {'; '.join(inventory.standing_in(lab))}; Slack (the sandbox's: there is no other)"
    )
    return lambda text: record_property(TOLD, text)


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print what the tests told, each line once."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, [])]
    told = [text for report in reports for name, text in report.user_properties if name == TOLD]
    if told:
        terminalreporter.section("the lab")
    for text in dict.fromkeys(told):
        terminalreporter.write_line(str(text))


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
