"""The lab's tests on another Slurm than this machine's, in the Debian suite that brings it.

python -m tests.lab.site.elsewhere 24.11 26.05 -- PYTEST WORDS...

A version that this machine cannot have is said aloud and counted, and the others run: the exit code is theirs.
The tests are those of the tree as it stands, on the suite's own Python, with everything that the lock pins.
"""

import argparse
import filecmp
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.lab.site import debian_root, kubernetes_build, packages

SUITES: Final = {"24.11": "trixie", "26.05": "forky"}
"""Which Debian brings which Slurm. 22.05 is Debian 12's, which the lab runs on as it is."""
_TREE: Final = Path(__file__).parents[3]
_THERE: Final = "srv/lendbot"
_LOCK: Final = "requirements-dev.lock"
_INSTALL: Final = f"""
set -eu; cd /srv; rm -rf venv; python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r lendbot/{_LOCK}
venv/bin/python -m pip check; cp lendbot/{_LOCK} venv/
"""


def main() -> int:
    words = sys.argv[1:]
    cut = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(prog="python -m tests.lab.site.elsewhere", usage=__doc__)
    parser.add_argument("versions", nargs="+", choices=sorted(SUITES), metavar="VERSION")
    parser.add_argument("--labs", type=int, default=1)
    asked = parser.parse_args(words[:cut])
    if os.geteuid() != 0:
        sys.exit("lab: a root file system of its own takes root to make and to enter")
    ended = {version: _on(version, asked.labs, words[cut + 1 :]) for version in asked.versions}
    told = [f"{version} {_word(code)}" for version, code in ended.items()]
    print(f"lab: Slurm elsewhere: {', '.join(told)}", flush=True)
    return max(code or 0 for code in ended.values())


def _word(code: int | None) -> str:
    if code is None:
        return "NOT TO BE HAD HERE, so not tried"
    return "passed" if code == 0 else f"failed ({code})"


def _on(version: str, labs: int, tests: Sequence[str]) -> int | None:
    """Run tests on a version and return pytest's exit code; None where it cannot be had."""
    try:
        root = _ready(version)
    except (debian_root.NotToBeHad, packages.CannotInstall) as why:
        print(f"lab: NO SLURM {version}: {why}", flush=True)
        return None
    python = "/srv/venv/bin/python"
    several = ["-n", str(labs), "--dist", "loadgroup", "--no-loadscope-reorder"] if labs > 1 else []
    pytest = [python, "-m", "pytest", "-m", "lab", "-p", "no:cacheprovider", *several, *tests]
    lab = [python, "-m", "tests.lab.site", "run", "--labs", str(labs), "--", *pytest]
    kept = f"XDG_CACHE_HOME={kubernetes_build.cache().parent}"
    return debian_root.run(root, ["env", "-C", f"/{_THERE}", kept, *lab], bound=_kubernetes())


def _ready(version: str) -> Path:
    """Return the root of a version, with the tree as it stands and what its lock pins.

    raises   NotToBeHad, packages.CannotInstall
    """
    root = kubernetes_build.cache() / f"slurm-{version}"
    began = time.monotonic()
    if not root.exists():
        print(f"lab: Slurm {version}: installing Debian's {SUITES[version]} into {root}", flush=True)
        debian_root.make(root, SUITES[version])
    brought = debian_root.said(root, "slurmctld", "-V").split()[-1]
    if not brought.startswith(f"{version}."):
        raise debian_root.NotToBeHad(f"Debian's {SUITES[version]} brings Slurm {brought} (it is kept in {root})")
    _copy_tree(root / _THERE)
    if not _is_installed(root):
        _install(root)
    python = debian_root.said(root, "python3", "--version")
    print(f"lab: Slurm {brought}, {python}: ready in {time.monotonic() - began:.0f} s", flush=True)
    return root


def _copy_tree(there: Path) -> None:
    """Copy what git knows of, with what is not committed yet: a node sees no mount, only the root's own files."""
    shutil.rmtree(there, ignore_errors=True)
    known = ["git", "-C", str(_TREE), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(known, check=True, text=True, capture_output=True).stdout
    for name in filter(None, listed.split("\0")):
        if (_TREE / name).is_file():
            (there / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(_TREE / name, there / name)


def _is_installed(root: Path) -> bool:
    """The lock that the root's packages are of is this one."""
    lock = root / "srv/venv" / _LOCK
    return lock.exists() and filecmp.cmp(lock, root / _THERE / _LOCK, shallow=False)


def _install(root: Path) -> None:
    """Install the lock in there, from where pip installs here: its settings hold there too."""
    told = [Path(value) for name, value in os.environ.items() if name.startswith("PIP_") and value.startswith("/")]
    bound = [path for path in (*told, Path("/etc/pip.conf"), Path("/etc/ssl/certs")) if path.exists()]
    if debian_root.run(root, ["sh", "-c", _INSTALL], bound=bound, online=True) != 0:
        raise debian_root.NotToBeHad("what the lock pins could not be installed there: see above")


def _kubernetes() -> Sequence[Path]:
    """Build the control plane out here, where Go is, if it can be: its programs are static, and the same everywhere."""
    try:
        built = kubernetes_build.build()
    except kubernetes_build.CannotBuild:
        return ()  # the lab in there says so aloud
    return (built.kubernetes, built.etcd)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("lab: interrupted; what was up is gone", file=sys.stderr)
        sys.exit(130)
