"""Host keys and the one client key, made once and kept in the site's directory."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import asyncssh

_ALGORITHM: Final = "ssh-ed25519"
_PRIVATE: Final = 0o600


class KeyRing:
    """The keys of a site by name: `client`, `mgmt`, and the nodes."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._keys: dict[str, asyncssh.SSHKey] = {}

    def path(self, name: str) -> Path:
        """Return where a private key is kept."""
        return self._directory / f"{name}_ed25519"

    def key(self, name: str) -> asyncssh.SSHKey:
        """Return a key, made now if there never was one."""
        if name not in self._keys:
            path = self.path(name)
            if path.exists():
                self._keys[name] = asyncssh.read_private_key(path)
            else:
                self._keys[name] = self._make(path)
        return self._keys[name]

    def public(self, name: str) -> str:
        """Return the public half as known_hosts has it: algorithm and base64."""
        return self.key(name).export_public_key().decode().strip()

    def write_known_hosts(self, path: Path, doors: Iterable[tuple[str, str, int]]) -> None:
        """Write known_hosts for (name, address, port) doors, each by its address and by its name."""
        lines = (
            f"[{address}]:{port},[{name}]:{port} {' '.join(self.public(name).split()[:2])}\n"
            for name, address, port in doors
        )
        path.write_text("".join(lines))

    @staticmethod
    def _make(path: Path) -> asyncssh.SSHKey:
        key = asyncssh.generate_private_key(_ALGORITHM)
        path.touch(mode=_PRIVATE)
        path.write_bytes(key.export_private_key("openssh"))
        return key
