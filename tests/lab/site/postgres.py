"""A PostgreSQL cluster of the lab's own, on the management address, with a database and an account for lendbot."""

import os
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg

from tests.lab.site import processes
from tests.lab.site.layout import POSTGRES_PORT, Layout
from tests.lab.site.tls import certify

NAME = "lendbot"


def create(layout: Layout) -> None:
    """A new cluster with the database and its account; started."""
    folder = _folder(layout)
    folder.mkdir(mode=0o700)
    shutil.chown(folder, "postgres", "postgres")
    _as_postgres("initdb", "--no-sync", "--auth=scram-sha-256", f"--pwfile={_password_file(layout)}", "-D", str(folder))
    (folder / "pg_hba.conf").write_text("local all all peer\nhostssl all all 0.0.0.0/0 scram-sha-256\n")
    certify(layout, _certificate(layout), folder / "server.key")
    shutil.copy(_certificate(layout), _trusted(layout))
    for file in (_certificate(layout), folder / "server.key"):
        shutil.chown(file, "postgres", "postgres")
    start(layout)
    password = _password_file(layout).read_text()
    for change in (f"CREATE ROLE {NAME} LOGIN PASSWORD '{password}'", f"CREATE DATABASE {NAME} OWNER {NAME}"):
        _as_postgres("psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(folder), "-p", str(POSTGRES_PORT), stdin=change)


def start(layout: Layout) -> None:
    """Start it and wait until it takes connections."""
    folder = _folder(layout)
    settings = [f"listen_addresses={layout.gateway}", f"port={POSTGRES_PORT}", f"unix_socket_directories={folder}"]
    settings.append("ssl=on")
    argv = [str(_bin("postgres")), "-D", f"{folder}/", *(word for setting in settings for word in ("-c", setting))]
    processes.start(layout, "postgres", [*_PRIVILEGES, *argv])
    ready = [str(_bin("pg_isready")), "-q", "-h", layout.gateway, "-p", str(POSTGRES_PORT)]
    processes.wait_until("PostgreSQL is ready", lambda: not subprocess.run(ready, check=False).returncode, 20)


def stop(layout: Layout) -> None:
    """As `systemctl stop` does it: clients are cut off."""
    processes.stop(layout, "postgres", signal.SIGINT)


def kill(layout: Layout) -> None:
    """As a crash does it: the next start recovers."""
    processes.stop(layout, "postgres", signal.SIGQUIT)


def url(layout: Layout) -> str:
    password = _password_file(layout).read_text()
    checked = f"sslmode=verify-full&sslrootcert={_trusted(layout)}"
    return f"postgresql+psycopg://{NAME}:{password}@{layout.gateway}:{POSTGRES_PORT}/{NAME}?{checked}"


def emptied(layout: Layout) -> str:
    """The address of lendbot's database, without any table."""
    with psycopg.connect(url(layout).replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return url(layout)


def prepare(layout: Layout) -> None:
    file = _password_file(layout)
    file.write_text(secrets.token_hex(12))
    shutil.chown(file, "postgres", "postgres")
    file.chmod(0o600)


_PRIVILEGES = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")


def _as_postgres(program: str, *argv: str, stdin: str = "") -> None:
    done = subprocess.run(
        [*_PRIVILEGES, str(_bin(program)), *argv],
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        cwd="/",
        input=stdin,
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{program}: {done.stderr.strip()}")


def _bin(program: str) -> Path:
    """The newest PostgreSQL that Debian installed: its programs are not on PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda path: float(path.parts[4]))
    return found[-1]


def _folder(layout: Layout) -> Path:
    return layout.dir / "postgres"


def _certificate(layout: Layout) -> Path:
    """Where PostgreSQL looks for it when it is told no other place."""
    return _folder(layout) / "server.crt"


def _trusted(layout: Layout) -> Path:
    """The same, for clients: the folder itself is for PostgreSQL's account alone."""
    return layout.dir / "postgres-ca.crt"


def _password_file(layout: Layout) -> Path:
    """Beside the keys, which only root may open."""
    return layout.dir / "postgres-password"
