"""The sites that every contract suite runs against: the sandbox always, the lab of real daemons in tests marked lab.

The lab is the session's one (tests/lab/site/fixtures.py), and its nodes are idle before and after each test.
"""

import threading
from collections.abc import Callable, Iterator

import pytest

from loans.nodes import NodeName
from sandbox.slurm.versions import DEFAULT
from tests.contract.sites import SiteUnderTest, lab_json, lab_site, sandbox_site
from tests.lab.site import slurm
from tests.lab.site.layout import Layout

Eventually = Callable[[Callable[[], bool]], None]


@pytest.fixture(params=[DEFAULT, pytest.param("lab", marks=pytest.mark.lab)])
def site(request: pytest.FixtureRequest) -> Iterator[SiteUnderTest]:
    """Return a site with idle nodes: the sandbox that speaks a version of Slurm, or the lab."""
    if request.param != "lab":
        with sandbox_site(slurm=request.param) as found:
            yield found
        return
    layout: Layout = request.getfixturevalue("idle_lab")
    with lab_site(lab_json(layout.dir), lambda node: _start_job(layout, node)) as found:
        yield found


def _start_job(layout: Layout, node: NodeName) -> int:
    done = slurm.run(layout, "sbatch", "--parsable", f"--nodelist={node}", "--wrap=sleep 600", "--output=/dev/null")
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


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
