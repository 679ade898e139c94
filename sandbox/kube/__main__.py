"""The cluster alone, for a lab that brings everything else itself.

    python -m sandbox.kube --dir DIR --port 16443 --speed 1

It writes DIR/kubeconfig (the bot's token) and DIR/kubeconfig-admin, prints its address, and runs until told to end.
"""

import argparse
import asyncio
import signal
from pathlib import Path

from sandbox.clock import SiteClock
from sandbox.faults import Faults
from sandbox.kube.rights import ADMIN_TOKEN, BOT_TOKEN
from sandbox.kube.site import KubeSite


async def _serve(folder: Path, host: str, port: int, speed: float, *, tls: bool) -> None:
    site = KubeSite(SiteClock(speed), Faults())
    await site.start(host, port, tls=tls)
    site.write_kubeconfig(folder / "kubeconfig", BOT_TOKEN)
    site.write_kubeconfig(folder / "kubeconfig-admin", ADMIN_TOKEN)
    print(f"{site.address} {folder / 'kubeconfig'} {folder / 'kubeconfig-admin'}", flush=True)
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()
    await site.stop()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.kube", description="A small Kubernetes on loopback.")
    parser.add_argument("--dir", type=Path, required=True, help="where the kubeconfigs are written")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free one")
    parser.add_argument("--speed", type=float, default=1.0, help="how many times as fast as the wall clock")
    parser.add_argument("--tls", action="store_true", help="serve HTTPS; kubectl sends no token without it")
    arguments = parser.parse_args()
    arguments.dir.mkdir(parents=True, exist_ok=True)
    asyncio.run(_serve(arguments.dir, arguments.host, arguments.port, arguments.speed, tls=arguments.tls))


if __name__ == "__main__":
    main()
