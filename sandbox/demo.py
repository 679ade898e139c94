"""`make demo`: a site and lendbot, and a page to watch both. Ctrl-C ends everything."""

import errno
import signal
import socket
import time
from pathlib import Path
from typing import Annotated

import typer

from sandbox.processes import running
from sandbox.starting_at import At, passed_on


def main(
    port: Annotated[int, typer.Option(help="The page's port.")] = 8080,
    speed: Annotated[float, typer.Option(help="How many seconds pass in one.")] = 60.0,
    directory: Annotated[Path, typer.Option("--dir", help="Where keys, settings, logs and the store go.")] = Path(
        "run/demo"
    ),
    at: At = None,
) -> None:
    """Run the demo until Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's `&` starts us with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    if port and is_taken(port):
        print(f"Port {port} is taken by another program. Try `make demo PORT={port + 10}`.", flush=True)
        raise typer.Exit(1)
    print("Starting a small site and lendbot; this takes about 10 s ...", flush=True)
    try:
        with running(directory.resolve(), "--port", str(port), "--speed", str(speed), *passed_on(at)) as pair:
            print(_greeting(pair.told["page_url"], speed, directory), flush=True)
            while (dead := pair.dead()) is None:
                time.sleep(0.5)
            print(dead, flush=True)
            raise typer.Exit(1)
    except KeyboardInterrupt:
        print("\nBoth ended.", flush=True)
    except RuntimeError as e:
        print(e, flush=True)
        raise typer.Exit(1) from e


def is_taken(port: int) -> bool:
    """Return True when something listens there on loopback. What takes the port after this look is told by the site."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the site binds: a closed demo's port is free
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as e:
            return e.errno == errno.EADDRINUSE
    return False


def _greeting(url: str, speed: float, directory: Path) -> str:
    return f"""
  Open  {url}

  You are the requester. Type in #hpc-ops:

      /nodes lend 8 gpu nodes to k8s for 3 hours for FastML workshop

  then ask for sign-off, switch to the approver, and approve in #lend-approvals.
  The site's clock runs {speed:g} times as fast: an hour is {3600 / speed:.0f} s.
  Logs are in {directory}; Ctrl-C ends everything.
"""


if __name__ == "__main__":
    typer.run(main)
