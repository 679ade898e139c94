"""Real clients for a running site: paramiko sessions, and patience."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import paramiko

from sandbox.faults import Fault
from sandbox.testing import Handle
from tests.patience import PATIENCE_S

MANAGEMENT = "127.77.0.1"


def eventually(is_so: Callable[[], bool], what: str) -> None:
    """Poll until a condition holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S:g} s in vain: {what}"
        time.sleep(0.01)


@contextmanager
def shell(
    site: Handle, address: str, sock: Any = None, *, user: str = "root", banner_s: float = PATIENCE_S
) -> Iterator[paramiko.SSHClient]:
    """Log in as lendbot's adapter does: a known host key, a public key, nothing else."""
    ssh = site.site_json["ssh"]
    client = paramiko.SSHClient()
    client.load_host_keys(ssh["known_hosts"])
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    try:
        client.connect(
            address,
            ssh["port"],
            username=user,
            key_filename=ssh["key_file"],
            look_for_keys=False,
            allow_agent=False,
            sock=sock,
            timeout=PATIENCE_S,
            banner_timeout=banner_s,
            auth_timeout=PATIENCE_S,
        )
        yield client
    finally:
        client.close()


def run(
    client: paramiko.SSHClient, line: str, stdin: str | None = None, timeout: float = PATIENCE_S
) -> tuple[int, str, str]:
    """Run one command: exit code, output, complaints."""
    given, out, err = client.exec_command(line, timeout=timeout)
    if stdin is not None:
        given.write(stdin)
    given.channel.shutdown_write()
    return out.channel.recv_exit_status(), out.read().decode(), err.read().decode()


def address_of(site: Handle, node: str) -> str:
    return str(site.site_json["nodes"][node]["address"])


def tile(site: Handle, node: str) -> dict[str, Any]:
    """Return a node as the machine room shows it."""
    nodes = site.call(site.site.room.snapshot)["nodes"]
    return next(each for each in nodes if each["name"] == node)


@contextmanager
def broken(site: Handle, side: str, mode: str, node: str | None = None) -> Iterator[None]:
    """Keep one fault in force."""
    site.call(lambda: site.faults.set(Fault(side, mode, node)))
    try:
        yield
    finally:
        site.call(lambda: site.faults.clear(side, node))
