"""Builds the adapters from the settings. Only the composition root comes here; nothing is asked of a far side yet."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from adapters.addresses import Address, addressed
from adapters.command import LocalRunner, Runner, SshRunner
from adapters.kube.cluster import KubeCluster
from adapters.kube.connect import connect
from adapters.kube.drain import DrainRules
from adapters.power.ipmi import IpmiPower
from adapters.power.redfish import RedfishPower, RedfishSystem
from adapters.power.xcat import XcatPower
from adapters.shell import SshShell
from adapters.slurm import SlurmCommands
from adapters.ssh import SshConnections
from adapters.ssh_login import SshLogin
from bot.settings.site import (
    IpmiSettings,
    KubernetesSettings,
    PowerSettings,
    RedfishSettings,
    SiteSettings,
    SshSettings,
    XcatSettings,
)
from conversion.ports import FarSides, Power
from loans.nodes import NodeName


@dataclass(frozen=True)
class Adapters:
    """The adapters, and what has to be closed at the end."""

    far: FarSides
    slurm: SlurmCommands
    kubernetes: KubeCluster
    connections: tuple[SshConnections, ...]

    def close(self) -> None:
        """Hang up everywhere."""
        self.kubernetes.close()
        for connection in self.connections:
            connection.close()


def adapters(settings: SiteSettings) -> Adapters:
    """Build every adapter."""
    ssh = settings.ssh
    nodes = SshConnections(_login(ssh, ssh.user), jump=_jump(ssh.jump), idle=ssh.idle)
    management = settings.slurm.management
    keep = settings.slurm.keep_env
    runner: Runner = LocalRunner(keep)
    connections: tuple[SshConnections, ...] = (nodes,)
    if management is not None:
        gate = SshConnections(_login(ssh, management.user), idle=ssh.idle)
        runner = SshRunner(gate, (management.host, management.port), keep)
        connections = (nodes, gate)
    slurm = SlurmCommands(
        runner, timeout=settings.slurm.timeout, max_age=settings.slurm.max_age, conf=settings.slurm.conf
    )
    kubernetes = _kubernetes(settings.kubernetes)
    powers = {name: _power(of, runner) for name, of in settings.power.items()}
    far = FarSides(slurm, kubernetes, SshShell(nodes, _node_address(ssh)), powers)
    return Adapters(far, slurm, kubernetes, connections)


def _login(ssh: SshSettings, user: str) -> SshLogin:
    return SshLogin(user, ssh.key_file, ssh.known_hosts, ssh.connect_timeout)


def _jump(text: str | None) -> Address | None:
    return _host_port(text, 22) if text else None


def _host_port(text: str, port: int) -> Address:
    host, _, said = text.partition(":")
    return (host, int(said) if said else port)


def _node_address(ssh: SshSettings) -> Callable[[NodeName], Address]:
    by_template = addressed(ssh.address, ssh.port)
    said = {name: _host_port(address, ssh.port) for name, address in ssh.addresses.items()}
    return lambda node: said.get(node) or by_template(node)


def _kubernetes(of: KubernetesSettings) -> KubeCluster:
    rules = DrainRules(delete_emptydir=of.delete_emptydir, force_unmanaged=of.evict_unmanaged)
    client = connect(of.kubeconfig, of.context, of.timeout)
    return KubeCluster(client, timeout=of.timeout, rules=rules, stale_after=of.silent_after)


def _power(of: PowerSettings, runner: Runner) -> Power:
    match of:
        case RedfishSettings():
            return RedfishPower(
                system=partial(_system, of), user=of.user, password=of.password, verify=of.verify, timeout=of.timeout
            )
        case IpmiSettings():
            by_template = addressed(of.address, of.port)
            said = {name: _host_port(address, of.port) for name, address in of.addresses.items()}
            return IpmiPower(
                LocalRunner(),
                bmc=lambda node: said.get(node) or by_template(node),
                user=of.user,
                password=of.password,
                timeout=of.timeout,
                program=of.program,
                cipher_suite=of.cipher_suite,
            )
        case XcatSettings():
            return XcatPower(runner, timeout=of.timeout, program=of.program)


def _system(of: RedfishSettings, node: NodeName) -> RedfishSystem:
    return RedfishSystem(of.url.format(node=node), of.system.format(node=node) or None)
