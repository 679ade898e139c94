"""Lists: loans, what is free, what can be said. Tables where a message may have one."""

from collections.abc import Sequence

from bot.views.blocks import actions, cell, context, date_cell, message, person_cell, section, span_cell, table
from bot.views.breaker import standing
from bot.views.buttons import ask_for_nodes
from bot.views.rendered import Block, Rendered
from bot.views.sides import silent
from bot.views.text import code, counted, deadline, listed, moment, nodes, quote, who
from commands.replies import Free, HelpOn, Loans
from loans.classes import NodeClass
from loans.loan import HOLDING, Loan
from loans.selection import Choice, RunsJobs


def loans(given: Loans) -> Rendered:
    """Return loans as a table."""
    if not given.loans:
        text = f"*{quote(given.title, 80)}*: none."
        return message(
            text,
            section(text),
            *[section(line) for line in _held_up(given)],
            context(f"{code('lend')} asks for one", f"{code('free')} shows what can be"),
        )
    heading = ("loan", "state", "nodes", "needs a person", "until", "asked by", "purpose")
    example = code(f"status #{given.loans[0].id}")
    return message(
        f"{quote(given.title, 80)}: {listed([f'#{loan.id} {loan.state}' for loan in given.loans])}",
        section(f"*{quote(given.title, 80)}*"),
        *[section(line) for line in _held_up(given)],
        table(heading, [_row(loan, given) for loan in given.loans], "purpose"),
        context(f"{example} tells everything about one"),
    )


def _held_up(given: Loans) -> list[str]:
    """Return what holds nodes up just now, a line each."""
    lines = [standing(breaker) for breaker in given.breakers]
    return [*lines, f":warning: {silent(given.away)}"] if given.away else lines


def _row(loan: Loan, given: Loans) -> list[Block]:
    there = f", {given.arrived.get(loan.id, 0)} in k8s" if loan.state in HOLDING else ""
    counts = ((given.stuck.get(loan.id, 0), "stuck"), (given.blocked.get(loan.id, 0), "blocked"))
    return [
        cell(f"#{loan.id}"),
        cell(loan.state),
        cell(f"{loan.count} {loan.node_class}{there}"),
        cell(", ".join(f"{count} {word}" for count, word in counts if count)),
        span_cell(loan.starts_at, loan.until) if loan.starts_at and not loan.started_at else date_cell(loan.until),
        person_cell(loan.requester),
        cell(loan.purpose),
    ]


def loan_line(loan: Loan, arrived: int) -> str:
    """Return a loan in a line, where no table may stand."""
    there = f", {arrived} in k8s" if loan.state in HOLDING else ""
    why = f"\n{quote(loan.purpose, 200)}" if loan.purpose.strip() else ""
    what = f"{counted(loan.count, f'{quote(loan.node_class, 40)} node')}{there}"
    when = f"{_begins(loan)}until {deadline(loan.until)}"
    return f"*#{loan.id} · {loan.state}* · {what} · {when} · {who(loan.requester)}{why}"


def _begins(loan: Loan) -> str:
    """Return when a loan that was asked for a later time begins, while that's ahead."""
    return f"from {deadline(loan.starts_at)} " if loan.starts_at and not loan.started_at else ""


def free(given: Free) -> Rendered:
    """Return what could be lent now, and what frees itself next."""
    sections = [section(class_line(*each)) for each in given.classes]
    sections += [section(standing(breaker)) for breaker in given.breakers]
    text = ", ".join(f"{node_class.name}: {choice.free} can go" for node_class, choice in given.classes)
    return message(
        f"Free now: {text}",
        section("*What could be lent now*"),
        *sections,
        actions(ask_for_nodes()),
    )


def class_line(node_class: NodeClass, choice: Choice) -> str:
    """Return what one class could lend."""
    floor = f"; {choice.floor} always stay" if choice.floor else ""
    could = f"{code(node_class.name)} *{choice.free} of {choice.total}* could go now"
    named = f": {nodes(choice.taken)}" if choice.taken else ""
    return f"{could}{named}\n{choice.usable} usable in Slurm{floor}.{_next(choice)}"


def _next(choice: Choice) -> str:
    """Return what would let more go: the floor when it is what keeps them, for no job's end changes that."""
    if choice.kept:
        return f" The floor of {choice.kept_by} keeps {counted(choice.kept, 'idle node')} here."
    soonest = choice.next_free[:1]
    if not soonest or not isinstance(soonest[0].why, RunsJobs) or soonest[0].why.until is None:
        return ""
    return f" Next: {code(soonest[0].node)}, {moment(soonest[0].why.until)} at the latest."


def help_on(given: HelpOn) -> Rendered:
    """Return one verb in full."""
    examples = "\n".join(f"• {code(example)}" for example in given.examples)
    text = f"*{quote(given.verb, 40)}*: {quote(given.summary, 300)}.\n{code(given.usage)}\nSuch as:\n{examples}"
    return message(text, section(text))


def help_all(verbs: Sequence[tuple[str, str, str]]) -> Rendered:
    """Return every verb, and where to say it."""
    lines = "\n".join(f"• {code(usage)}: {summary}" for _, usage, summary in verbs)
    where = "Say it after lendbot's slash command, to lendbot by name in a channel, or in a direct message"
    return message(
        "What you can say to lendbot",
        section(f"*What you can say*\n{lines}"),
        context(where, f"{code('help lend')} shows examples"),
        actions(ask_for_nodes()),
    )
