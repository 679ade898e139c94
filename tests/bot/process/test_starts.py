"""Starts that cannot be: a sentence each, an exit code, and no traceback."""

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cli.opened import EXIT_SETTINGS, EXIT_UNAVAILABLE
from sandbox.testing import Handle, running
from store.db import Store
from tests.moment import MOMENT
from tests.patience import PATIENCE_S

SECRET = "hunter2-of-the-store"


@dataclass
class Host:
    """A site, and the settings of the lendbot that is started on it."""

    site: Handle
    folder: Path

    def start(self, adjust: Callable[[str], str] = str, **env: str) -> "subprocess.CompletedProcess[str]":
        """Run `lendbot serve` with changed settings until it ends by itself."""
        toml = self.folder / "lendbot.toml"
        toml.write_text(adjust((self.site.paths / "lendbot.toml").read_text()))
        lines = (self.site.paths / "lendbot.env").read_text().splitlines()
        said = dict(line.split("=", 1) for line in lines)
        said.pop("LENDBOT_CONFIG", None)
        return subprocess.run(
            [sys.executable, "-m", "bot.cli", "serve", "--config", str(toml)],
            env={**os.environ, **said, **env},
            cwd=Path(__file__).parents[3],
            text=True,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def url(self, name: str = "store.db") -> str:
        return f"sqlite:///{self.folder / name}"


@pytest.fixture(scope="module")
def site() -> Iterator[Handle]:
    with running(at=MOMENT, gpu_nodes=2, cpu_nodes=0, busy=0.0) as found:
        yield found


@pytest.fixture
def host(site: Handle, tmp_path: Path) -> Host:
    return Host(site, tmp_path)


def assert_refused(ended: "subprocess.CompletedProcess[str]", code: int, *words: str) -> None:
    print(ended.stderr)
    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stderr
    for word in words:
        assert word in ended.stderr
    assert SECRET not in ended.stderr + ended.stdout
    assert "SecretStr" not in ended.stderr, "an example that shows stars helps nobody"


def test_a_store_of_a_newer_lendbot_says_which_one_to_install(host: Host) -> None:
    """Going back by mistake must not misread anything, nor be told to upgrade what is newer already."""
    made(host.url())
    with sqlite3.connect(host.folder / "store.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    ended = host.start(LENDBOT_STORE__URL=host.url())
    assert_refused(ended, EXIT_UNAVAILABLE, "9999", "a newer lendbot", "restore the backup")


def test_a_store_that_is_read_only_says_so(host: Host) -> None:
    """A disk that was mounted anew after an error: lendbot cannot work, and says why."""
    made(host.url())
    url = f"sqlite:///file:{host.folder / 'store.db'}?mode=ro&uri=true"
    assert_refused(host.start(LENDBOT_STORE__URL=url), EXIT_UNAVAILABLE, "it is read-only")


def test_tables_without_a_version_are_left_alone(host: Host) -> None:
    """A copy without its version would be made anew over what is there, or fail half-way."""
    made(host.url())
    with sqlite3.connect(host.folder / "store.db") as connection:
        connection.execute("DROP TABLE alembic_version")
    ended = host.start(LENDBOT_STORE__URL=host.url())
    assert_refused(ended, EXIT_UNAVAILABLE, "does not say of which version", "restore a backup whole")


def test_a_metrics_port_that_is_taken_is_named(host: Host) -> None:
    """Two lendbots on one host are found out at once, and the second has not begun anything."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = host.start(lambda toml: f'{toml}\n[metrics]\nlisten = "{address}"\n', LENDBOT_STORE__URL=host.url())
    assert_refused(ended, EXIT_UNAVAILABLE, "metrics.listen", address, "Does another lendbot run here?")


@pytest.mark.parametrize("text", [SECRET, f'"{SECRET}"', f'["{SECRET}"]', "5"])
def test_an_environment_that_holds_no_table_is_named_and_not_repeated(host: Host, text: str) -> None:
    """Whoever pastes the token into LENDBOT_SLACK reads where it goes, and finds it in no log."""
    ended = host.start(LENDBOT_SLACK=text)
    assert_refused(ended, EXIT_SETTINGS, "LENDBOT_SLACK", "LENDBOT_SLACK__BOT_TOKEN")


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://lendbot:{SECRET}@db/lendbot",
        f"postgresql://db/lendbot?user=lendbot&password={SECRET}",
        f"postgres//lendbot:{SECRET}@db",
    ],
)
def test_a_password_in_the_stores_address_is_not_taken_from_the_file(host: Host, url: str) -> None:
    """A settings file is copied, mailed and committed; and what is wrong with it is logged."""
    ended = host.start(lambda toml: in_table(toml, "store", f'url = "{url}"'))
    assert_refused(ended, EXIT_SETTINGS, "store.url", "LENDBOT_STORE__URL")


@pytest.mark.parametrize("url", [f"mysql://lendbot:{SECRET}@db/lendbot", f"postgres//lendbot:{SECRET}@db"])
def test_a_wrong_address_from_the_environment_is_not_repeated(host: Host, url: str) -> None:
    """What is wrong is said without the password that stands in the middle of it."""
    assert_refused(host.start(LENDBOT_STORE__URL=url), EXIT_SETTINGS, "store.url")


def test_a_store_that_cannot_be_reached_hides_its_password_wherever_it_stands(host: Host) -> None:
    """The first thing that an outage prints is the address."""
    for url in (
        f"postgresql://lendbot:{SECRET}@127.0.0.1:9/lendbot",
        f"postgresql://127.0.0.1:9/lendbot?user=lendbot&password={SECRET}",
    ):
        assert_refused(host.start(LENDBOT_STORE__URL=url), EXIT_UNAVAILABLE, "127.0.0.1:9", "does not answer")


def test_no_core_dump_is_ever_written() -> None:
    """What lendbot holds in memory opens every node; a crash must not leave it on a disk."""
    unit = (Path(__file__).parents[3] / "deploy" / "lendbot.service").read_text()
    assert "LimitCORE=0" in unit.splitlines()
    asked = (
        "import resource\nfrom bot.cli.opened import opened\n"
        "try:\n    with opened(None): pass\nexcept SystemExit: pass\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", asked],
        text=True,
        capture_output=True,
        timeout=PATIENCE_S,
        check=True,
        cwd="/",
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert ended.stdout.strip().endswith("(0, 0)")


def made(url: str) -> None:
    """Make a store's tables."""
    store = Store.open(url)
    store.upgrade()
    store.close()


def in_table(toml: str, table: str, line: str) -> str:
    """Return settings with one line in a table instead of what it held."""
    head, _, rest = toml.partition(f"[{table}]\n")
    after = rest[rest.find("\n[") + 1 :]
    return f"{head}[{table}]\n{line}\n\n{after}"
