"""docs/command-line.md, from the command line's own help."""

from collections.abc import Iterator
from typing import Any

import typer

from bot.cli.main import app

_HEAD = """# The command line

`lendbot` runs on its own host, with the same settings as the service. It needs no Slack: whoever may read lendbot's
secrets may decide, force and give nodes back. What is done here is kept as `cli:<account>`.

Exit codes: 0 done; 1 refused, or `doctor` found or could not ask something; 2 the settings cannot be used, or the
command itself; 3 the store does not answer.
"""


def page() -> str:
    group: Any = typer.main.get_command(app)
    return _HEAD + "".join(_chapter(name, command) for name, command in spelled(group))


def spelled(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every command with the words that it is typed with; a group's own page is its commands'."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from spelled(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def _chapter(name: str, command: Any) -> str:
    arguments = "".join(f" {_argument(p)}" for p in command.params if p.param_type_name == "argument")
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
    asked = "".join(f"| `{_option(p)}` | {_cell(p.help or '')} |\n" for p in options)
    told = "".join(_told(p) for p in command.params if p.param_type_name == "argument" and p.help)
    table = f"\n| option | meaning |\n| --- | --- |\n{asked}" if asked else ""
    return f"\n## lendbot {name}\n\n`lendbot {name}{arguments}`\n\n{_paragraph(command.help)}\n{told}{table}"


def _argument(parameter: Any) -> str:
    name = parameter.name.upper()
    return name if parameter.required else f"[{name}]"


def _told(parameter: Any) -> str:
    return f"\n`{parameter.name.upper()}`: {parameter.help}\n"


def _option(parameter: Any) -> str:
    """Return it as it is typed: `-c, --config CONFIG`."""
    spellings = sorted(parameter.opts, key=len)
    takes = "" if parameter.is_flag else f" {spellings[-1].strip('-').upper()}"
    return f"{', '.join(spellings)}{takes}"


def _paragraph(text: str) -> str:
    return " ".join((text or "").split())


def _cell(text: str) -> str:
    return _paragraph(text).replace("|", "\\|")
