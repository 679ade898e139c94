"""One worker per store: who has the lease, who waits for it, and what a crash costs."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.process.lease import Lease
from tests.conversion.shelf import Shelf, a_store

NAME = "worker"
TTL = timedelta(seconds=20)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with a_store(tmp_path) as store:
        yield Shelf(store)


def lease(shelf: Shelf) -> Lease:
    return Lease(NAME, shelf.store, lambda: shelf.at, TTL)


def held_by(shelf: Shelf, holder: str) -> None:
    """Let another process have it."""
    with shelf.store.write() as tx:
        assert tx.leases.take(NAME, holder, shelf.at, shelf.at + TTL)


def test_the_first_has_it_and_keeps_it_by_renewing(shelf: Shelf) -> None:
    """A worker that lives goes on working."""
    mine = lease(shelf)
    assert not mine.held
    for _ in range(10):
        assert mine.take()
        shelf.at += TTL / 2
    assert mine.held


def test_another_hosts_worker_is_waited_for_until_it_is_silent(shelf: Shelf) -> None:
    """Two hosts never convert one node; a host that dies is waited for by seconds."""
    held_by(shelf, "elsewhere:4711")
    mine = lease(shelf)
    assert not mine.take()
    shelf.at += TTL - timedelta(seconds=1)
    assert not mine.take()
    shelf.at += timedelta(seconds=1)
    assert mine.take()


def test_a_dead_process_of_this_host_is_not_waited_for(shelf: Shelf) -> None:
    """A restart after a crash begins at once."""
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    dead.wait()
    held_by(shelf, f"{socket.gethostname()}:{dead.pid}")
    assert lease(shelf).take()


@pytest.mark.parametrize("holder", [f"{socket.gethostname()}:1", f"{socket.gethostname()}:x", "nonsense"])
def test_what_may_be_alive_is_waited_for(shelf: Shelf, holder: str) -> None:
    """A doubt is no reason to begin."""
    held_by(shelf, holder)
    assert not lease(shelf).take()


def test_a_worker_that_lost_it_knows(shelf: Shelf) -> None:
    """A process that hung for a minute does not go on as if nothing had been."""
    mine = lease(shelf)
    assert mine.take()
    shelf.at += 2 * TTL
    held_by(shelf, "elsewhere:4711")
    assert not mine.take()
    assert not mine.held


def test_a_released_lease_is_free_at_once_and_anothers_is_left_alone(shelf: Shelf) -> None:
    """A stop for an upgrade costs no wait."""
    mine = lease(shelf)
    mine.take()
    mine.release()
    held_by(shelf, "elsewhere:4711")
    mine.release()
    with shelf.store.read() as tx:
        assert tx.leases.holder(NAME) == "elsewhere:4711"


def test_a_store_that_does_not_answer_is_no_lease(shelf: Shelf, tmp_path: Path) -> None:
    """Nobody works on a belief: without the store there is no worker, and no crash either."""
    mine = lease(shelf)
    assert mine.take()
    shelf.store.close()
    (tmp_path / "lendbot.db").write_bytes(b"this is no database" * 100)
    for name in ("lendbot.db-wal", "lendbot.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    assert not mine.take()
    assert not mine.held


def test_the_holder_is_this_process(shelf: Shelf) -> None:
    """Whoever looks into the table at night finds the process."""
    lease(shelf).take()
    with shelf.store.read() as tx:
        assert tx.leases.holder(NAME) == f"{socket.gethostname()}:{os.getpid()}"
