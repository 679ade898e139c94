"""What somebody meets who has read nothing: a port that is taken, and levers that say what they do."""

import socket

import pytest
from typer import Typer
from typer.testing import CliRunner

from sandbox.demo import main
from sandbox.fault_words import FAULTS_SAID, SIDES_SAID
from sandbox.faults import SIDES


def test_a_port_that_is_taken_is_said_in_a_sentence_with_a_way_out() -> None:
    """Port 8080 is taken on every second machine: the first minute is not for reading a traceback."""
    app = Typer()
    app.command()(main)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = CliRunner().invoke(app, ["--port", str(port)])
    assert said.exit_code == 1
    assert said.output == f"Port {port} is taken by another program. Try `make demo PORT={port + 10}`.\n"


@pytest.mark.parametrize("side", SIDES)
def test_every_lever_says_what_it_does(side: str) -> None:
    """Nobody knows what "forget" does to a GPU."""
    assert SIDES_SAID[side]
    assert set(SIDES[side]) <= set(FAULTS_SAID[side])
