"""A lab by hand, or around a command.

python -m tests.lab.site up|down|status [DIR]    a lab to play with
python -m tests.lab.site run [DIR] -- COMMAND    a lab for as long as the command runs; its exit code is ours
python -m tests.lab.site run --labs 3 -- COMMAND several, in DIR-0 and so on: pytest -n 3 gives each worker one
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.lab.site import packages, power, processes, running, side_by_side, slots, slurm
from tests.lab.site.layout import DEFAULT


def main() -> int:
    words = sys.argv[1:]
    cut = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(prog="python -m tests.lab.site", usage=__doc__)
    parser.add_argument("verb", choices=["up", "down", "status", "run"])
    parser.add_argument("dir", nargs="?", type=Path, default=DEFAULT)
    parser.add_argument("--kubernetes", choices=["real", "sandbox", "none"], default="real")
    parser.add_argument("--labs", type=int, default=1)
    asked = parser.parse_intermixed_args(words[:cut])
    parts = running.Parts(kubernetes=asked.kubernetes)
    folder, command = asked.dir.resolve(), words[cut + 1 :]
    if (asked.verb == "run") != bool(command):
        parser.error("`run` takes a command after --, and nothing else does")
    if asked.verb == "up":
        _up(folder, parts)
    elif asked.verb == "down":
        running.down(folder)
    elif asked.verb == "status":
        _status(folder)
    else:
        several = [folder.with_name(f"{folder.name}-{number}") for number in range(asked.labs)]
        return _run(several if asked.labs > 1 else [folder], parts, command)
    return 0


def _up(folder: Path, parts: running.Parts) -> None:
    """What fails half-way is ended at once: a half lab is of no use to anybody."""
    try:
        running.up(folder, parts)
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


def _run(folders: list[Path], parts: running.Parts, command: list[str]) -> int:
    where = os.pathsep.join(map(str, folders))
    with contextlib.ExitStack() as labs:
        if len(folders) == 1:
            labs.enter_context(running.running_lab(folders[0], parts))
        else:
            labs.enter_context(side_by_side.labs(folders, running.prepared(parts).kubernetes))
        # With a lab's mark, what the command started ends with the lab as well, were it killed itself.
        env = {**os.environ, running.WHERE: where, processes.MARK: str(folders[0])}
        # A terminal's Ctrl-C reaches the child too. Elsewhere it has a group of its own, and is told once, by us:
        # a second signal would cut its clean-up short.
        has_terminal = sys.stdin.isatty()
        group = None if has_terminal else 0
        child = labs.enter_context(subprocess.Popen(command, env=env, process_group=group))
        signal.signal(signal.SIGINT, lambda number, _: None if has_terminal else child.send_signal(number))
        signal.signal(signal.SIGTERM, lambda number, _: child.send_signal(number))
        return child.wait()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("lab: interrupted; what was up is gone", file=sys.stderr)
        sys.exit(130)
    except (packages.CannotInstall, running.LabInUse, side_by_side.DidNotComeUp, slots.NoSlot) as why:
        sys.exit(f"lab: {why}")
