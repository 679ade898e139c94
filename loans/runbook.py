"""The names of the plans and of their steps, as the facts, the cards and the settings say them.

What a step does is conversion/plans.py. The values lie in stores and in settings files: change one only with a
migration beside it.
"""

from enum import StrEnum


class PlanName(StrEnum):
    """The four ways of moving nodes."""

    TAKE = "take"
    """A wave of nodes out of Slurm."""
    ABANDON = "abandon"
    """What is left to do for a wave that came to nothing."""
    LEND = "lend"
    """One node from DOWN+DRAIN in Slurm to lent."""
    RETURN = "return"
    """One node from wherever it stands to IDLE in Slurm."""


class StepName(StrEnum):
    """Every step of every plan, in the order in which a loan meets them."""

    RESERVE = "reserve"
    CLAIM = "claim"
    DRAIN = "drain"
    QUIET = "quiet"
    UNRESERVE = "unreserve"
    DOWN = "down"
    OUT_OF_SLURM = "out of Slurm"
    PREPARE = "prepare"
    ROLE = "role"
    PUPPET = "Puppet"
    JOIN = "join"
    LABEL = "label"
    READY = "ready"
    DAEMONS = "daemons"
    USABLE = "usable"
    CORDON = "cordon"
    EVICT = "evict"
    DETACH = "detach"
    POWER_OFF = "power off"
    LEAVE = "leave"
    POWER_ON = "power on"
    BOOT = "boot"
    VERIFY = "verify"
    HEALTH = "health"
    RESUME = "resume"
    SETTLE = "settle"
