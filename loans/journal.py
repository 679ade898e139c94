"""One line of the journal: what the engine did for a subject, in order. The journal is what a restart resumes from."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EntryKind(StrEnum):
    """What may be written of a step. Order for one try: STARTED, then DID, then FINISHED or FAILED."""

    STARTED = "started"
    """The engine is about to change something; it may or may not have happened."""
    DID = "did"
    """The change was made, or asked for; the far side has not confirmed it yet."""
    FINISHED = "finished"
    """The far side says that it is so."""
    FAILED = "failed"
    """This try is over without success."""


@dataclass(frozen=True)
class Entry:
    """A line.

    subject   a node's name, or `take.N` for the N-th wave of taking
    run       which plan of that subject, counted from 1
    plan      "take", "lend" or "return"
    detail    for people: the far side's words, never a secret
    """

    loan_id: int
    subject: str
    run: int
    plan: str
    step: str
    kind: EntryKind
    at: datetime
    detail: str = ""
