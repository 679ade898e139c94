"""The keys that a known_hosts file gives one host.

Only that host's lines are parsed: paramiko's own loader compares every line with every other, which takes 30 s for a
site of 1,000 nodes with three keys each (measured with 5.1.0). Patterns (`*.cluster`) and certificate authorities are
not read: a host stands there by its name, plain or hashed, or it is unknown.
"""

import hmac
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import paramiko
from paramiko.hostkeys import HostKeyEntry, InvalidHostKey

from adapters.addresses import Address

_SSH_PORT: Final = 22


class UnreadableKey(paramiko.SSHException):
    """The host's line in the known_hosts file is damaged."""


def name_of(address: Address) -> str:
    """Return how a known_hosts file names a host: `gpu003`, or `[gpu003]:2222` when the port is not 22."""
    host, port = address
    return host if port == _SSH_PORT else f"[{host}]:{port}"


def trusted_keys(path: Path, address: Address) -> tuple[paramiko.PKey, ...]:
    """Return the keys that the file gives a host, less those that it revokes; OSError when it cannot be read."""
    name = name_of(address)
    trusted: dict[bytes, paramiko.PKey] = {}
    revoked: set[bytes] = set()
    for marker, line in _lines_for(path, name):
        try:
            entry = HostKeyEntry.from_line(line)
        except (InvalidHostKey, paramiko.SSHException) as error:
            raise UnreadableKey(f"{path} has a damaged key for {name}") from error
        if entry is None or entry.key is None:  # a type of key that paramiko does not know
            continue
        if marker == "@revoked":
            revoked.add(entry.key.asbytes())
        elif not marker:
            trusted[entry.key.asbytes()] = entry.key
    return tuple(key for raw, key in trusted.items() if raw not in revoked)


def _lines_for(path: Path, name: str) -> Iterator[tuple[str, str]]:
    """Yield (marker, line without it) of each line that names the host."""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.split()
        marker = words.pop(0) if words and words[0].startswith("@") else ""
        if words and not words[0].startswith("#") and _names(words[0], name):
            yield marker, " ".join(words)


def _names(hosts: str, name: str) -> bool:
    if hosts.startswith("|1|"):
        return _is_hash_of(hosts, name)
    return name in hosts.split(",")


def _is_hash_of(hashed: str, name: str) -> bool:
    try:
        return hmac.compare_digest(hashed, paramiko.HostKeys.hash_host(name, hashed))
    except (ValueError, AssertionError, IndexError):  # not a hash after all, so no name of ours
        return False
