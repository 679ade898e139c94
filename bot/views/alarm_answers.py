"""What whoever pressed a button of an alarm reads."""

from typing import assert_never

from bot.views.text import clock, code, counted, numbered, who
from commands.alarm_replies import AlarmOver, AllTriedAgain, AlreadyTaken, Looking, NoAlarm


def alarm_answer(given: Looking | AlreadyTaken | AlarmOver | NoAlarm | AllTriedAgain) -> str:
    """Return it."""
    match given:
        case Looking():
            return "You're looking after it: I'll call nobody else. The message says when it's over."
        case AlreadyTaken(alarm):
            by = who(alarm.taken.id) if alarm.taken else "Somebody"
            since = f" since {clock(alarm.taken_at)}" if alarm.taken_at else ""
            return f"{by} has been looking{since}. Talk to each other; the other buttons are still yours to press."
        case AlarmOver(alarm):
            at = f" at {clock(alarm.solved_at)}" if alarm.solved_at else ""
            return f"That was solved{at}. Nothing is left to do."
        case NoAlarm():
            return (
                "Nothing has been done: I don't know this alarm. It's another lendbot's, or older than the backup that "
                f"my store was restored from. {code('status')} shows what's so now."
            )
        case AllTriedAgain(nodes, loans):
            if not nodes:
                return "They're on their way already. The message says how it goes."
            are = "is" if len(nodes) == 1 else "are"
            going = f"{counted(len(nodes), 'node')} of {numbered(loans)} {are} on the way home again"
            return f"{going}. The message says how it goes."
        case other:
            assert_never(other)
