"""What the adapters' own tests share: a throw-away SSH server, and a wait with a deadline."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncssh
import pytest

from adapters.ssh import SshConnections
from tests.adapters.ssh_site import TIMEOUT_S, SshSite


@pytest.fixture
def ssh_site(tmp_path: Path) -> Iterator[SshSite]:
    """Return a server that lets one key in and whose host key is in known_hosts."""
    site = SshSite(tmp_path, asyncssh.generate_private_key("ssh-ed25519"))
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(str(site.key_file))
    key.write_public_key(str(tmp_path / "key.pub"))
    thread = threading.Thread(target=site.loop.run_forever, daemon=True)
    thread.start()
    site.listen(1)
    yield site

    async def stop() -> None:
        for acceptor in site.acceptors:
            acceptor.close()
        await site.cut_all()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    site.call(stop())
    site.loop.call_soon_threadsafe(site.loop.stop)
    thread.join(TIMEOUT_S)
    site.loop.close()


@pytest.fixture
def connections(ssh_site: SshSite) -> Iterator[SshConnections]:
    """Return connections to the throw-away server, closed at the end."""
    opened = SshConnections(ssh_site.login())
    yield opened
    opened.close()


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Return a wait for a condition, with a deadline."""

    def wait(condition: Callable[[], bool]) -> None:
        tick = threading.Event()
        for _ in range(TIMEOUT_S * 100):
            if condition():
                return
            tick.wait(0.01)
        raise AssertionError("it never came to be")

    return wait
