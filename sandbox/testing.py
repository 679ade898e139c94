"""The site in this process, for tests: its own thread and loop, free ports, a directory of its own."""

import asyncio
import json
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from sandbox.faults import Faults
from sandbox.site import Site, SiteOptions
from sandbox.slack.server import SlackSettings
from sandbox.world import World, WorldOptions

T = TypeVar("T")

_PATIENCE_S: Final = 120.0
"""For a machine that is busy with other things."""


@dataclass(frozen=True)
class Handle:
    """A running site. Touch world and faults only inside call(): they live on the site's loop."""

    site: Site
    site_json: dict[str, Any]
    paths: Path
    loop: asyncio.AbstractEventLoop

    @property
    def world(self) -> World:
        return self.site.world

    @property
    def faults(self) -> Faults:
        return self.site.faults

    def call(self, act: Callable[[], T]) -> T:
        """Run a function on the site's loop, at the site's present time, and return its result."""
        done: Future[T] = Future()

        def run() -> None:
            try:
                self.world.agenda.catch_up()
                done.set_result(act())
            except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that asked
                done.set_exception(error)

        self.loop.call_soon_threadsafe(run)
        return done.result(timeout=_PATIENCE_S)


@contextmanager
def running(
    *,
    at: datetime,
    directory: Path | None = None,
    speed: float = 600.0,
    slack: SlackSettings | None = None,
    redfish_tls: bool = False,
    kube_off: timedelta = timedelta(),
    **world: Any,
) -> Iterator[Handle]:
    """Run a site for the length of a with block.

    at      the moment that its clock shows at the start: a test says which, so that it is the same on every day
    world   the fields of WorldOptions
    """
    with tempfile.TemporaryDirectory() as scratch:
        options = SiteOptions(
            directory or Path(scratch),
            speed=speed,
            at=at,
            redfish_tls=redfish_tls,
            kube_off=kube_off,
            world=WorldOptions(**world),
            slack=slack or SlackSettings(),
        )
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="sandbox", daemon=True)
        thread.start()
        try:
            site = asyncio.run_coroutine_threadsafe(_start(options), loop).result(timeout=_PATIENCE_S)
            try:
                text = (options.directory / "site.json").read_text(encoding="utf-8")
                yield Handle(site, json.loads(text), options.directory, loop)
            finally:
                asyncio.run_coroutine_threadsafe(_end(site), loop).result(timeout=_PATIENCE_S)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(timeout=_PATIENCE_S)
            loop.close()


async def _start(options: SiteOptions) -> Site:
    site = Site(options)
    await site.start()
    return site


async def _end(site: Site) -> None:
    """Stop the site, and let every task of its loop end before the loop does."""
    await site.stop()
    rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
