"""The sites that every contract suite runs against: the sandbox always, the lab of real daemons when one is up.

LENDBOT_LAB_DIR names the folder of a running lab; without it the lab's half is skipped, and says so.
"""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loans.nodes import NodeName
from tests.contract.sites import SiteUnderTest, lab_json, lab_site, sandbox_site

Eventually = Callable[[Callable[[], bool]], None]


@pytest.fixture(params=["sandbox", pytest.param("lab", marks=pytest.mark.lab)])
def site(request: pytest.FixtureRequest) -> Iterator[SiteUnderTest]:
    """Return a site with idle nodes."""
    if request.param == "sandbox":
        with sandbox_site() as found:
            yield found
        return
    yield from _lab()


def _lab() -> Iterator[SiteUnderTest]:
    folder = os.environ.get("LENDBOT_LAB_DIR")
    told = lab_json(Path(folder)) if folder else None
    if folder is None or told is None:
        pytest.skip("no lab is up: LENDBOT_LAB_DIR names no folder with a lab.json")
    from tests.lab.site import fixtures, slurm  # noqa: PLC0415 - only a machine with a lab has what they need
    from tests.lab.site.layout import Layout  # noqa: PLC0415

    layout = Layout(Path(folder), slot=told["slot"], node_count=len(told["nodes"]))

    def start_job(node: NodeName) -> int:
        done = slurm.run(layout, "sbatch", "--parsable", f"--nodelist={node}", "--wrap=sleep 600", "--output=/dev/null")
        assert done.returncode == 0, done.stderr
        return int(done.stdout)

    fixtures.make_idle(layout)
    with lab_site(told, start_job) as found:
        yield found
    fixtures.make_idle(layout)


@pytest.fixture
def eventually() -> Eventually:
    """Return a wait for a condition, with a deadline that a real boot fits in."""

    def wait(condition: Callable[[], bool]) -> None:
        tick = threading.Event()
        for _ in range(600):
            if condition():
                return
            tick.wait(0.1)
        raise AssertionError("it never came to be")

    return wait
