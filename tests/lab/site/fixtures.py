"""pytest fixtures: one lab for the whole session, and nodes that are idle before and after a test."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.site import power, processes, running, slurm
from tests.lab.site.layout import Layout


@pytest.fixture(scope="session")
def lab() -> Iterator[Layout]:
    """The lab that LENDBOT_LAB_DIR says is up; without one, a lab of the session's own, gone with it.

    It may name several: then each worker of pytest-xdist has one to itself.
    """
    where = os.environ.get(running.WHERE, "").split(os.pathsep)
    if where[0]:
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        yield running.load(Path(where[worker]))
        return
    if os.geteuid() != 0:
        pytest.skip("the lab makes network namespaces and mounts: run `make lab` as root")
    with tempfile.TemporaryDirectory(prefix="lendbot-lab-") as temporary:
        Path(temporary).chmod(0o755)  # PostgreSQL runs as its own account
        with running.running_lab(Path(temporary)) as layout:
            yield layout


@pytest.fixture
def idle_lab(lab: Layout) -> Iterator[Layout]:
    """The lab with every node idle and no reservation, before the test and again after it."""
    make_idle(lab)
    yield lab
    make_idle(lab)


def make_idle(lab: Layout) -> None:
    """End jobs and reservations; boot anew and resume what is off, held, or not as it was booted."""
    for tries in range(4):
        _end_jobs_and_reservations(lab)
        hopeless = _is_held if tries == 0 else _is_not_idle
        changed = [n for n, state in slurm.states(lab).items() if hopeless(state) or not is_as_booted(lab, n)]
        boot_anew(lab, *changed)
        slurm.resume(lab, *changed)
        if _become_idle(lab):
            return
    raise processes.DidNotHappen(f"the nodes are not idle again: {slurm.states(lab)}")


def is_as_booted(lab: Layout, node: str) -> bool:
    """Look into the node itself: Slurm takes 10 s and more to notice that a slurmd is gone."""
    root = power.root(lab, node)
    if root is None or (root / "etc/puppet-role").exists():
        return False
    with contextlib.suppress(OSError):
        pid = (root / "run/slurmd.pid").read_text().strip()
        return (root / "proc" / pid / "comm").read_text().strip() == "slurmd"
    return False


def boot_anew(lab: Layout, *nodes: str) -> None:
    """Power off, power on, and wait until Slurm has heard from the new boot."""
    if not nodes:
        return
    for node in nodes:
        power.turn_off(lab, node)
    since = slurm.next_second()  # whatever the boot before has told Slurm is older
    for node in nodes:
        power.turn_on(lab, node)
    for node in nodes:
        slurm.wait_for_new_start(lab, node, since)


def _is_held(state: str) -> bool:
    return bool({"DOWN", "DRAIN"} & set(state.split("+")))


def _is_not_idle(state: str) -> bool:
    return state != "IDLE"


def _become_idle(lab: Layout) -> bool:
    """Wait for what ends by itself, and no longer once Slurm holds a node: it took a boot for an unexpected one."""
    seen: dict[str, str] = {}

    def is_over() -> bool:
        seen.update(slurm.states(lab))
        return not any(map(_is_not_idle, seen.values())) or any(map(_is_held, seen.values()))

    with contextlib.suppress(processes.DidNotHappen):
        processes.wait_until("the nodes are idle, or held", is_over, within_s=20)
    return not any(map(_is_not_idle, seen.values()))


def _end_jobs_and_reservations(lab: Layout) -> None:
    slurm.run(lab, "scancel", "--user=root")
    for line in slurm.run(lab, "scontrol", "show", "reservation", "-o").stdout.splitlines():
        if line.startswith("ReservationName="):
            slurm.run(lab, "scontrol", "delete", line.split()[0])
