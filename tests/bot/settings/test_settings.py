"""Settings: the example loads; each mistake is refused with its key, what is wrong with it, and a way to mend it."""

import tomllib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.hostlist import expanded
from bot.core import build
from bot.settings.classes import classes
from bot.settings.file import PLACES, BadSettings, find, load
from bot.settings.site import SiteSettings
from loans.nodes import Taint

EXAMPLE = Path(__file__).parents[3] / "lendbot.example.toml"
SECRETS = {
    "LENDBOT_SLACK__BOT_TOKEN": "xoxb-1",
    "LENDBOT_SLACK__APP_TOKEN": "xapp-1",
    "LENDBOT_POWER__BMC__PASSWORD": "calvin",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what an installer would set."""
    for name in ("LENDBOT_CONFIG", "LENDBOT_STORE__URL", "LENDBOT_SLACK__SIGNING_SECRET"):
        monkeypatch.delenv(name, raising=False)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def edited(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes the example with one piece of text in place of another."""

    def write(old: str, new: str) -> Path:
        text = EXAMPLE.read_text()
        assert text.count(old) >= 1, f"the example has no {old!r}"
        file = tmp_path / "lendbot.toml"
        file.write_text(text.replace(old, new, 1))
        return file

    return write


def test_the_example_loads() -> None:
    """Whoever copies it begins with a file that works."""
    settings = load(EXAMPLE)
    assert (settings.site, settings.slack.command, settings.slack.mode) == ("Anvil", "/nodes", "socket")
    assert settings.classes["gpu"].max_length == timedelta(days=14)
    assert settings.power["bmc"].password.get_secret_value() == "calvin"
    [gpu] = classes(settings, expanded).values()
    assert (gpu.rules.floor, gpu.prepare, gpu.gres) == (8, (("nvidia-smi", "-pm", "1"),), {"gpu": 4})
    assert gpu.taints == (Taint("lendbot/lent", "true", "NoSchedule"),)
    assert gpu.rules.reminders == (timedelta(hours=24), timedelta(hours=1))


def test_secrets_are_not_shown() -> None:
    """A traceback, a log line or a doctor's table gives no token away."""
    shown = repr(load(EXAMPLE))
    for secret in SECRETS.values():
        assert secret not in shown


def test_settings_do_not_change_after_start() -> None:
    """What was checked is what is used."""
    settings: Any = load(EXAMPLE)
    with pytest.raises(ValueError, match="frozen"):
        settings.site = "another"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "floor = 8",
            "floor = -3",
            "classes.gpu.floor: input should be greater than or equal to 0, is -3; for example 0",
        ),
        ("floor = 8", 'floor = "a few"', "classes.gpu.floor: input should be a valid integer"),
        ("max_nodes = 8", "max_nodes = 0", "classes.gpu.max_nodes: input should be greater than or equal to 1, is 0"),
        ("max_nodes = 8", "max_node = 8", "classes.gpu.max_node: lendbot knows no such key"),
        ("[store]", "[stores]", "stores: lendbot knows no such key"),
        ('max_length = "14 d"', 'max_length = "14 fortnights"', "classes.gpu.max_length: '14 fortnights' is no length"),
        ('max_length = "14 d"', "max_length = 14", "classes.gpu.max_length: 14 is no length of time"),
        ('max_length = "14 d"', 'max_length = "0 s"', "classes.gpu.max_length:"),
        ('max_length = "14 d"', 'max_length = "99999999999 d"', "classes.gpu.max_length:"),
        ('"24 h", "1 h"', '"24 h", "soon"', "classes.gpu.reminders.1: 'soon' is no length of time"),
        ('oncall_channel = "C0123456789"', 'oncall_channel = "#oncall"', "slack.oncall_channel: string should match"),
        ('oncall_channel = "C0123456789"', "", "slack.oncall_channel: field required; for example 'C0123456789'"),
        ('approvers = ["S0123456789"]', 'approvers = ["@gpu-admins"]', "classes.gpu.approvers.0: string should match"),
        ('approvers = ["S0123456789"]', "", "classes.gpu.approvers: field required"),
        ('approvers = ["S0123456789"]', "approvers = []", "classes.gpu.approvers:"),
        ('mode = "socket"', 'mode = "carrier pigeon"', "slack.mode: input should be 'socket' or 'http'"),
        ('command = "/nodes"', 'command = "nodes"', "slack.command: string should match pattern"),
        (
            'driver = "redfish"',
            'driver = "ilo"',
            "power.bmc.driver: should be one of 'redfish', 'ipmi', 'xcat', is 'ilo'",
        ),
        ('driver = "redfish"', "", "power.bmc.driver: field required, one of 'redfish', 'ipmi', 'xcat'"),
        (
            'driver = "redfish"',
            'driver = "redfish"\nport = 443',
            "power.bmc.port: the redfish driver knows no such key",
        ),
        (
            'driver = "redfish"',
            'driver = "xcat"',
            "power.bmc.url: the xcat driver knows no such key; its keys are program, timeout",
        ),
        ('driver = "redfish"', 'driver = "redfish"\ntimeout = 5', "power.bmc.timeout: 5 is no length of time"),
        ('power = "bmc"', 'power = "pdu"', "the file: classes.gpu.power is 'pdu', and there is no [power.pdu]"),
        ('partition = "gpu"', "", "classes.gpu.partition: field required; for example 'gpu'"),
        ("gres = { gpu = 4 }", 'gres = { gpu = "four" }', "classes.gpu.gres.gpu: input should be a valid integer"),
        ('[["nvidia-smi", "-pm", "1"]]', "[[]]", "classes.gpu.prepare.0: tuple should have at least 1 item"),
        ('effect = "NoSchedule"', 'effect = "Never"', "classes.gpu.taints.0.effect: input should be 'NoSchedule'"),
        ('key_file = "/etc/lendbot/id_ed25519"', "", "ssh.key_file: field required; for example"),
        ('url = "sqlite', 'url = "nosql', "store.url:"),
        ('url = "https://{node}-bmc.cluster.example"', 'url = "https://{nod}-bmc"', "power.bmc.url:"),
        ('address = "{node}.cluster.example"', 'address = "{host}.cluster"', "ssh.address:"),
        ('partition = "gpu"', 'partition = "gpu"\nkube_name = "{name}"', "classes.gpu.kube_name:"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_setting_is_refused_with_its_key(edited: Callable[..., Path], old: str, new: str, line: str) -> None:
    """At start, before anything is touched; one line says which key, what is wrong, and what would do."""
    with pytest.raises(BadSettings) as bad:
        load(edited(old, new))
    assert any(found.startswith(line) for found in bad.value.lines), bad.value.lines


@pytest.mark.parametrize("hostlist", ["gpu[1-", "gpu[3-1]", "gpu 1", "all"])
def test_a_hostlist_that_is_none_is_refused(edited: Callable[..., Path], hostlist: str) -> None:
    """A class of no nodes is found out at start."""
    file = edited('partition = "gpu"', f'partition = "gpu"\nnodes = "{hostlist}"')
    with pytest.raises(BadSettings, match=r"^classes\.gpu\.nodes: not a"):
        build(file)


def test_every_mistake_is_told_at_once(edited: Callable[..., Path]) -> None:
    """An installer does not start ten times."""
    with pytest.raises(BadSettings) as bad:
        load(edited("floor = 8 ", "floor = -1\nmax_bodes = 3\nlapse = 4 "))
    assert len(bad.value.lines) == 3


@pytest.mark.parametrize(
    ("after", "leak", "name"),
    [
        ("[slack]", 'bot_token = "xoxb-1"', "LENDBOT_SLACK__BOT_TOKEN"),
        ("[slack]", 'app_token = "xapp-1"', "LENDBOT_SLACK__APP_TOKEN"),
        ("[slack]", 'signing_secret = "s"', "LENDBOT_SLACK__SIGNING_SECRET"),
        ("[power.bmc]", 'password = "calvin"', "LENDBOT_POWER__BMC__PASSWORD"),
    ],
)
def test_a_secret_in_the_file_is_refused(edited: Callable[..., Path], after: str, leak: str, name: str) -> None:
    """A settings file is mailed and committed; the line says which variable is read instead, not the secret."""
    with pytest.raises(BadSettings) as bad:
        load(edited(after, f"{after}\n{leak}"))
    [line] = bad.value.lines
    assert name in line
    assert "calvin" not in line


def test_a_missing_secret_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first start fails with the very words to put right."""
    monkeypatch.delenv("LENDBOT_SLACK__BOT_TOKEN")
    with pytest.raises(BadSettings) as bad:
        load(EXAMPLE)
    assert bad.value.lines == ["slack.bot_token: missing; set LENDBOT_SLACK__BOT_TOKEN in the environment"]


@pytest.mark.parametrize(("mode", "name"), [("socket", "APP_TOKEN"), ("http", "SIGNING_SECRET")])
def test_each_mode_needs_its_own_secret(
    monkeypatch: pytest.MonkeyPatch, edited: Callable[..., Path], mode: str, name: str
) -> None:
    """Socket Mode and HTTP are told apart before a connection fails."""
    monkeypatch.delenv("LENDBOT_SLACK__APP_TOKEN")
    with pytest.raises(BadSettings) as bad:
        load(edited('mode = "socket"', f'mode = "{mode}"'))
    assert f"LENDBOT_SLACK__{name}" in str(bad.value)


def test_the_environment_goes_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database password is in no file."""
    monkeypatch.setenv("LENDBOT_STORE__URL", "postgresql://lendbot:secret@db/lendbot")
    settings = load(EXAMPLE)
    assert settings.store.url.get_secret_value() == "postgresql://lendbot:secret@db/lendbot"
    assert "secret" not in repr(settings.store)


def test_two_classes_of_one_name_are_refused(tmp_path: Path) -> None:
    """What a person says means one class."""
    text = EXAMPLE.read_text()
    file = tmp_path / "lendbot.toml"
    file.write_text(text + text[text.index("[classes.gpu]") :].replace("[classes.gpu]", "[classes.big]"))
    with pytest.raises(BadSettings, match=r"classes\.big is called 'a100', and so is classes\.gpu"):
        load(file)


@pytest.mark.parametrize(
    ("text", "line"), [("[slack", "is no TOML"), ("", "slack.oncall_channel: field required"), ("\x00", "is no TOML")]
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str, line: str) -> None:
    """Cut off, empty, or something else."""
    file = tmp_path / "lendbot.toml"
    file.write_text(text)
    with pytest.raises(BadSettings) as bad:
        load(file)
    assert any(line in found for found in bad.value.lines)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    """An editor of long ago is no traceback."""
    file = tmp_path / "lendbot.toml"
    file.write_bytes('site = "Zürich"'.encode("latin-1"))
    with pytest.raises(BadSettings, match="is no TOML"):
        load(file)


def test_a_missing_file_says_where_was_looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By name, and in the usual places."""
    with pytest.raises(BadSettings, match="cannot be read: No such file"):
        load(tmp_path / "nowhere.toml")
    monkeypatch.chdir(tmp_path)
    if not PLACES[1].exists():
        with pytest.raises(BadSettings, match=r"looked for lendbot\.toml"):
            find()


def test_the_file_is_found_by_option_then_variable_then_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearer word wins."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lendbot.toml").touch()
    assert find() == PLACES[0]
    monkeypatch.setenv("LENDBOT_CONFIG", "/etc/other.toml")
    assert find() == Path("/etc/other.toml")
    assert find(Path("said.toml")) == Path("said.toml")


def test_the_example_shows_no_key_that_is_not_there() -> None:
    """A comment does not promise what the program does not know."""
    table = tomllib.loads(EXAMPLE.read_text())
    assert set(table) <= set(SiteSettings.model_fields)


@pytest.mark.parametrize(
    "name", ["SLURM_CLUSTERS", "SLURM_CONF", "SQUEUE_USERS", "SACCT_FORMAT", "TZ", "LC_ALL", "A B", ""]
)
def test_no_variable_that_changes_slurms_answers_can_be_kept(edited: Callable[..., Path], name: str) -> None:
    """A site that needs LD_LIBRARY_PATH doesn't open the door to a filter that hides jobs."""
    assert load(edited("[slurm]", '[slurm]\nkeep_env = ["LD_LIBRARY_PATH"]')).slurm.keep_env == {"LD_LIBRARY_PATH"}
    with pytest.raises(BadSettings) as bad:
        load(edited("[slurm]", f'[slurm]\nkeep_env = ["{name}"]'))
    assert "slurm.keep_env" in str(bad.value)
