"""Slurm as it stands now, in the form that selection reads."""

from conversion.ports import Slurm
from loans.selection import Seen


def look(slurm: Slurm) -> Seen:
    """Read nodes, jobs and reservations; each read is shared with whoever else asks in that second."""
    return Seen(slurm.nodes(), slurm.jobs(), tuple(slurm.reservations().values()))
