"""python -m tests.lab.site up|down|status [DIR]: a lab to play with by hand."""

import argparse
import sys
from pathlib import Path

from tests.lab.site import power, running, slurm

DEFAULT = Path("/tmp/lendbot-lab")  # noqa: S108 - outside any checkout, gone at the machine's reboot like the lab


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.site", description=__doc__)
    parser.add_argument("verb", choices=["up", "down", "status"])
    parser.add_argument("dir", nargs="?", type=Path, default=DEFAULT)
    asked = parser.parse_args()
    if asked.verb == "up":
        _up(asked.dir)
    elif asked.verb == "down":
        running.down(asked.dir)
    else:
        _status(asked.dir)


def _up(folder: Path) -> None:
    """What fails half-way is ended at once: a half lab is of no use to anybody."""
    try:
        running.up(folder, running.Parts())
    except BaseException:
        running.down(folder)
        raise


def _status(folder: Path) -> None:
    if not (folder / "lab.json").exists():
        sys.exit(f"no lab is up in {folder}")
    layout = running.load(folder)
    for node in layout.nodes:
        light = "on" if power.is_on(layout, node) else "off"
        print(f"{node} {layout.node_ip(node)} power {light}, Slurm {slurm.state(layout, node)}")


if __name__ == "__main__":
    main()
