"""A throw-away SSH server on loopback that runs what it is told in a local shell, and can misbehave."""

import asyncio
import contextlib
import os
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

from adapters.ssh import SshLogin
from tests.patience import PATIENCE_S

TIMEOUT_S = PATIENCE_S


@dataclass
class SshSite:
    """One server and one account. connections counts log-ins; hang makes every command wait for ever unanswered."""

    folder: Path
    host_key: asyncssh.SSHKey
    acceptors: list[asyncssh.SSHAcceptor] = field(default_factory=list)
    connections: int = 0
    hang: bool = False
    live: list[asyncssh.SSHServerConnection] = field(default_factory=list)
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    @property
    def port(self) -> int:
        return self.acceptors[0].get_port()

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.port)

    @property
    def key_file(self) -> Path:
        return self.folder / "key"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    def login(self, **changes: Any) -> SshLogin:
        return SshLogin(**{"user": "root", "key_file": self.key_file, "known_hosts": self.known_hosts, **changes})

    def listen(self, count: int) -> list[int]:
        """Listen on so many more ports, each trusted like the first."""
        for _ in range(count):
            self.acceptors.append(asyncio.run_coroutine_threadsafe(listen(self), self.loop).result(TIMEOUT_S))
        self.trust(self.host_key)
        return [acceptor.get_port() for acceptor in self.acceptors[-count:]]

    def trust(self, key: asyncssh.SSHKey) -> None:
        public = key.export_public_key().decode()
        self.known_hosts.write_text("".join(f"[127.0.0.1]:{each.get_port()} {public}" for each in self.acceptors))

    def cut(self) -> None:
        """Break every connection, as a power cut would that is noticed."""
        self.call(self.cut_all())

    def call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(TIMEOUT_S)

    async def cut_all(self) -> None:
        for connection in self.live:
            connection.abort()
        self.live.clear()


class _Server(asyncssh.SSHServer):
    def __init__(self, site: SshSite) -> None:
        self._site = site

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._site.connections += 1
        self._site.live.append(conn)

    def connection_requested(self, *_args: object) -> bool:
        return True


async def _pump(pipe: int, sink: Any) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb")
    )
    while data := await reader.read(65536):
        sink.write(data)
        await sink.drain()


async def _feed(source: Any, sink: Any) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    sink.close()


async def _run(site: SshSite, process: asyncssh.SSHServerProcess[bytes]) -> None:
    """Run a command as OpenSSH's server does: the exit code at once, the end when nobody holds the output any more."""
    if site.hang:
        await asyncio.sleep(3600)
    (out, out_end), (err, err_end) = os.pipe(), os.pipe()
    local = await asyncio.create_subprocess_shell(
        process.command or "true", stdin=asyncio.subprocess.PIPE, stdout=out_end, stderr=err_end
    )
    os.close(out_end)
    os.close(err_end)
    input_ = asyncio.create_task(_feed(process.stdin, local.stdin))
    output = [asyncio.create_task(_pump(pipe, sink)) for pipe, sink in ((out, process.stdout), (err, process.stderr))]
    try:
        code = await local.wait()
        process.channel._send_request(b"exit-status", code.to_bytes(4, "big"))
        await asyncio.gather(*output)
        process.channel.write_eof()
        process.close()
    finally:
        input_.cancel()
        local._transport.close()  # type: ignore[attr-defined]  # it kills what still runs


async def listen(site: SshSite) -> asyncssh.SSHAcceptor:
    return await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=lambda: _Server(site),
        server_host_keys=[site.host_key],
        authorized_client_keys=str(site.folder / "key.pub"),
        process_factory=lambda process: _run(site, process),
        encoding=None,
    )
