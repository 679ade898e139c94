"""`lendbot when`, as a person and as a script use it."""

import json
import subprocess
import sys

import pytest

from bot.cli.when import answer_line

COMMAND = [sys.executable, "-m", "bot.cli", "when"]
AT = {"now": "2026-11-24T10:00", "tz": "America/Indiana/Indianapolis"}


def asked(phrase: str, **other: object) -> dict[str, object]:
    """The answer to one line."""
    return answer_line(json.dumps({"phrase": phrase, **AT, **other}))


def test_a_phrase_is_answered_with_one_object() -> None:
    """The example of the manual works as printed."""
    told = subprocess.run(
        [*COMMAND, "until Friday 6pm", "--now", AT["now"], "--tz", AT["tz"]], capture_output=True, check=True
    )
    assert json.loads(told.stdout) == {"deadline": "2026-11-27T18:00:00-05:00"}


def test_each_kind_of_answer_has_its_key() -> None:
    """A script can tell them apart by one key."""
    assert asked("until Friday") == {"deadline": "2026-11-27T23:59:00-05:00"}
    assert asked("for 3 days") == {"duration_s": 259200}
    assert asked("from Monday until Wednesday") == {
        "interval": ["2026-11-30T00:00:00-05:00", "2026-12-02T23:59:00-05:00"]
    }
    assert asked("next Friday") == {
        "ask": [
            {"say": "Fri 27 Nov 2026, 23:59 EST (UTC-5), 3 days 13 h", "deadline": "2026-11-27T23:59:00-05:00"},
            {"say": "Fri 4 Dec 2026, 23:59 EST (UTC-5), 10 days 13 h", "deadline": "2026-12-04T23:59:00-05:00"},
        ]
    }
    assert list(asked("when it is done")) == ["refused"]
    assert asked("untill freday")["guess"] == "until friday"


def test_the_moment_may_be_a_wall_clock_or_carry_an_offset() -> None:
    """A naive moment is one of the zone; an aware one is what it says."""
    assert asked("in 2 hours", tz="+05:30") == {"deadline": "2026-11-24T12:00:00+05:30"}
    assert asked("in 2 hours", now="2026-11-24T10:00:00Z", tz="+05:30") == {"deadline": "2026-11-24T17:30:00+05:30"}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "no json",
        "[]",
        '{"phrase": 3}',
        "[" * 100_000,
        json.dumps({"phrase": "Friday", "now": "noon"}),
        json.dumps({"phrase": "Friday", "now": 12}),
        json.dumps({"phrase": "Friday", "now": "9999-12-31T23:59:59"}),
        json.dumps({"phrase": "Friday", "now": "2026-11-24T10:00", "tz": "../etc/passwd"}),
        json.dumps({"phrase": "Friday", "now": "2026-11-24T10:00", "tz": "+25:00"}),
        json.dumps({"phrase": "Friday", "now": "2026-11-24T10:00", "tz": ["UTC"]}),
        json.dumps({"phrase": "\ud800", "now": "2026-11-24T10:00"}),
    ],
)
def test_a_line_that_cannot_be_used_is_refused(line: str) -> None:
    """One bad line in ten thousand must not cost the others."""
    assert list(answer_line(line)) == ["refused"]


def test_lines_are_answered_in_order_and_a_broken_one_does_not_end_the_run() -> None:
    """The output has as many lines as the input, bytes that are no text included."""
    good = json.dumps({"phrase": "in 2 hours", **AT}).encode()
    told = subprocess.run([*COMMAND, "--jsonl"], input=good + b"\n\xff\xfe{\n" + good, capture_output=True, check=True)
    answers = [json.loads(line) for line in told.stdout.splitlines()]
    assert [list(answer) for answer in answers] == [["deadline"], ["refused"], ["deadline"]]


def test_a_zone_that_is_none_is_said_on_the_command_line() -> None:
    """A person sees which option is wrong, and an example that works."""
    told = subprocess.run([*COMMAND, "Friday", "--tz", "Mars/Olympus"], capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "Mars/Olympus" in told.stderr
    assert "Traceback" not in told.stderr
