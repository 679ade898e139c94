"""`lendbot doctor` on a whole site: all green, and one sentence to act on for each thing that is broken."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import pytest

from bot.settings.site import SlurmSettings
from tests.lab.product.rig import Rig, rigged
from tests.lab.site import bmc, faults, kubernetes, postgres, processes, slurm
from tests.lab.site.fixtures import make_idle
from tests.lab.site.layout import Layout
from tests.lab.test_outages import start_api_server

pytestmark = pytest.mark.lab

SLURM_TIMEOUT_S: float = SlurmSettings.model_fields["timeout"].default.total_seconds()

Break = Callable[[Rig], AbstractContextManager[dict[str, str]]]
"""Breaks one thing for the block; yields what is different in doctor's environment."""


@pytest.fixture(scope="module")
def product(lab: Layout) -> Iterator[Rig]:
    """lendbot's settings, Slack and an empty store: doctor needs no `serve`, and changes nothing between tests."""
    if not processes.running(lab, "kube-apiserver"):
        pytest.skip("no real control plane here: see what the lab said when it came up")
    make_idle(lab)
    with rigged(lab, serves=False) as found:
        yield found


def rows(table: str, sign: str = "✗") -> dict[str, str]:
    """Return each check with a sign (that failed), and its line of the table with folded cells put together."""
    found: dict[str, str] = {}
    for block in re.split(r"\n[├└┡][^\n]*\n", table):
        lines = [[cell.strip() for cell in line.strip("│┃").split("│")] for line in block.splitlines() if "│" in line]
        cells = [" ".join(filter(None, column)) for column in zip(*lines, strict=False)]
        if cells and cells[0] == sign:
            found[cells[1]] = " | ".join(cells[2:])
    return found


def test_a_site_that_is_in_order_is_all_green(product: Rig) -> None:
    """An installer who has done everything right is told so."""
    ran = product.lendbot.run("doctor")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (rows(ran.stdout), rows(ran.stdout, "?")) == ({}, {})
    for checked in ("postgresql", "Kubernetes: rights", "BMC: a gpu node", "BMC: a a100 node", "xcat"):
        assert checked in ran.stdout
    print(f"\n{ran.stdout}")


@contextmanager
def without(
    stop: Callable[[Layout], object], start: Callable[[Layout], object], product: Rig
) -> Iterator[dict[str, str]]:
    stop(product.layout)
    try:
        yield {}
    finally:
        start(product.layout)


@contextmanager
def with_environment(product: Rig, **changed: str) -> Iterator[dict[str, str]]:
    del product
    yield changed


@contextmanager
def with_settings(old: str, new: str, product: Rig) -> Iterator[dict[str, str]]:
    other = product.lendbot.config.with_name("broken.toml")
    text = product.lendbot.config.read_text(encoding="utf-8")
    assert re.search(old, text)
    other.write_text(re.sub(old, new, text), encoding="utf-8")
    yield {"LENDBOT_CONFIG": str(other)}


@contextmanager
def with_a_hanging_bmc(product: Rig) -> Iterator[dict[str, str]]:
    with faults.ordered(product.layout, "gpu000", faults.BMC_HANGS):
        yield {}


@contextmanager
def without_rights(product: Rig) -> Iterator[dict[str, str]]:
    kubernetes.kubectl(product.layout, "create", "serviceaccount", "stranger")
    stranger = kubernetes.kubeconfig_for(product.layout, "default", "stranger")
    with with_settings(r'kubeconfig = "[^"]*"', f'kubeconfig = "{stranger}"', product) as changed:
        yield changed


@contextmanager
def without_known_hosts(product: Rig) -> Iterator[dict[str, str]]:
    """The management host is known, the nodes are not."""
    keys = Path(product.layout.keys / "known_hosts").read_text(encoding="utf-8").splitlines()
    only = product.lendbot.config.with_name("known_hosts")
    only.write_text("\n".join(line for line in keys if line.startswith("[")) + "\n", encoding="utf-8")
    with with_settings(r'known_hosts = "[^"]*"', f'known_hosts = "{only}"', product) as changed:
        yield changed


CASES: dict[str, tuple[Break, str, str]] = {
    "slurmctld is gone": (partial(without, slurm.stop_slurmctld, slurm.start_slurmctld), "Slurm: reading", "is it up"),
    "the API server is gone": (
        partial(without, kubernetes.stop_api_server, start_api_server),
        "Kubernetes: reading",
        "is it up",
    ),
    "PostgreSQL is gone": (partial(without, postgres.stop, postgres.start), "store", r"\[store\] url"),
    "Redfish is gone": (partial(without, bmc.stop_redfish, bmc.start_redfish), "BMC: a a100 node", "is it up"),
    "a BMC hangs": (with_a_hanging_bmc, "BMC: a gpu node", "is it up"),
    "a BMC password is wrong": (
        partial(with_environment, LENDBOT_POWER__IPMI__PASSWORD="not-it"),
        "BMC: a gpu node",
        "password",
    ),
    "the Slack token is wrong": (
        partial(with_environment, LENDBOT_SLACK__BOT_TOKEN="xoxb-not-it"),
        "Slack: bot token",
        "BOT_TOKEN",
    ),
    "lendbot is not in a channel": (
        partial(with_settings, r'oncall_channel = "[^"]*"', 'oncall_channel = "C0RANDOM01"'),
        "Slack: channel",
        "/invite",
    ),
    "the account has no rights in the cluster": (without_rights, "Kubernetes: r", "deploy/rbac.yaml|grant the right"),
    "the nodes' host keys are unknown": (without_known_hosts, "SSH: a gpu node", "key"),
    "a class has no node": (
        partial(with_settings, 'partition = "gpu"', 'partition = "gpus"'),
        "Slurm: class",
        "scontrol",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_broken_is_named_with_what_to_do(product: Rig, case: str) -> None:
    """Whoever installs lendbot, or is on call, finds the one thing to mend without reading code."""
    breaks, check, advice = CASES[case]
    with breaks(product) as changed:
        ran = product.lendbot.run("doctor", **changed)
    bad = rows(ran.stdout)
    print(f"\n{case}:", *(f"  {what}: {said}" for what, said in bad.items()), sep="\n")
    assert ran.returncode == 1, ran.stdout + ran.stderr
    told = [said for what, said in bad.items() if what.startswith(check)]
    assert told, bad
    assert all(re.search(advice, said) for said in told), told
    assert "Traceback" not in ran.stdout + ran.stderr


def test_a_slurm_that_is_away_costs_one_time_out_and_is_blamed_once(product: Rig) -> None:
    """At 3 a.m. the table comes soon, and SSH and BMCs are tried on the node that was named."""
    with without(slurm.stop_slurmctld, slurm.start_slurmctld, product):
        began = time.monotonic()
        ran = product.lendbot.run("doctor")
        took = time.monotonic() - began
        named = product.lendbot.run("doctor", "--node", "gpu000")
    print(f"\n{took:.1f} s\n{ran.stdout}{named.stdout}")
    assert list(rows(ran.stdout)) == ["Slurm: reading"]
    spared = rows(ran.stdout, "?")
    assert "not asked: Slurm did not answer" in spared["Slurm: rights"]
    assert "--node" in spared["SSH: a gpu node"]
    assert "not asked" in spared["BMC: a gpu node"]
    assert list(rows(named.stdout)) == ["Slurm: reading"]
    assert "SSH: a gpu node" not in rows(named.stdout, "?")
    assert took < 2 * SLURM_TIMEOUT_S
