"""Several labs at once, each held by a process of its own: they come up together, and end with us, whatever ended us.

A holder is `run DIR -- HOLD` in a session of its own, so a terminal's Ctrl-C reaches it only through us: tests that are
interrupted still find their lab. It ends when its input is closed, which a kill -9 of us does too.
"""

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

_UP = "lab: held"
_HOLD = ("sh", "-c", f"echo '{_UP}'; exec cat")


class DidNotComeUp(Exception):  # noqa: N818 - the name is the sentence
    """One of the labs could not be brought up; what it said stands above."""


@contextlib.contextmanager
def labs(folders: Sequence[Path], kubernetes: str) -> Iterator[None]:
    """Labs in these folders for as long as the block. What they need must be installed and built already.

    raises   DidNotComeUp
    """
    holders: list[subprocess.Popen[str]] = []
    try:
        holders.extend(_hold(folder, kubernetes) for folder in folders)
        for folder, holder in zip(folders, holders, strict=True):
            _wait_until_up(folder, holder)
        yield
    finally:
        for holder in holders:
            holder.terminate()
        for holder in holders:
            holder.communicate()


def _hold(folder: Path, kubernetes: str) -> "subprocess.Popen[str]":
    argv = [sys.executable, "-m", "tests.lab.site", "run", str(folder), "--kubernetes", kubernetes, "--", *_HOLD]
    piped = subprocess.PIPE
    return subprocess.Popen(argv, stdin=piped, stdout=piped, text=True, bufsize=1, start_new_session=True)


def _wait_until_up(folder: Path, holder: "subprocess.Popen[str]") -> None:
    """Pass on what a lab says of itself until it is up."""
    for line in holder.stdout or ():
        if line.strip() == _UP:
            return
        print(line, end="", flush=True)
    raise DidNotComeUp(f"the lab in {folder} did not come up")
