"""What Slurm itself writes into a node's reason, told from what people write. Text only.

A reason is a display text. Since 23.02 slurmctld adds its own words behind whatever stands there (` : Not responding`)
and signs the whole with its own account, which many sites make root. Since 23.02.7 it puts its words in the place of
ours when a node registers with too little. So neither the signature nor the beginning alone says whose word it is.
"""

import re
from collections.abc import Sequence
from typing import Final

DEFAULT_SLURM_USER: Final = "slurm"
"""Who slurmctld signs as where nobody has asked it (`SlurmUser` of slurm.conf)."""

_LENDBOTS: Final = "lendbot #"
"""How every mark begins: a lendbot whose management account is SlurmUser signs as slurmctld does."""

_JOINT: Final = " : "
"""set_node_reason() of slurmctld's node_mgr.c puts it before what it appends."""

_ALSO_SLURM: Final = frozenset({"root"})
"""slurmd runs as root, and its own drains (a full spool, a prolog that failed) come signed so."""

_OWN_WORDS: Final = re.compile(
    r"not responding"
    r"|(node )?unexpectedly rebooted"
    r"|reboot (issued|requested|complete|timed out)|reboot asap|scheduled reboot"
    r"|resumetimeout reached|power_down_asap|no network address found"
    r"|low (socket\*core(\*thread)? count|cpus|realmemory|tmpdisk)|corespec differ"
    r"|(gres/)?[\w/]+(:[\w.-]+)? count (reported lower than configured|too low|changed and jobs are using them)"
    r"|[\w/]+ type (\([^)]*\) reported but not configured|changed and jobs are using them)"
    r"|gres/[\w:]+ (gres core specification|.*autodetect)"
    r"|could not unpack gres data|restrictedcorespergpu"
    r"|reported active features|failed to (parse dynamic_conf nodeline|set topology)"
    r"|prolog(/epilog)? (error|failure)|epilog error|job env setup error|batch job complete failure"
    r"|duplicate jobid|kill task failed|slurmdspooldir is full|bad core count|switch_g_job_postfini failed",
    re.IGNORECASE,
)
"""The beginnings of what slurmctld, slurmd and slurmstepd write, 20.11 to 26.05: node_mgr.c, agent.c, power_save.c,
ping_nodes.c, proc_req.c, gres.c, cred_context.c, mgr.c."""


def authors_words(reason: str, signed_by: str | None, slurm_user: str) -> str:
    """Return what is left of a reason without Slurm's own words: a person's or our mark, empty when all is Slurm's.

    signed_by    the account in Slurm's brackets
    slurm_user   the account that slurmctld writes as
    """
    pieces = reason.split(_JOINT)
    if _may_be_slurm(signed_by, slurm_user):
        pieces = _without_slurms(pieces, sure=signed_by == slurm_user and signed_by not in _ALSO_SLURM)
    return _JOINT.join(pieces)


def _may_be_slurm(signed_by: str | None, slurm_user: str) -> bool:
    return signed_by is None or signed_by in {slurm_user, DEFAULT_SLURM_USER, *_ALSO_SLURM}


def _without_slurms(pieces: Sequence[str], *, sure: bool) -> list[str]:
    """Take Slurm's pieces off the end. sure: the last one is Slurm's whatever it says, for nobody else signs so."""
    left = list(pieces)
    if sure and not left[-1].startswith(_LENDBOTS):
        left.pop()
    while left and _OWN_WORDS.match(left[-1]):
        left.pop()
    return left
