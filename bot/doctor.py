"""lendbot doctor: every far side is asked what lendbot will need of it, and each failure says what to do.

It changes nothing anywhere. What it could not ask counts as not fine.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from rich.markup import escape
from rich.table import Table
from slack_sdk.errors import SlackApiError, SlackClientError

from bot import slack_line
from bot.core import Core
from bot.scopes import SCOPES
from conversion.ports import Denied, FarSideError, UnexpectedAnswer
from loans.classes import NodeClass
from loans.nodes import NodeName, PowerState
from store.errors import StoreError


@dataclass(frozen=True)
class Result:
    """One check. do: what to do when it is bad."""

    what: str
    is_bad: bool
    found: str
    do: str = ""


class Bad(Exception):  # noqa: N818 - a finding on its way to the table
    """A check failed. found, do: as in Result."""

    def __init__(self, found: str, do: str) -> None:
        super().__init__(found)
        self.found = found
        self.do = do


Check = tuple[str, Callable[[], str]]
"""(what is checked, the check: returns what was found, raises Bad or what its far side raises)"""


def examine(core: Core, node: str | None = None) -> list[Result]:
    """Run every check, in the order in which a new site gets them right."""
    return [_run(what, check) for what, check in _checks(core, node)]


def table(results: list[Result]) -> Table:
    """Return the table that a person reads."""
    drawn = Table("", "checked", "found", "what to do", show_lines=True)
    for result in results:
        sign = "[red]✗[/red]" if result.is_bad else "[green]✓[/green]"
        drawn.add_row(sign, escape(result.what), escape(result.found), escape(result.do))
    return drawn


def _checks(core: Core, node: str | None) -> Iterator[Check]:
    yield "settings", lambda: f"classes {', '.join(core.classes)}; clock x{core.clock.speed:g}"
    yield "store", lambda: _store(core)
    slack = slack_line.client(core.settings.slack)
    yield "Slack: bot token and scopes", lambda: _scopes(slack)
    if core.settings.slack.mode == "socket":
        yield "Slack: app token", lambda: _socket(core, slack)
    channels = {core.settings.slack.oncall_channel, *(c.channel for c in core.classes.values())}
    for channel in sorted(channels):
        yield f"Slack: channel {channel}", partial(_channel, slack, channel)
    for group in sorted(_groups(core)):
        yield f"Slack: user group {group}", partial(_group, slack, group)
    yield "Slurm: reading", lambda: f"{len(core.adapters.far.slurm.nodes())} nodes"
    yield "Slurm: rights", lambda: _slurm_rights(core)
    for node_class in core.classes.values():
        yield f"Slurm: class {node_class.name}", partial(_nodes_of_class, core, node_class)
    yield "Kubernetes: reading", lambda: f"{len(core.adapters.far.kubernetes.nodes())} nodes"
    yield "Kubernetes: rights", lambda: _kube_rights(core)
    for node_class in core.classes.values():
        yield f"SSH: a {node_class.name} node", partial(_ssh, core, node_class, node)
        yield f"BMC: a {node_class.name} node", partial(_bmc, core, node_class, node)


def _run(what: str, check: Callable[[], str]) -> Result:
    try:
        return Result(what, is_bad=False, found=check())
    except Bad as e:
        return Result(what, is_bad=True, found=e.found, do=e.do)
    except Denied as e:
        return Result(
            what, is_bad=True, found=str(e), do="grant the right, or mend the key or password (docs/operators.md)"
        )
    except UnexpectedAnswer as e:
        return Result(what, is_bad=True, found=str(e), do="is that the right address? The far side speaks differently")
    except FarSideError as e:
        return Result(what, is_bad=True, found=str(e), do="is it up, and is the address in the settings right?")
    except StoreError as e:
        return Result(what, is_bad=True, found=str(e), do="see [store] url; the folder must be writable")
    except SlackApiError as e:
        return Result(
            what, is_bad=True, found=str(e.response.get("error")), do=_slack_advice(str(e.response.get("error")))
        )
    except (SlackClientError, OSError) as e:
        return Result(
            what, is_bad=True, found=f"{type(e).__name__}: {e}", do="can this host reach slack.com (or base_url)?"
        )


def _slack_advice(error: str) -> str:
    return {
        "invalid_auth": "copy the token again from the app's page into LENDBOT_SLACK__BOT_TOKEN",
        "not_authed": "set LENDBOT_SLACK__BOT_TOKEN",
        "channel_not_found": "is the id right? If the channel is private: `/invite @lendbot` there",
        "no_such_subteam": "is the user group's id right?",
        "missing_scope": "install the app again from manifest.yml",
    }.get(error, "see https://api.slack.com/methods for this error")


def _store(core: Core) -> str:
    found = core.store.check()
    if found.at is None:
        return f"{core.store.address}: empty; `lendbot serve` makes its tables"
    if not found.is_current:
        raise Bad(f"{core.store.address} is at {found.at}, not {found.newest}", "run `lendbot upgrade`")
    return f"{core.store.address} at {found.at}"


def _scopes(slack: Any) -> str:
    answer = slack.auth_test()
    granted = {scope.strip() for scope in answer.headers.get("x-oauth-scopes", "").split(",")}
    missing = sorted(set(SCOPES) - granted)
    if missing:
        reasons = "; ".join(f"{scope} ({SCOPES[scope]})" for scope in missing)
        raise Bad(f"not granted: {reasons}", "install the app again from manifest.yml")
    return f"{answer['user']} in {answer['team']}, {len(SCOPES)} scopes"


def _socket(core: Core, slack: Any) -> str:
    token = core.settings.slack.app_token
    slack.apps_connections_open(app_token=token.get_secret_value() if token else "")
    return "a socket can be opened"


def _channel(slack: Any, channel: str) -> str:
    found = slack.conversations_info(channel=channel)["channel"]
    if not found.get("is_member"):
        raise Bad(f"#{found.get('name')}: lendbot is not in it", f"`/invite @lendbot` in #{found.get('name')}")
    return f"#{found['name']}"


def _group(slack: Any, group: str) -> str:
    users = slack.usergroups_users_list(usergroup=group)["users"]
    if not users:
        raise Bad("nobody is in it", "add people to the user group, or nobody can decide")
    return f"{len(users)} people"


def _groups(core: Core) -> set[str]:
    rules = [node_class.rules for node_class in core.classes.values()]
    return {who for r in rules for who in r.requesters | r.approvers | r.operators if who.startswith("S")}


def _slurm_rights(core: Core) -> str:
    """Ask to delete a reservation that is not there: Slurm looks at who asks before it looks at what for."""
    core.adapters.far.slurm.unreserve("lendbot_doctor")
    return "may change nodes and reservations"


def _nodes_of_class(core: Core, node_class: NodeClass) -> str:
    count = sum(node_class.has(node) for node in core.adapters.far.slurm.nodes().values())
    if not count:
        raise Bad(
            "no node of Slurm's is of this class",
            "compare the class with `scontrol show node`",
        )
    if count <= node_class.rules.floor:
        raise Bad(
            f"{count} nodes, and the floor keeps {node_class.rules.floor}", "lower the floor: nothing can be lent"
        )
    return f"{count} nodes, {node_class.rules.floor} stay"


def _kube_rights(core: Core) -> str:
    missing = core.adapters.kubernetes.missing_rights()
    if missing:
        raise Bad(f"missing: {', '.join(map(str, missing))}", "apply deploy/rbac.yaml and use its service account")
    return "all that deploy/rbac.yaml grants"


def _sample(core: Core, node_class: NodeClass, node: str | None) -> NodeName:
    """Return the node to try: the one that was named, or the first of the class that is up."""
    nodes = [n for n in core.adapters.far.slurm.nodes().values() if node_class.has(n)]
    up = [n for n in nodes if "NOT_RESPONDING" not in n.flags and n.base != "DOWN"]
    named = [n for n in nodes if n.name == node]
    for found in (*named, *up, *nodes):
        return found.name
    raise Bad("the class has no node to try", "see the check of the class above")


def _ssh(core: Core, node_class: NodeClass, node: str | None) -> str:
    name = _sample(core, node_class, node)
    ran = core.adapters.far.shell.run(name, ("true",), timeout=timedelta(seconds=30))
    if ran.exit != 0:
        raise Bad(f"{name}: `true` ended with {ran.exit}", "can the account run commands there?")
    return f"{name}: logged in, host key known"


def _bmc(core: Core, node_class: NodeClass, node: str | None) -> str:
    name = _sample(core, node_class, node)
    state = core.adapters.drivers[node_class.power].state(name)
    if state is PowerState.UNKNOWN:
        raise Bad(f"{name}: neither on nor off", "ask the BMC by hand; lendbot never takes unknown for off")
    return f"{name}: power is {state} ({node_class.power})"
