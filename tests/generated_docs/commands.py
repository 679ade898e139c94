"""docs/commands.md, from the table of verbs."""

from commands.grammar import VERBS
from commands.verb import Verb

_HEAD = """# What you can say to lendbot

In a channel: `/nodes lend ...`, or `@lendbot lend ...`. In a direct message: `lend ...`. A button says the same as its
verb. Case and extra spaces do not matter; a typo is answered with the nearest verb.

| say | for |
| --- | --- |
"""


def page() -> str:
    rows = "".join(f"| [`{_cell(verb.usage)}`](#{_anchor(verb)}) | {verb.summary} |\n" for verb in VERBS)
    return _HEAD + rows + "".join(_chapter(verb) for verb in VERBS)


def _chapter(verb: Verb) -> str:
    also = f" Also: {', '.join(f'`{name}`' for name in verb.names[1:])}." if verb.names[1:] else ""
    examples = "\n".join(f"/nodes {example}" for example in verb.examples)
    summary = f"{verb.summary[:1].upper()}{verb.summary[1:]}"
    return f"\n## {verb.name}\n\n`{verb.usage}`\n\n{summary}.{also}\n\n```text\n{examples}\n```\n"


def _anchor(verb: Verb) -> str:
    return verb.name.replace(" ", "-")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
