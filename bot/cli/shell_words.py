"""What people say in Slack, as a shell takes it: a hint that is printed can be pasted where it is read."""

import shlex
from typing import Final

from commands import grammar
from commands.blocked import Force
from commands.breaker import GoOn, SendHome
from commands.decide import Approve, Decline
from commands.give_back import GiveBack
from commands.grammar import Ask, AskHelp, Misread
from commands.history import AskHistory
from commands.look import ListLoans, Status

_IN_SLACK: Final = "in Slack"


def typed(said: str) -> str:
    """Return a command of Slack's as `lendbot` has it, and that it is Slack's where it has none; other words stay."""
    ask = grammar.read(said)
    if isinstance(ask, Misread):
        return said
    argv = _argv(ask)
    return shlex.join(["lendbot", *argv]) if argv else f"{said} {_IN_SLACK}"


def _argv(ask: Ask) -> list[str]:
    return _of_looking(ask) or _of_deciding(ask)


def _of_looking(ask: Ask) -> list[str]:
    match ask:
        case Status(loan, None):
            return ["status", *_number(loan)]
        case ListLoans(mine=False):
            return ["loans"]
        case AskHistory(loan, node):
            return ["history", *_number(loan), *([node] if node else [])]
        case AskHelp():
            return ["--help"]
        case _:
            return []


def _of_deciding(ask: Ask) -> list[str]:
    match ask:
        case Approve(loan):
            return ["approve", str(loan)]
        case Decline(loan, why):
            return ["decline", str(loan), *(["--because", why] if why else [])]
        case Force(loan, node):
            return ["force", node, "--loan", str(loan)]
        case GiveBack(loan, nodes) if nodes:
            return ["give-back", nodes, *(["--loan", str(loan)] if loan else [])]
        case GiveBack(loan):
            return ["give-back", *_number(loan)]
        case GoOn(node_class):
            return ["go-on", node_class]
        case SendHome(node_class):
            return ["go-on", node_class, "--send-home"]
        case _:
            return []


def _number(loan: int | None) -> list[str]:
    return [str(loan)] if loan is not None else []
