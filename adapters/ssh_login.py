"""Opening one SSH connection: whom we trust, who we are, and what each way of failing means.

Decides that only a host key in our own known_hosts file is trusted and only our key file logs in: no agent, no
password, no keys that lie about. Knows nothing of commands.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Final, NoReturn

import paramiko

from adapters.addresses import Address
from adapters.known_hosts import UnreadableKey, name_of, trusted_keys
from conversion.ports import Denied, Distrusted, Unreachable

_SILENCE_S: Final = 30
"""A peer that acknowledges nothing for so long is gone: a node that loses its power sends no goodbye."""


_LISTEN_S: Final = 1.0
"""How often paramiko's thread of a connection looks up from its socket, for a close or a keepalive that is due. With
its own 0.1 s that took a fifth of the interpreter's lock while 200 nodes were connected (measured)."""

_KEEPALIVE_S: Final = 15
"""Something has to be sent, or its silence is never noticed."""


class _UnknownHostKey(paramiko.SSHException):
    """The known_hosts file has no key for this address."""


class _UnusableKey(paramiko.SSHException):
    """Our own key file is no private key, or has a passphrase that we do not know."""


class _RejectUnknown(paramiko.RejectPolicy):
    """paramiko's RejectPolicy, with an exception of its own: theirs is the one that everything else raises too."""

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> NoReturn:  # noqa: ARG002 - paramiko's signature
        raise _UnknownHostKey(f"{hostname} offers {key.get_name()} {key.fingerprint}")


@dataclass(frozen=True)
class SshLogin:
    """Who we are on the far hosts, and whom we trust.

    user, key_file    the account, and the private key that opens it
    known_hosts       the only host keys that are trusted, in OpenSSH's format
    connect_timeout   for each of: TCP, banner, key exchange, log-in, a new channel
    """

    user: str
    key_file: Path
    known_hosts: Path
    connect_timeout: timedelta = timedelta(seconds=10)

    @cached_property
    def _key(self) -> paramiko.PKey:
        try:
            return paramiko.PKey.from_path(self.key_file)
        except (ValueError, TypeError, paramiko.pkey.UnknownKeyType) as error:  # what cryptography raises, by the words
            raise _UnusableKey(f"cannot use the key in {self.key_file}: {error}") from error

    def open(self, address: Address, side: str, jump: paramiko.SSHClient | None = None) -> paramiko.SSHClient:
        """Return a connection that is logged in; through a jump host when one is given.

        raises  Denied: a host key that changed or is unknown, a key that is not let in, files that cannot be read
                Unreachable: everything that may be better later
        """
        seconds = self.connect_timeout.total_seconds()
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(_RejectUnknown)
        with self._translated(address, side, client):
            sock = _direct(address, seconds) if jump is None else _through(jump, address, seconds)
            try:
                for key in trusted_keys(self.known_hosts, address):
                    client.get_host_keys().add(name_of(address), key.get_name(), key)
                client.connect(
                    address[0],
                    address[1],
                    username=self.user,
                    pkey=self._key,
                    sock=sock,
                    timeout=seconds,
                    banner_timeout=seconds,
                    auth_timeout=seconds,
                    channel_timeout=seconds,
                    allow_agent=False,
                    look_for_keys=False,
                )
                transport_of(client).set_keepalive(_KEEPALIVE_S)
                sock.settimeout(_LISTEN_S)
            except BaseException:
                sock.close()
                raise
        return client

    @contextmanager
    def _translated(self, address: Address, side: str, client: paramiko.SSHClient) -> Iterator[None]:
        where = f"{address[0]}:{address[1]}"
        try:
            yield
        except paramiko.BadHostKeyException as error:
            said = f"host key changed: {where} offers {error.key.fingerprint}, {self.known_hosts} says otherwise"
            raise _closing(client, Distrusted(side, said)) from error
        except _UnknownHostKey as error:
            raise _closing(client, Distrusted(side, f"host key unknown: {error}; not in {self.known_hosts}")) from error
        except (_UnusableKey, UnreadableKey) as error:
            raise _closing(client, Distrusted(side, str(error))) from error
        except paramiko.AuthenticationException as error:
            raise _closing(client, _refused(side, where, self.user, error)) from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise _closing(client, self._failed(side, where, error)) from error

    def _failed(self, side: str, where: str, error: Exception) -> Denied | Unreachable:
        named = getattr(error, "filename", None)
        if named in {str(self.key_file), str(self.known_hosts)}:
            return Distrusted(side, f"cannot read {named}: {getattr(error, 'strerror', None) or error}")
        return Unreachable(side, f"no SSH connection to {where}: {saying(error)}")


def transport_of(client: paramiko.SSHClient) -> paramiko.Transport:
    """Return a client's transport; EOFError when another thread has closed it."""
    transport = client.get_transport()
    if transport is None:
        raise EOFError("closed by another thread")
    return transport


def saying(error: BaseException) -> str:
    """Return an exception's words; paramiko's time-outs and ends of file come without any."""
    if isinstance(error, TimeoutError) and not str(error):
        return "timed out"
    return str(error) or type(error).__name__


def _closing(client: paramiko.SSHClient, error: Denied | Unreachable) -> Denied | Unreachable:
    client.close()
    return error


def _refused(side: str, where: str, user: str, error: paramiko.AuthenticationException) -> Denied | Unreachable:
    """Return Unreachable for a log-in without an answer: paramiko raises one type for that and for a refusal."""
    if "timeout" in str(error).lower():
        return Unreachable(side, f"{where} did not answer the log-in: {error}")
    return Denied(side, f"{where} does not let {user} in with our key: {error}")


def _direct(address: Address, seconds: float) -> socket.socket:
    """Return a socket that sends small packets at once: 50 commands took 0.17 s with that, 2.4 s without (measured)."""
    sock = socket.create_connection(address, timeout=seconds)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_USER_TIMEOUT", _SILENCE_S * 1000)):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return sock


def _through(jump: paramiko.SSHClient, address: Address, seconds: float) -> paramiko.Channel:
    channel = transport_of(jump).open_channel("direct-tcpip", address, ("127.0.0.1", 0), timeout=seconds)
    channel.settimeout(seconds)
    return channel
