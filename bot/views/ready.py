"""The message that nodes are there: what a pod needs to run on them, when they go, and who can help."""

import json
from typing import Final

from bot.views import buttons
from bot.views.blocks import actions, message, section
from bot.views.lines import reminders_ahead
from bot.views.rendered import Rendered
from bot.views.text import any_of, code, deadline, escape, listed, moment, nodes
from commands.replies import OneLoan
from loans.classes import NodeClass
from loans.loan import NodeState

_YAML: Final = 2000
"""Characters of YAML that one message shows; a class with more labels than that has its own page somewhere."""


def ready(one: OneLoan, card_url: str) -> Rendered:
    """Return what the requester reads when every node is there. card_url: empty when Slack did not tell it."""
    loan = one.loan
    there = nodes(one.node_class.kube_name_of(part.node) for part in one.parts if part.state is NodeState.LENT)
    told = [moment(at) for at in reminders_ahead(one)]
    remind = f" I'll remind you {listed(told)}." if told else ""
    text = (
        f"*Loan #{loan.id} is ready*: {there} in Kubernetes until {deadline(loan.until)}.\n"
        f"Then pods that are still on them are evicted, and the nodes go home by themselves.{remind}"
    )
    yaml = pod_needs(one.node_class)
    needs = section(f"To run on them, a pod's spec needs:\n```\n{escape(yaml)}```") if yaml else None
    return message(
        text,
        section(text),
        needs,
        section(f"{where_it_stands(one, card_url)} {_help(one)}"),
        actions(buttons.extend(loan), buttons.give_back(loan)),
    )


def where_it_stands(one: OneLoan, card_url: str) -> str:
    """Return where a requester sees each node: the card may be in a channel that they are not in."""
    status = code(f"status #{one.loan.id}")
    return f"<{card_url}|The card> or {status} shows each node." if card_url else f"{status} shows each node."


def pod_needs(node_class: NodeClass) -> str:
    """Return what a pod's spec needs to run on nodes of a class, as YAML to paste; empty when it needs nothing."""
    lines = [f"  {_word(key)}: {_word(value)}\n" for key, value in sorted(node_class.labels.items())]
    found = "".join(["nodeSelector:\n", *lines]) if lines else ""
    barring = [taint for taint in node_class.taints if taint.effect != "PreferNoSchedule"]
    if barring:
        found += "tolerations:\n"
    for taint in barring:
        value = f"  operator: Equal\n  value: {_word(taint.value)}\n" if taint.value else "  operator: Exists\n"
        found += f"- key: {_word(taint.key)}\n{value}  effect: {taint.effect}\n"
    return found if len(found) <= _YAML else ""


def _word(word: str) -> str:
    """Return a string that YAML reads as one: "true" and "1" unquoted would be something else."""
    return json.dumps(word)


def _help(one: OneLoan) -> str:
    rules = one.node_class.rules
    helpers = rules.operators or rules.called
    return f"If something doesn't work, ask {any_of(helpers)}." if helpers else ""
