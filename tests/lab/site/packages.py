"""Installs the Debian packages the lab runs, and only those that are missing."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = {
    "slurmctld": ["slurm-wlm", "slurmctld", "slurmd", "slurm-client", "slurm-wlm-basic-plugins"],
    "slurmd": ["slurmd"],
    "munged": ["munge"],
    "sshd": ["openssh-server"],
    "ssh": ["openssh-client"],
    "ip": ["iproute2"],
    "iptables": ["iptables"],
    "ipmi_sim": ["openipmi"],
    "ipmitool": ["ipmitool"],
    "openssl": ["openssl"],
    "ps": ["procps"],
    "puppet": ["puppet-agent"],
    "puppet-lint": ["puppet-lint"],
    "rspec": ["ruby-rspec", "ruby-rspec-puppet", "ruby-puppetlabs-spec-helper"],
    "/usr/bin/python3": ["python3"],
    "/usr/lib/postgresql/*/bin/postgres": ["postgresql"],
}


_POLICY = Path("/usr/sbin/policy-rc.d")
_APT = ("apt-get", "-q", "-o", "Acquire::Retries=3", "-o", "Acquire::http::Timeout=30", "-o", "DPkg::Lock::Timeout=300")


class CannotInstall(Exception):  # noqa: N818 - the name is the sentence
    """apt-get failed, after its own three tries of each download: the message has its last words."""


def install_missing() -> list[str]:
    """Install what is not there; returns the packages asked for. None of their daemons is started: the lab has its own.

    raises   CannotInstall
    """
    missing = sorted({package for program, needed in PROGRAMS.items() if not _is_there(program) for package in needed})
    if missing:
        _install(missing)
    if absent := [program for program in PROGRAMS if not _is_there(program)]:
        raise CannotInstall(f"installed {' '.join(missing)}, and still not there: {' '.join(absent)}")
    return missing


def ensure(program: str) -> None:
    """Install the package of a program's name unless it is there. Raises CannotInstall."""
    if not _is_there(program):
        _install([program])


def _install(missing: list[str]) -> None:
    print(f"lab: installing {' '.join(missing)}", flush=True)
    warned = _apt_get("update")  # a mirror that is away is only a warning here, and the reason of what fails next
    with _nothing_starts():
        _apt_get("install", "-y", "--no-install-recommends", *missing, after=warned)


def _apt_get(*words: str, after: str = "") -> str:
    """Run it and return what it warned of. after: the warnings of the run before, told when this one fails."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run([*_APT, *words], env=env, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        raise CannotInstall("there is no apt-get: the lab installs what it needs on Debian only") from None
    if done.returncode:
        said = "\n".join([*after.splitlines()[-10:], *done.stderr.strip().splitlines()[-10:]])
        raise CannotInstall(f"apt-get {words[0]} failed: is a Debian mirror reachable?\n{said}")
    return done.stderr


@contextlib.contextmanager
def _nothing_starts() -> Iterator[None]:
    """Debian starts what it installs, unless a program of this name says 101; a machine's own policy is left alone."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()


def _is_there(program: str) -> bool:
    """A program by its name, or by a pattern from the root."""
    if program.startswith("/"):
        return any(Path("/").glob(program.removeprefix("/")))
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is not None
