"""The sandbox's Slack alone, as a process of its own: the lab has no other.

python -m tests.lab.product.slack_host ADDRESS_FILE          the file has its URL once it listens
python -m tests.lab.product.slack_host ADDRESS_FILE LAB_DIR  with the page, whose machine room is that lab
"""

import asyncio
import signal
import sys
import threading
from pathlib import Path

from aiohttp import web

from sandbox.clock import SiteClock
from sandbox.faults import Faults
from sandbox.page.server import Page
from sandbox.slack.server import SlackSite
from tests.lab.product.room import LabRoom
from tests.lab.site import running


async def serve(address_file: Path, lab: Path | None) -> None:
    """Serve on a free port of loopback until told to end."""
    faults = Faults()
    slack = SlackSite(SiteClock(), faults)
    app = web.Application()
    slack.add_routes(app)
    over = threading.Event()
    if lab is not None:
        room = LabRoom(running.load(lab))
        Page(room, faults).add_routes(app)
        threading.Thread(target=room.watch, args=(over,), daemon=True).start()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.core.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    draft = address_file.with_suffix(".new")
    draft.write_text(slack.core.base_url, encoding="utf-8")
    draft.replace(address_file)
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()
    over.set()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
