"""A Debian suite in a root file system of its own, made once and kept, and entered as a machine of its own.

It is made of the packages that the lab installs on its host, from the mirror that the host's own apt uses, and nothing
of it is mixed into the host. How it is entered is machine.sh's.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.lab.site import packages

_HERE: Final = Path(__file__).parent
_MORE: Final = ("mount", "python3-venv", "ca-certificates")
"""What the lab has without asking on a Debian that people work on. forky's smallest base lacks mount."""
_LEAN: Final = ("doc", "man", "locale")
_NO_DAEMONS: Final = r'printf "#!/bin/sh\nexit 101\n" >"$1/usr/sbin/policy-rc.d"; chmod 755 "$1/usr/sbin/policy-rc.d"'
_APT: Final = (
    'Acquire::Retries "3"',
    'Acquire::http::Timeout "30"',
    'APT::Install-Recommends "false"',
    'Acquire::Check-Valid-Until "false"',
)
"""The last: a mirror that lags lets the Release file of Debian's testing expire; its signature is still checked."""
_KEYRING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_PATIENCE_S: Final = 30 * 60
_TIED: Final = ("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child=SIGKILL")
"""unshare ignores SIGTERM while it waits: it is killed when we go, and all that it started, with its mounts."""


class NotToBeHad(Exception):  # noqa: N818 - the name is the sentence
    """The suite cannot be installed here: the message says what was tried, and the last that was said."""


def make(root: Path, suite: str) -> None:
    """Install a suite into a folder that does not exist yet: 2 to 8 min, about 650 MB. Half a root is left nowhere.

    raises   NotToBeHad, packages.CannotInstall
    """
    packages.ensure("mmdebstrap")
    mirror = _mirror()
    growing = root.with_name(f"{root.name}.growing")
    shutil.rmtree(growing, ignore_errors=True)
    growing.parent.mkdir(parents=True, exist_ok=True)
    wanted = sorted({each for needed in packages.PROGRAMS.values() for each in needed} | set(_MORE))
    argv = [
        *_TIED,
        "--mount-proc",
        "mmdebstrap",
        "--variant=apt",
        "--components=main",
        f"--keyring={_KEYRING}",
    ]
    argv += [f"--aptopt={option}" for option in _APT]
    argv += [f"--dpkgopt=path-exclude=/usr/share/{kind}/*" for kind in _LEAN]
    argv += [f"--essential-hook={_NO_DAEMONS}", f"--include={','.join(wanted)}", suite, str(growing), mirror]
    try:
        done = subprocess.run(argv, check=False, text=True, capture_output=True, timeout=_PATIENCE_S)
    except subprocess.TimeoutExpired:
        raise NotToBeHad(f"Debian's {suite} was not installed within {_PATIENCE_S // 60} min") from None
    if done.returncode:
        shutil.rmtree(growing, ignore_errors=True)
        last = "\n".join(done.stderr.strip().splitlines()[-10:])
        raise NotToBeHad(f"Debian's {suite} could not be installed from the mirror of this machine:\n{last}")
    growing.rename(root)


def run(root: Path, argv: Sequence[str], *, bound: Sequence[Path] = (), online: bool = False) -> int:
    """Run a command in there and return its exit code; all that it started ends with it, and with us.

    bound    what it sees of this machine at the same path, read-only
    online   with this machine's network, to install; without it there is nothing but a loopback
    """
    apart = ["--uts", "--ipc", "--propagation", "private", *([] if online else ["--net"])]
    if online:
        shutil.copyfile("/etc/resolv.conf", root / "etc/resolv.conf")
    inside = ["sh", str(_HERE / "machine.sh"), str(root), f"lab-{re.sub(r'[^a-z0-9]', '', root.name)}"]
    return subprocess.run([*_TIED, *apart, *inside, *map(str, bound), "--", *argv], check=False).returncode


def said(root: Path, *argv: str) -> str:
    """Return what a program of a root prints, such as its version."""
    return subprocess.run(["chroot", str(root), *argv], check=True, text=True, capture_output=True).stdout.strip()


def _mirror() -> str:
    """Return the first mirror that this machine's apt is told of; none is written down here."""
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
        check=False,
        text=True,
        capture_output=True,
        env={**os.environ, "LC_ALL": "C"},
    )
    found = [line for line in done.stdout.splitlines() if line.rstrip("/").endswith("/debian")]
    if not found:
        raise NotToBeHad("this machine's apt is told of no mirror of Debian")
    return found[0]
