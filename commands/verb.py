"""What a verb is: how it is said, and what it means. The table of them is in commands/grammar.py."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LOAN = r"(?:loan\s+)?\#?(?P<loan>\d{1,9})"
"""A loan's number, as people write it: `#12`, `12`, `loan 12`."""
_HOSTLIST = r"[A-Za-z][\w.-]*(?:\[[\d,\s-]+\][\w.-]*)*"
NODES = rf"(?P<nodes>{_HOSTLIST}(?:\s*,\s*{_HOSTLIST})*)"
"""Node names or hostlists: `gpu003`, `gpu003,gpu005`, `gpu[003-005,007]`."""


@dataclass(frozen=True)
class Verb:
    """One verb.

    names      how it may begin; the first is the one that help shows
    pattern    the whole sentence, matched in full, case and extra spaces aside
    read       a match becomes the verb's Ask
    examples   two or more sentences; a test reads each of them
    """

    names: tuple[str, ...]
    usage: str
    summary: str
    examples: tuple[str, ...]
    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], Any]

    @property
    def name(self) -> str:
        """Return the verb as help shows it."""
        return self.names[0]


def sentence(pattern: str) -> re.Pattern[str]:
    """Compile a sentence: spaces in the pattern stand for any white space, letters for either case."""
    return re.compile(pattern.replace(" ", r"\s+"), re.IGNORECASE)
