"""What a site installs beside the program: the unit and the wrapper say the same, and say what is there."""

import configparser
import re
from pathlib import Path
from typing import Any

import typer

from bot.cli.main import app

DEPLOY = Path(__file__).parents[1] / "deploy"


def service() -> configparser.SectionProxy:
    """Return the unit's [Service]; a key that stands twice is kept once, which is enough here."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(DEPLOY / "lendbot.service", encoding="utf-8")
    return unit["Service"]


def test_the_unit_starts_a_command_that_exists() -> None:
    """`systemctl start` does not end in "No such command"."""
    _, verb, *options = service()["ExecStart"].split()
    group: Any = typer.main.get_command(app)
    known = {spelling for parameter in group.commands[verb].params for spelling in parameter.opts}
    assert {option for option in options if option.startswith("-")} <= known


def test_the_wrapper_runs_the_same_program_with_the_same_secrets_as_the_unit() -> None:
    """`lendbot status` at night looks at the store that the service writes."""
    unit, wrapper = service(), (DEPLOY / "lendbot-night").read_text(encoding="utf-8")
    defaults = dict(re.findall(r"\$\{(\w+):-([^}$]+)\}", wrapper))
    assert defaults["LENDBOT_PROGRAM"] == unit["ExecStart"].split()[0]
    assert defaults["LENDBOT_CONFIG"] == unit["ExecStart"].split()[-1]
    assert defaults["LENDBOT_ENVIRONMENT"] == unit["EnvironmentFile"]
    assert defaults["LENDBOT_ACCOUNT"] == unit["User"]
