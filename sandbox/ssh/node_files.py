"""cat, tee, mkdir, mv, rm, stat, test and chmod on a node's files, which live in memory until the next boot."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import PurePosixPath
from typing import Final

from sandbox.world import Machine

from .door import Talk


async def cat(machine: Machine, argv: list[str], talk: Talk) -> int:
    """Print files."""
    code = 0
    for path in _paths(argv):
        if path in machine.files:
            talk.out(machine.files[path])
        else:
            talk.err(f"cat: {path}: No such file or directory\n")
            code = 1
    return code


async def tee(machine: Machine, argv: list[str], talk: Talk) -> int:
    """Write standard input to files, and to standard output."""
    text = await talk.stdin()
    talk.out(text)
    code = 0
    for path in _paths(argv):
        if _parent(path) in machine.directories:
            machine.files[path] = machine.files.get(path, "") + text if "-a" in argv else text
        else:
            talk.err(f"tee: {path}: No such file or directory\n")
            code = 1
    return code


async def mkdir(machine: Machine, argv: list[str], talk: Talk) -> int:
    """Make directories; with -p their parents too."""
    code = 0
    for path in _paths(argv):
        if "-p" in argv:
            machine.directories.update(str(part) for part in (PurePosixPath(path), *PurePosixPath(path).parents))
        elif path in machine.directories or path in machine.files:
            talk.err(f"mkdir: cannot create directory '{path}': File exists\n")
            code = 1
        elif _parent(path) not in machine.directories:
            talk.err(f"mkdir: cannot create directory '{path}': No such file or directory\n")
            code = 1
        else:
            machine.directories.add(path)
    return code


async def mv(machine: Machine, argv: list[str], talk: Talk) -> int:
    """Rename a file."""
    source, target = [*_paths(argv), "", ""][:2]
    if source not in machine.files or _parent(target) not in machine.directories:
        talk.err(f"mv: cannot move '{source}' to '{target}': No such file or directory\n")
        return 1
    machine.files[target] = machine.files.pop(source)
    return 0


async def rm(machine: Machine, argv: list[str], talk: Talk) -> int:
    """Remove files; -f forgives those that are not there."""
    code = 0
    for path in _paths(argv):
        if machine.files.pop(path, None) is None and "-f" not in argv:
            talk.err(f"rm: cannot remove '{path}': No such file or directory\n")
            code = 1
    return code


async def stat(machine: Machine, argv: list[str], talk: Talk) -> int:
    """Print the names of what is there: `stat -c %n PATH...`."""
    if argv[:2] != ["-c", "%n"]:
        talk.err("stat: only -c %n is known here\n")
        return 1
    code = 0
    for path in argv[2:]:
        if path in machine.files or path in machine.directories:
            talk.out(f"{path}\n")
        else:
            talk.err(f"stat: cannot statx '{path}': No such file or directory\n")
            code = 1
    return code


async def test(machine: Machine, argv: list[str], _talk: Talk) -> int:
    """Say by the exit code whether a path is there: -e, -f, -d or -s."""
    kind, path = [*argv, "", ""][:2]
    is_there = {
        "-e": path in machine.files or path in machine.directories,
        "-f": path in machine.files,
        "-d": path in machine.directories,
        "-s": bool(machine.files.get(path)),
    }
    return int(not is_there.get(kind, False))


async def chmod(machine: Machine, argv: list[str], talk: Talk) -> int:
    """Accept a mode for what is there; modes are not kept."""
    for path in _paths(argv)[1:]:
        if path not in machine.files and path not in machine.directories:
            talk.err(f"chmod: cannot access '{path}': No such file or directory\n")
            return 1
    return 0


def _paths(argv: list[str]) -> list[str]:
    return [word for word in argv if not word.startswith("-")]


def _parent(path: str) -> str:
    return str(PurePosixPath(path).parent)


FILE_PROGRAMS: Final[Mapping[str, Callable[[Machine, list[str], Talk], Awaitable[int]]]] = {
    "cat": cat,
    "tee": tee,
    "mkdir": mkdir,
    "mv": mv,
    "rm": rm,
    "stat": stat,
    "test": test,
    "chmod": chmod,
}
