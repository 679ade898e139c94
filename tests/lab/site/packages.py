"""Installs the Debian packages the lab runs, and only those that are missing."""

import os
import shutil
import subprocess
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


def install_missing() -> list[str]:
    """Install what is not there; returns the packages asked for. What Debian may start of them is not the lab's."""
    missing = sorted({package for program, needed in PROGRAMS.items() if not _is_there(program) for package in needed})
    if missing:
        print(f"lab: installing {' '.join(missing)}", flush=True)
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for argv in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *missing]):
            subprocess.run(["apt-get", *argv], env=env, check=True, stdout=subprocess.DEVNULL)
    return missing


def _is_there(program: str) -> bool:
    """A program by its name, or by a pattern from the root."""
    if program.startswith("/"):
        return any(Path("/").glob(program.removeprefix("/")))
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is not None
