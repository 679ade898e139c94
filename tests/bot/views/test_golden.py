"""What people read, state by state: read the diff as its reader would. `pytest --golden` with this file rewrites it."""

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.views.plain import plain
from tests.bot.views.drawn import messages, views
from tests.bot.views.validators import complaints

GOLDEN = Path(__file__).parents[2] / "golden"
ZONE = ZoneInfo("America/Indiana/Indianapolis")
MESSAGES = messages()
VIEWS = views()


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_reads_as_it_did(name: str, request: pytest.FixtureRequest) -> None:
    """Nobody changes what people read without somebody reading it."""
    drawn = MESSAGES[name]
    _held(name, {"reads": plain(drawn, ZONE).split("\n"), "text": drawn.text, "blocks": drawn.blocks}, request)


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_looks_as_it_did(name: str, request: pytest.FixtureRequest) -> None:
    """Nor what they fill in."""
    _held(name, VIEWS[name], request)


def test_no_golden_file_outlives_what_it_shows(request: pytest.FixtureRequest) -> None:
    """A file that no sample writes is read by nobody."""
    kept = {path.stem for path in GOLDEN.glob("*.json")}
    left = kept - set(MESSAGES) - set(VIEWS)
    if request.config.getoption("--golden"):
        for name in left:
            (GOLDEN / f"{name}.json").unlink()
        return
    assert not left


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_one_that_slack_takes(name: str) -> None:
    """A message that Slack refuses is a person who is not told."""
    assert complaints(MESSAGES[name].blocks, "message") == []
    assert 0 < len(MESSAGES[name].text) <= 3000


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_is_one_that_slack_takes(name: str) -> None:
    """A form that does not open is a decision that is not taken."""
    view = VIEWS[name]
    assert complaints(view["blocks"], view["type"]) == []


def _held(name: str, drawn: dict[str, Any], request: pytest.FixtureRequest) -> None:
    path = GOLDEN / f"{name}.json"
    now = json.dumps(drawn, indent=1, ensure_ascii=False) + "\n"
    if request.config.getoption("--golden"):
        path.write_text(now)
    assert path.read_text() == now
