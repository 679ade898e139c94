"""What a command is given and what it gives back, on the management host and on the nodes alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Caller:
    """Who runs a command, in which time zone it speaks, and the environment that it has of the account."""

    user: str
    zone: ZoneInfo
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_root(self) -> bool:
        return self.user == "root"


@dataclass(frozen=True)
class Result:
    """A finished command."""

    code: int = 0
    out: str = ""
    err: str = ""


@dataclass
class Printer:
    """Gathers what a command prints, for those that do it in several places."""

    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)

    def result(self, code: int = 0) -> Result:
        """Return a result with all lines so far."""
        return Result(code, "".join(f"{line}\n" for line in self.out), "".join(f"{line}\n" for line in self.err))


def not_found(program: str) -> Result:
    """Return what bash says of a program that is not there."""
    return Result(127, "", f"bash: line 1: {program}: command not found\n")
