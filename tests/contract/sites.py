"""A whole site for the contract suites: the ports to it, and a way to do what others do there.

The sandbox and the lab of real daemons are each one class; a suite knows neither.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from adapters.addresses import Address
from adapters.command import LocalRunner, Runner, SshRunner
from adapters.power.ipmi import IpmiPower
from adapters.power.redfish import RedfishPower, RedfishSystem
from adapters.power.xcat import XcatPower
from adapters.shell import SshShell
from adapters.slurm import SlurmCommands
from adapters.ssh import SshConnections, SshLogin
from conversion.ports import NodeShell, Power, Ran, Slurm
from loans.nodes import NodeName
from sandbox.slurm.versions import DEFAULT
from sandbox.testing import Handle, running
from tests.moment import MOMENT
from tests.patience import PATIENCE_S

SOON = timedelta(seconds=PATIENCE_S)


@dataclass(frozen=True)
class Account:
    """Who switches the power, with which password, and how long they wait for an answer."""

    user: str
    password: str
    patience: timedelta = SOON


@dataclass(frozen=True)
class SiteUnderTest:
    """One site.

    nodes       idle nodes that a test may do anything to
    runner      where Slurm's commands run
    slurm_as    the Slurm port of another account
    powers      each driver that this site can be switched with, made for an account
    known_hosts what the shell trusts
    start_job   have a job run on a node, and return its id
    now         the time that Slurm's host has
    """

    slurm: Slurm
    runner: Runner
    slurm_as: Callable[[str], Slurm]
    shell: NodeShell
    shell_trusting: Callable[[Path], NodeShell]
    powers: Mapping[str, Callable[[Account], Power]]
    account: Account
    nodes: tuple[NodeName, ...]
    start_job: Callable[[NodeName], int]
    now: Callable[[], datetime]


class AccountRunner:
    """Runs programs here, as another account."""

    def __init__(self, user: str) -> None:
        self._user = user

    def run(self, argv: Sequence[str], **options: Any) -> Ran:
        return LocalRunner().run(["runuser", "-u", self._user, "--", *argv], **options)


@contextmanager
def sandbox_site(count: int = 4, slurm: str = DEFAULT) -> Iterator[SiteUnderTest]:
    """Yield the sandbox, with nobody else at work in it."""
    with running(at=MOMENT, gpu_nodes=count, cpu_nodes=1, busy=0.0, slurm=slurm) as handle, ExitStack() as ends:
        told = handle.site_json
        login = SshLogin(told["ssh"]["user"], Path(told["ssh"]["key_file"]), Path(told["ssh"]["known_hosts"]))
        management = (told["slurm"]["host"], told["slurm"]["port"])
        where = _addresses(told, told["ssh"]["port"])
        connections = SshConnections(login)
        ends.callback(connections.close)

        def slurm_as(user: str) -> Slurm:
            theirs = SshConnections(SshLogin(user, login.key_file, login.known_hosts))
            ends.callback(theirs.close)
            return SlurmCommands(SshRunner(theirs, management), timeout=SOON)

        yield SiteUnderTest(
            slurm=SlurmCommands(SshRunner(connections, management), timeout=SOON),
            runner=SshRunner(connections, management),
            slurm_as=slurm_as,
            shell=SshShell(connections, where),
            shell_trusting=_trusting(login, where, ends),
            powers={
                "redfish": lambda account: _redfish(told, account),
                "xcat": lambda account: XcatPower(SshRunner(connections, management), timeout=account.patience),
            },
            account=Account(told["redfish"]["user"], told["redfish"]["password"]),
            nodes=tuple(NodeName(f"gpu{number:03}") for number in range(1, count + 1)),
            start_job=lambda node: _sneak(handle, node),
            now=handle.site.clock.now,
        )


@contextmanager
def lab_site(told: Mapping[str, Any], start_job: Callable[[NodeName], int]) -> Iterator[SiteUnderTest]:
    """Yield a running lab by what its lab.json says. Its nodes must be idle before, and are made so by the fixture."""
    login = SshLogin(told["ssh"]["user"], Path(told["ssh"]["key"]), Path(told["ssh"]["known_hosts"]))
    management = (told["management"]["address"], told["management"]["port"])
    ports = {node: (each["address"], each["ssh_port"]) for node, each in told["nodes"].items()}
    with ExitStack() as ends:
        connections = SshConnections(login)
        ends.callback(connections.close)
        yield SiteUnderTest(
            slurm=SlurmCommands(SshRunner(connections, management), timeout=SOON, conf=Path(told["slurm_conf"])),
            runner=SshRunner(connections, management),
            slurm_as=lambda user: SlurmCommands(AccountRunner(user), timeout=SOON, conf=Path(told["slurm_conf"])),
            shell=SshShell(connections, ports.__getitem__),
            shell_trusting=_trusting(login, ports.__getitem__, ends),
            powers={
                "redfish": lambda account: _lab_redfish(told, account),
                "ipmi": lambda account: _lab_ipmi(told, account),
                "xcat": lambda account: XcatPower(SshRunner(connections, management), timeout=account.patience),
            },
            account=Account(told["bmc"]["user"], Path(told["bmc"]["password_file"]).read_text().strip()),
            nodes=tuple(NodeName(node) for node in told["nodes"]),
            start_job=start_job,
            now=lambda: datetime.now(UTC),
        )


def lab_json(folder: Path) -> Mapping[str, Any]:
    """Return what a running lab tells of itself."""
    found: Mapping[str, Any] = json.loads((folder / "lab.json").read_text())
    return found


def _addresses(told: Mapping[str, Any], port: int) -> Callable[[NodeName], Address]:
    return lambda node: (told["nodes"][node]["address"], port)


def _trusting(login: SshLogin, where: Callable[[NodeName], Address], ends: ExitStack) -> Callable[[Path], NodeShell]:
    def make(known_hosts: Path) -> NodeShell:
        connections = SshConnections(SshLogin(login.user, login.key_file, known_hosts))
        ends.callback(connections.close)
        return SshShell(connections, where)

    return make


def _sneak(handle: Handle, node: NodeName) -> int:
    return handle.call(lambda: handle.world.sneak_job(node, timedelta(days=2)).id)


def _redfish(told: Mapping[str, Any], account: Account) -> Power:
    return RedfishPower(
        system=lambda node: RedfishSystem(told["redfish"]["url"], f"/redfish/v1/Systems/{node}"),
        user=account.user,
        password=SecretStr(account.password),
        timeout=account.patience,
    )


def _lab_redfish(told: Mapping[str, Any], account: Account) -> Power:
    return RedfishPower(
        system=lambda node: RedfishSystem(told["redfish"]["url"], told["nodes"][node]["redfish_system"]),
        user=account.user,
        password=SecretStr(account.password),
        verify=Path(told["redfish"]["ca"]),
        timeout=account.patience,
    )


def _lab_ipmi(told: Mapping[str, Any], account: Account) -> Power:
    boards = {node: (each["ipmi"]["address"], each["ipmi"]["port"]) for node, each in told["nodes"].items()}
    return IpmiPower(
        LocalRunner(),
        bmc=boards.__getitem__,
        user=account.user,
        password=SecretStr(account.password),
        timeout=account.patience,
    )
