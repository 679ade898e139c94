"""A PostgreSQL of our own for the length of a test run: a Unix socket in a temporary folder, no port, no password."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from sqlalchemy import make_url

DEBIAN = Path("/usr/lib/postgresql")


class NoPostgres(Exception):  # noqa: N818 - a finding about this machine
    """This machine cannot run one; the text says why."""


@contextlib.contextmanager
def cluster() -> Iterator[str]:
    """Run a server and yield its address; it ends with the block, and by itself when we are killed.

    raises   NoPostgres
    """
    programs = _programs()
    account = _account()
    folder = Path(tempfile.mkdtemp(prefix="lendbot-postgres-"))
    shutil.chown(folder, user=account.pw_uid, group=account.pw_gid)
    try:
        with _running(programs, account, folder):
            yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    found = sorted(DEBIAN.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise NoPostgres(f"no {DEBIAN}/*/bin/postgres: install postgresql, or set LENDBOT_TEST_POSTGRES")
    return found[-1].parent


def _account() -> pwd.struct_passwd:
    """Return whom the server runs as: it refuses to be root."""
    try:
        return pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    except KeyError:
        raise NoPostgres("PostgreSQL does not run as root, and there is no account `postgres`") from None


@contextlib.contextmanager
def _running(programs: Path, account: pwd.struct_passwd, folder: Path) -> Iterator[None]:
    data, log = folder / "data", folder / "log"
    identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    initdb = [programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8"]
    made = subprocess.run([*initdb, "--locale=C.UTF-8"], capture_output=True, text=True, check=False, **identity)
    if made.returncode:
        raise NoPostgres(f"initdb failed: {made.stderr.strip()[-500:]}")
    server = [programs / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"]
    dies_with_us = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
    with log.open("wb") as out, subprocess.Popen([*dies_with_us, *server], stdout=out, stderr=out, **identity) as child:
        try:
            _wait_until_it_answers(folder, child, log)
            yield
        finally:
            child.terminate()


def _wait_until_it_answers(folder: Path, child: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError as error:
            if child.poll() is not None or time.monotonic() > deadline:
                raise NoPostgres(f"the server does not come up: {log.read_text()[-500:]}") from error
            time.sleep(0.02)
        else:
            return


@contextlib.contextmanager
def database(server: str, name: str) -> Iterator[str]:
    """Make an empty database on a server, yield its address, and drop it."""
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"'.encode())
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
