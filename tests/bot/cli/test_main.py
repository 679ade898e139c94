"""The command line as a person at night meets it: a process of its own, its words, and its exit codes."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from loans.loan import Loan, NodeState, State
from loans.nodes import NodeName
from loans.runbook import StepName
from sandbox.faults import Fault
from store.breakers import Breaker
from store.db import Store
from tests.conversion.rig import Rig, rigged
from tests.moment import clock_table
from tests.store.values import a_loan, a_node

ROOT = Path(__file__).parents[3]
COMMANDS = [
    "serve", "worker", "doctor", "upgrade", "status", "loans", "history", "approve", "decline", "force", "give-back",
    "go-on", "audit", "when",
]  # fmt: skip
HEAVY = {"kubernetes", "paramiko", "slack_bolt", "slack_sdk", "sqlalchemy", "alembic", "sushy"}
"""What takes seconds to import, and no help text needs."""
WHEN = ["when", "for 3 days", "--now", "2026-11-24T10:00"]
OK, REFUSED, SETTINGS, UNAVAILABLE = 0, 1, 2, 3


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example, with a store of the test's own and a kubeconfig that points nowhere."""
    monkeypatch.setenv("LENDBOT_SLACK__BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("LENDBOT_SLACK__APP_TOKEN", "xapp-1")
    monkeypatch.delenv("LENDBOT_CONFIG", raising=False)
    monkeypatch.setenv("TZ", "America/Indiana/Indianapolis")
    kubeconfig = tmp_path / "kubeconfig"
    cluster = {"name": "k", "cluster": {"server": "http://127.0.0.1:9"}}
    context = {"name": "k", "context": {"cluster": "k", "user": "k"}}
    kubeconfig.write_text(
        json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "k",
            "clusters": [cluster], "contexts": [context], "users": [{"name": "k", "user": {}}],
        })
    )  # fmt: skip
    text = (ROOT / "lendbot.example.toml").read_text()
    text = text.replace("sqlite:////var/lib/lendbot/lendbot.db", f"sqlite:///{tmp_path}/lendbot.db")
    text = text.replace("/etc/lendbot/kubeconfig", str(kubeconfig)).replace("/etc/lendbot/", f"{tmp_path}/")
    file = tmp_path / "lendbot.toml"
    file.write_text(text + clock_table())
    return file


@pytest.fixture
def store(config: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{config.parent}/lendbot.db")
    opened.upgrade()
    yield opened
    opened.close()


@pytest.fixture
def loan(store: Store) -> Loan:
    """A loan with two nodes in Kubernetes."""
    with store.write() as tx:
        saved = tx.loans.add(a_loan(state=State.LENT, purpose="a workshop"))
        tx.nodes.add(a_node(saved.id, "gpu001", state=NodeState.LENT))
        tx.nodes.add(a_node(saved.id, "gpu002", state=NodeState.LENT))
    return saved


def run(*argv: object) -> tuple[int, str]:
    """Run a command in this process; return its exit code and all that it said."""
    found = CliRunner().invoke(app, [str(word) for word in argv])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    assert "Traceback" not in found.output
    return found.exit_code, found.output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    """Whoever is woken at 3 a.m. finds the words."""
    code, said = run(command, "--help")
    assert code == OK
    assert "Usage" in said


def test_help_lists_every_command() -> None:
    """None is hidden, and a bare call shows them too."""
    _, said = run("--help")
    assert all(command in said for command in COMMANDS)
    assert all(command in run()[1] for command in COMMANDS)


@pytest.mark.parametrize("words", [["--help"], ["doctor", "--help"], ["--version"], WHEN])
def test_words_that_need_no_far_side_wait_for_no_library_of_one(words: list[str]) -> None:
    """Help comes at once: it is asked for by people in a hurry."""
    program = (
        "import sys; from bot.cli.main import app; app(standalone_mode=False); print(*sys.modules, file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, cwd=ROOT, check=True, timeout=60
    )
    assert ran.stdout
    assert HEAVY & set(ran.stderr.split()) == set()


def test_a_loan_is_looked_at_and_sent_home_without_slack(config: Path, loan: Loan, store: Store) -> None:
    """The night when Slack is down: see it, and give it back."""
    code, said = run("loans", "-c", config)
    assert (code, f"#{loan.id}" in said) == (OK, True)
    code, said = run("status", loan.id, "-c", config)
    assert code == OK
    assert "gpu001" in said or "gpu[001-002]" in said
    code, said = run("give-back", "gpu001", "-c", config)
    assert (code, "gpu001" in said) == (OK, True)
    code, said = run("give-back", f"#{loan.id}", "-c", config)
    assert code == OK
    with store.read() as tx:
        assert tx.loans.get(loan.id).state is State.RETURNING
        assert tx.loans.get(loan.id).returned_by.startswith("cli:")  # type: ignore[union-attr] - just returned
    code, said = run("history", loan.id, "-c", config)
    assert code == OK
    assert "cli:" in said


def test_a_class_whose_nodes_fail_is_decided_on_without_slack(config: Path, loan: Loan, store: Store) -> None:
    """The one who mended the mirror at night says so on the host."""
    assert run("go-on", "gpu", "-c", config)[0] == REFUSED
    with store.write() as tx:
        nodes = (NodeName("gpu001"), NodeName("gpu002"))
        tx.breakers.put(Breaker("gpu", StepName.PUPPET, "Puppet failed with 6", nodes, 2, loan.asked_at))
    code, said = run("go-on", "gpu", "-c", config)
    assert (code, "replaced again" in said) == (OK, True)
    code, said = run("go-on", "gpu", "--send-home", "-c", config)
    assert (code, "Nothing has changed" in said) == (REFUSED, True)


def test_what_is_said_is_plain_text(config: Path, loan: Loan) -> None:
    """No blocks, no tokens, no escape codes: it can be piped and mailed."""
    for argv in (("loans",), ("status",), ("status", loan.id), ("history",)):
        _, said = run(*argv, "-c", config)
        assert "\x1b" not in said
        assert "<!date" not in said
        assert '"type"' not in said


@pytest.mark.parametrize(
    "argv",
    [
        ("status", "99"),
        ("status", "99999999999999999999999"),
        ("give-back", "99"),
        ("give-back", "99999999999999999999999"),
        ("give-back", "gpu099"),
        ("give-back", "gpu099", "--loan", "1"),
        ("give-back", "gpu[0-99999999]"),
        ("give-back", "\u00b2"),
        ("give-back", ""),
        ("history", "99"),
        ("history", "; drop table"),
    ],
)
def test_what_cannot_be_done_is_said_and_ends_with_1(config: Path, loan: Loan, argv: tuple[str, ...]) -> None:
    """A script notices; a person reads a sentence."""
    code, said = run(*argv, "-c", config)
    assert (code, bool(said.strip()), loan.state) == (REFUSED, True, State.LENT)


@pytest.mark.parametrize(
    "argv",
    [
        ("give-back", "gpu001", "--from", "teleport"),
        ("give-back", "1", "--from", "verify"),
        ("status", "twelve"),
        ("dance",),
        ("loans", "--fast"),
        ("when",),
    ],
)
def test_what_was_typed_wrong_ends_with_2(argv: tuple[str, ...]) -> None:
    """Usage is shown before any settings are read."""
    assert run(*argv)[0] == SETTINGS


@pytest.mark.parametrize(
    "command", [["serve"], ["worker"], ["doctor"], ["loans"], ["status"], ["upgrade"], ["give-back", "1"]]
)
def test_missing_or_wrong_settings_end_with_2_and_the_key(config: Path, tmp_path: Path, command: list[str]) -> None:
    """Which file, which key, what is wrong: a line each, and nothing is started."""
    code, said = run(*command, "-c", tmp_path / "nowhere.toml")
    assert (code, "nowhere.toml" in said, "cannot be read" in said) == (SETTINGS, True, True)
    config.write_text(config.read_text().replace("floor = 8", "floor = -8"))
    code, said = run(*command, "-c", config)
    assert (code, "classes.gpu.floor" in said) == (SETTINGS, True)


def test_an_upgrade_says_whether_the_numbers_were_compared(config: Path) -> None:
    """After a restore an operator reads that the first loan waits for Slurm, and the tables are fine all the same."""
    code, said = run("upgrade", "-c", config)
    assert (code, "is at" in said) == (OK, True)
    assert "loans' numbers are not compared yet: Slurm" in said


@pytest.mark.parametrize("command", [["doctor"], ["loans"], ["worker"]])
def test_a_kubeconfig_that_cannot_be_used_ends_with_2_and_its_name(config: Path, command: list[str]) -> None:
    """An installer who has not made it yet reads a sentence."""
    (config.parent / "kubeconfig").unlink()
    code, said = run(*command, "-c", config)
    assert (code, "kubeconfig cannot be used" in said) == (SETTINGS, True)


@pytest.mark.parametrize("command", [["loans"], ["status"], ["history"], ["give-back", "1"]])
def test_a_store_that_cannot_be_used_ends_with_3(config: Path, command: list[str]) -> None:
    """Not there, not made yet, or no database: what is wrong is said without a trace."""
    database = config.parent / "lendbot.db"
    code, said = run(*command, "-c", config)
    assert (code, "lendbot upgrade" in said) == (UNAVAILABLE, True)
    database.write_bytes(b"this is no database" * 100)
    code, said = run(*command, "-c", config)
    assert code == UNAVAILABLE
    assert "not a database" in said


def test_upgrade_makes_the_tables_and_may_be_repeated(config: Path) -> None:
    """An installer runs it twice without fear."""
    for _ in range(2):
        code, said = run("upgrade", "-c", config)
        assert (code, "is at" in said) == (OK, True)
    assert run("loans", "-c", config)[0] == OK


@pytest.fixture(scope="module")
def site() -> Iterator[Rig]:
    with rigged(speed=1.0, busy=0.0, gpu_nodes=2, cpu_nodes=0) as found:
        yield found


def test_doctor_ends_with_0_only_when_every_row_is_fine(site: Rig) -> None:
    """A script may ask it: what was not asked does not count as well."""
    settings = site.site.paths / "lendbot.toml"
    code, said = run("doctor", "-c", settings)
    assert (code, said.splitlines()[-1]) == (OK, "All is well.")
    site.site.call(lambda: site.site.faults.set(Fault("slurm", "refuse")))
    try:
        code, said = run("doctor", "-c", settings)
    finally:
        site.site.call(site.site.faults.clear)
    assert (code, said.splitlines()[-1].startswith("To mend (✗): Slurm: reading. Not")) == (REFUSED, True)


@pytest.mark.parametrize("node", ["gpu[001-002]", "", "--", "gpu 1", "gpu["])
def test_doctor_tries_one_node_with_a_name(site: Rig, node: str) -> None:
    """What is no name of a node goes to no shell and no BMC."""
    code, said = run("doctor", "-c", site.site.paths / "lendbot.toml", "--node", node)
    assert (code, "gpu007" in said) == (SETTINGS, True)


def test_doctor_says_on_a_terminal_what_it_asks_and_in_a_pipe_nothing_but_the_table(site: Rig) -> None:
    """A person sees whom the wait is for; a log gets no spinner."""
    settings = site.site.paths / "lendbot.toml"
    assert "asking" in on_a_terminal("doctor", "-c", settings)
    site.site.call(lambda: site.site.faults.set(Fault("kube", "refuse")))
    try:
        piped = subprocess.run(
            [sys.executable, "-m", "bot.cli", "doctor", "-c", settings],
            capture_output=True, text=True, cwd=ROOT, check=False, timeout=60,
        )  # fmt: skip
    finally:
        site.site.call(site.site.faults.clear)
    assert (piped.stderr, "asking" in piped.stdout) == ("", False)
    assert "Kubernetes: reading" in piped.stdout.splitlines()[-1]


def on_a_terminal(*argv: object) -> str:
    """Run the program with a terminal as its standard error, and return what came there."""
    ours, theirs = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "FORCE_COLOR"}} | {"TERM": "xterm"}
    command = [sys.executable, "-m", "bot.cli", *map(str, argv)]
    subprocess.run(command, stderr=theirs, stdout=theirs, cwd=ROOT, env=environment, check=False, timeout=60)
    os.close(theirs)
    said = b""
    try:
        while chunk := os.read(ours, 65536):
            said += chunk
    except OSError:
        pass  # the other end is closed: that is how a terminal says the end
    os.close(ours)
    return said.decode()


def test_colours_are_for_terminals(config: Path) -> None:
    """Red where a person looks, plain where a log collects."""
    config.write_text(config.read_text().replace("floor = 8", "floor = -8"))
    assert "\x1b[31m" in on_a_terminal("loans", "-c", config)
    assert "\x1b" not in run("loans", "-c", config)[1]


def test_a_reading_of_a_time_needs_no_settings() -> None:
    """It is for trying out words."""
    code, said = run("when", "until Friday 6pm", "--now", "2026-11-24T10:00", "--tz", "America/Indiana/Indianapolis")
    assert (code, json.loads(said)) == (OK, {"deadline": "2026-11-27T18:00:00-05:00"})


def test_the_version_is_told() -> None:
    """The first question of every bug report."""
    code, said = run("--version")
    assert (code, said.strip().count(".")) == (OK, 2)


def test_history_of_a_node_is_found_by_its_name(config: Path, loan: Loan, store: Store) -> None:
    """What was done to this machine lately?"""
    with store.write() as tx:
        [part, _] = tx.nodes.of(loan.id)
        tx.nodes.save(replace(part, note="x"))
    run("give-back", "gpu001", "-c", config)
    assert "gave it back" in run("history", "gpu001", "-c", config)[1]
