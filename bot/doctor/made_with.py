"""Whether Slurm and Kubernetes are those that the open loans were made with: in others no node of theirs is found."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial

from bot.core import Core
from bot.doctor.asking import Check
from bot.doctor.clocks import KUBERNETES
from bot.doctor.findings import Bad
from bot.doctor.slurm import READING
from loans.loan import HOLDING
from loans.made_with import MadeWith


def checks(core: Core) -> Iterator[Check]:
    """Yield a question to each side that a loan remembers."""
    far = core.adapters.far
    yield Check(
        "Slurm: of the open loans",
        partial(_same, core, "ClusterName", far.slurm.cluster, lambda made: made.slurm_cluster),
        READING,
    )
    yield Check(
        "Kubernetes: of the open loans",
        partial(_same, core, "UID of kube-system", far.kubernetes.cluster, lambda made: made.kube_cluster),
        KUBERNETES,
    )
    yield Check("settings: BMCs of the open loans", partial(_has_powers, core))


def _has_powers(core: Core) -> str:
    powers = core.adapters.far.powers
    lost = {name: loans for name, loans in _made_with(core, lambda made: made.power).items() if name not in powers}
    if not lost:
        return f"{', '.join(sorted(powers))}: no open loan was made with another"
    told = "; ".join(f"{', '.join(f'#{loan}' for loan in loans)} with [power.{name}]" for name, loans in lost.items())
    raise Bad(
        f"open loans were made with what the settings have no more: {told}. They stand still",
        "put the table back until those loans have ended",
    )


def _same(core: Core, called: str, ask: Callable[[], str], of: Callable[[MadeWith], str]) -> str:
    now = ask()
    others = {made: loans for made, loans in _made_with(core, of).items() if made != now}
    if not others:
        return f"{called} {now}: no open loan was made with another"
    told = "; ".join(f"{', '.join(f'#{loan}' for loan in loans)} with {made}" for made, loans in others.items())
    raise Bad(
        f"its {called} is {now}, and open loans were made with another: {told}. They stand still, and nothing is "
        "concluded from what it says",
        "let the settings lead to the one that they were made with, or bring their nodes home by hand",
    )


def _made_with(core: Core, of: Callable[[MadeWith], str]) -> dict[str, list[int]]:
    """Return the open loans that have begun, by what they were made with."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    if core.store.check().at is None:
        return found
    with core.store.read() as tx:
        for loan in tx.loans.in_states(sorted(HOLDING)):
            if loan.made_with is not None:
                found[of(loan.made_with)].append(loan.id)
    return found
