"""Every check there is, in the order in which a new site gets them right."""

from collections.abc import Iterator
from functools import partial

from bot.core import Core
from bot.doctor import clocks, exposure, habits, made_with, nodes, slack
from bot.doctor.asking import Check, Tell, asked
from bot.doctor.findings import Bad, Heard, Result
from bot.doctor.slurm import SlurmSide
from loans.nodes import NodeName


def examine(core: Core, tell: Tell, named: NodeName | None = None) -> list[Result]:
    """Ask every far side.

    tell    is told what is being asked now, from other threads, one at a time
    named   the node to try SSH and BMC with; else the first of each class that is up
    """
    return asked(list(_checks(core, named)), tell)


def _checks(core: Core, named: NodeName | None) -> Iterator[Check]:
    yield Check("settings", partial(_settings, core))
    yield Check("store", partial(_store, core))
    yield from exposure.checks(core)
    yield from slack.checks(core)
    slurm = SlurmSide(core)
    yield from slurm.checks(named)
    yield from habits.checks(core, slurm)
    yield Check(clocks.KUBERNETES, lambda: f"{len(core.adapters.far.kubernetes.nodes())} nodes")
    # Who may not read is told all that they may not.
    yield Check("Kubernetes: rights", partial(_kube_rights, core), clocks.KUBERNETES, frozenset({Heard.NOTHING}))
    yield from made_with.checks(core)
    yield from nodes.checks(core, slurm, named)
    yield from clocks.checks(core, slurm, named)


def _settings(core: Core) -> str:
    shows = f", a rehearsal's: it shows {core.clock.now():%Y-%m-%d %H:%M} UTC" if core.clock.is_set else ""
    return f"{core.settings.site}: classes {', '.join(core.classes)}; clock x{core.clock.speed:g}{shows}"


def _store(core: Core) -> str:
    found = core.store.check()
    if found.at is None:
        return f"{core.store.address}: empty; `lendbot serve` makes its tables"
    if not found.is_current:
        raise Bad(f"{core.store.address} is at {found.at}, not {found.newest}", "run `lendbot upgrade`")
    return f"{core.store.address} at {found.at}"


def _kube_rights(core: Core) -> str:
    missing = core.adapters.kubernetes.missing_rights()
    if missing:
        raise Bad(f"missing: {', '.join(map(str, missing))}", "apply deploy/rbac.yaml and use its service account")
    return "all that deploy/rbac.yaml grants"
