"""One listening address of an sshd: who is let in, with which host key, and how it misbehaves when told to.

It decides about connections only. What a command does is the runner's business.
"""

import asyncio
import contextlib
import shlex
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import asyncssh

from .keys import KeyRing

_BACKLOG: Final = 512
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
_KEX: Final = ("curve25519-sha256", "curve25519-sha256@libssh.org")
_AT_CONNECT: Final = frozenset({"refuse", "hang", "hostkey"})
_AT_COMMAND: Final = frozenset({"refuse", "hang"})
FOREVER_S: Final = 24 * 3600.0


class Talk:
    """What a command reads and writes; a client that has vanished is no reason to stop."""

    def __init__(self, process: "asyncssh.SSHServerProcess[str]", user: str) -> None:
        self._process = process
        self.user = user

    def out(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._process.stdout.write(text)

    def err(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._process.stderr.write(text)

    async def stdin(self) -> str:
        """Return all of standard input, up to the client's end of file."""
        return await self._process.stdin.read()


Runner = Callable[[list[str], Talk], Awaitable[int]]


@dataclass(frozen=True)
class House:
    """What all doors of a site share. names maps a node's name to its address, for a jump host's clients."""

    keys: KeyRing
    port: int
    names: Mapping[str, str]


class _Guard(asyncssh.SSHServer):
    """Public key only; direct-tcpip to the site's own addresses only."""

    def __init__(self, house: House, *, is_jump_host: bool) -> None:
        self._house = house
        self._is_jump_host = is_jump_host
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        del username
        return key.public_data == self._house.keys.key("client").public_data

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> Any:
        del orig_host, orig_port
        address = self._house.names.get(dest_host, dest_host)
        if not self._is_jump_host or address not in self._house.names.values() or self._connection is None:
            return False
        return self._connection.forward_connection(address, dest_port)


class Door:
    """An sshd at one address; open() and close() follow the node's power.

    fault  given the modes that matter now, counts one use of the one in force and returns it
    """

    def __init__(
        self,
        house: House,
        name: str,
        address: str,
        run: Runner,
        *,
        fault: Callable[[frozenset[str]], str | None],
        is_jump_host: bool = False,
    ) -> None:
        self.name = name
        self.address = address
        self._house = house
        self._run = run
        self._fault = fault
        self._is_jump_host = is_jump_host
        self._socket: socket.socket | None = None
        self._connections: set[asyncssh.SSHServerConnection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._options: dict[str, asyncssh.SSHServerConnectionOptions] = {}

    def open(self, bound: socket.socket | None = None) -> None:
        """Listen; a socket that is already bound may be brought along."""
        if self._socket is not None:
            return
        listening = bound or bind(self.address, self._house.port)
        listening.listen(_BACKLOG)
        listening.setblocking(False)
        self._socket = listening
        asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def close(self) -> None:
        """Stop listening and drop every connection, as a loss of power does."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None
        for connection in tuple(self._connections):
            connection.abort()
        for task in tuple(self._tasks):
            task.cancel()

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listening.accept()
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                task = asyncio.get_running_loop().create_task(self._welcome(sock))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _welcome(self, sock: socket.socket) -> None:
        fault = self._fault(_AT_CONNECT)
        try:
            if fault == "refuse":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                return
            if fault == "hang":
                await asyncio.sleep(FOREVER_S)
            options = self._options_for("impostor" if fault == "hostkey" else self.name)
            with contextlib.suppress(OSError, asyncssh.Error):
                connection = await asyncssh.run_server(sock, options=options)
                self._connections.add(connection)
                await connection.wait_closed()
                self._connections.discard(connection)
        finally:
            sock.close()

    def _options_for(self, key_name: str) -> asyncssh.SSHServerConnectionOptions:
        if key_name not in self._options:
            self._options[key_name] = asyncssh.SSHServerConnectionOptions(
                server_factory=lambda: _Guard(self._house, is_jump_host=self._is_jump_host),
                server_host_keys=[self._house.keys.key(key_name)],
                process_factory=self._serve,
                kex_algs=_KEX,
                allow_scp=False,
                agent_forwarding=False,
                login_timeout=30,
            )
        return self._options[key_name]

    async def _serve(self, process: "asyncssh.SSHServerProcess[str]") -> None:
        connection = process.get_extra_info("connection")
        fault = self._fault(_AT_COMMAND)
        if fault == "refuse":
            connection.abort()
            return
        if fault == "hang":
            await asyncio.sleep(FOREVER_S)
        talk = Talk(process, str(connection.get_extra_info("username")))
        code = await self._run_line(process.command, talk)
        with contextlib.suppress(OSError):
            process.exit(code)

    async def _run_line(self, line: str | None, talk: Talk) -> int:
        if not line:
            talk.err("This is a sandbox: it runs commands, it has no login shell.\n")
            return 1
        try:
            argv = shlex.split(line)
        except ValueError as error:
            talk.err(f"bash: -c: syntax error: {error}\n")
            return 2
        return await self._run(argv, talk)


def bind(address: str, port: int) -> socket.socket:
    """Return a TCP socket bound to a loopback address."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((address, port))
    except OSError:
        made.close()
        raise
    return made
