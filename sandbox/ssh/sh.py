"""A little of `sh -c`: lines of one command, with words in quotes, variables, `${A+...}`, `read`, `[`, `||` and `exec`.

As much as a program needs that has a host check something before it begins. Words are never split again, and whatever
is not known here is a syntax error: a script that the sandbox misunderstands must not pass for one that ran.
"""

import re
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from .door import Talk

_BAD_SYNTAX: Final = 2
_COMPARE: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "-lt": lambda one, other: one < other,
    "-le": lambda one, other: one <= other,
    "-gt": lambda one, other: one > other,
    "-ge": lambda one, other: one >= other,
    "-eq": lambda one, other: one == other,
    "-ne": lambda one, other: one != other,
}
Program = Callable[[list[str]], Awaitable[int]]


class _Exit(Exception):  # noqa: N818 - it is how a script ends
    def __init__(self, code: int) -> None:
        self.code = code


class _Syntax(Exception):  # noqa: N818 - it carries what is not understood
    pass


@dataclass
class Script:
    """One run of a script.

    run     runs a program of the host
    files   what may be read with `<`, made when it is read
    """

    run: Program
    files: Mapping[str, Callable[[], str]]
    talk: Talk
    arguments: list[str]
    variables: dict[str, str] = field(default_factory=dict)

    async def play(self, text: str) -> int:
        """Run every line and return the exit code of the last."""
        code = 0
        try:
            for line in text.splitlines():
                code = await self._line(line) if line.strip() else code
        except _Exit as end:
            return end.code
        except _Syntax as odd:
            self.talk.err(f"sh: 1: Syntax error: {odd}\n")
            return _BAD_SYNTAX
        return code

    async def _line(self, line: str) -> int:
        code = 0
        for part in _alternatives(shlex.split(line)):
            code = await self._command(part)
            if code == 0:
                break
        return code

    async def _command(self, raw: Sequence[str]) -> int:
        words = [word for each in raw for word in self._expanded(each)]
        match words:
            case [assignment, "read", "-r", *names] if assignment.startswith("IFS="):
                return self._read(assignment.removeprefix("IFS="), names)
            case ["[", one, how, other, "]"] if how in _COMPARE:
                return self._compare(one, how, other)
            case ["echo", *said, ">&2"]:
                self.talk.err(" ".join(said) + "\n")
                return 0
            case ["exit", code] if code.isdigit():
                raise _Exit(int(code))
            case ["shift"]:
                del self.arguments[:1]
                return 0
            case ["exec", *command] if command:
                raise _Exit(await self.run(command))
            case _:
                raise _Syntax(" ".join(raw))

    def _read(self, separators: str, names: Sequence[str]) -> int:
        *targets, source = names
        if not source.startswith("<") or source[1:] not in self.files:
            raise _Syntax(source)
        fields = re.split(f"[{re.escape(separators)}]+", self.files[source[1:]]().strip(), maxsplit=len(targets) - 1)
        self.variables.update(zip(targets, [*fields, *[""] * len(targets)], strict=False))
        return 0

    def _compare(self, one: str, how: str, other: str) -> int:
        if not (one.isdigit() and other.isdigit()):
            self.talk.err(f"sh: 1: [: Illegal number: {one}\n")
            return _BAD_SYNTAX
        return int(not _COMPARE[how](int(one), int(other)))

    def _expanded(self, word: str) -> list[str]:
        if word == "$@":
            return list(self.arguments)
        if given := re.fullmatch(r"\$\{(\w+)\+(.*)\}", word):
            return self._expanded(given[2]) if given[1] in self.variables else []
        return [re.sub(r"\$(\w+)", lambda found: self._value(found[1]), word)]

    def _value(self, name: str) -> str:
        if name.isdigit():
            at = int(name) - 1
            return self.arguments[at] if at < len(self.arguments) else ""
        return self.variables.get(name, "")


def _alternatives(words: Sequence[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for word in words:
        if word == "||":
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


async def sh(
    argv: Sequence[str],
    run: Program,
    files: Mapping[str, Callable[[], str]],
    talk: Talk,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Run `sh -c SCRIPT [NAME ARGUMENTS...]`."""
    if len(argv) < 2 or argv[0] != "-c":  # noqa: PLR2004 - an option and its value
        talk.err("sh: this is a sandbox: it runs `sh -c`\n")
        return _BAD_SYNTAX
    return await Script(run, files, talk, list(argv[3:]), dict(environment or {})).play(argv[1])
