"""Builds a Kubernetes control plane and etcd from the Go module proxy, once per version, into a cache outside the tree.

No registry ships these binaries and `go install` refuses them (replace directives), so each is built from a scratch
module that pins the staging modules to the same release. It decides versions and where they are kept, not how they run.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

KUBERNETES = "1.36.2"
ETCD = "3.6.5"
TRIES = 3
TELL_EVERY_S = 60
PATIENCE_S = 45 * 60
"""For one program; the slowest takes 5 min on 2 idle cores."""
PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")


class CannotBuild(Exception):  # noqa: N818 - the name is the sentence
    """The control plane is not to be had here: the message says what is missing and what to do."""


@dataclass(frozen=True)
class Binaries:
    """Where the built programs are, by the name of the program."""

    kubernetes: Path
    etcd: Path

    def path(self, program: str) -> str:
        return str((self.etcd if program == "etcd" else self.kubernetes) / program)

    def missing(self) -> list[str]:
        return [name for name in (*PROGRAMS, "etcd") if not Path(self.path(name)).is_file()]


def cache() -> Path:
    """Where the lab keeps what takes minutes to make."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lendbot-lab"


def cached() -> Binaries:
    home = cache()
    return Binaries(home / f"kubernetes-{KUBERNETES}", home / f"etcd-{ETCD}")


def build() -> Binaries:
    """The cached binaries, after building those that are missing: about 11 min on 2 cores, then nothing."""
    binaries = cached()
    missing = binaries.missing()
    if not missing:
        return binaries
    if shutil.which("go") is None:
        raise CannotBuild("go is not installed: install Go 1.26 or newer to have a real control plane")
    if "etcd" in missing:
        _build_etcd(binaries.etcd)
    wanted = [name for name in PROGRAMS if name in missing]
    if wanted:
        _build_kubernetes(binaries.kubernetes, wanted)
    return binaries


def _build_etcd(out: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="lendbot-lab-etcd-") as scratch:
        module = Path(scratch)
        (module / "go.mod").write_text(
            f"module lab.invalid/etcd\n\ngo 1.24\n\nrequire go.etcd.io/etcd/server/v3 v{ETCD}\n"
        )
        _compile(module, "go.etcd.io/etcd/server/v3", out / "etcd", "-s -w")


def _build_kubernetes(out: Path, programs: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="lendbot-lab-kubernetes-") as scratch:
        module = Path(scratch)
        (module / "go.mod").write_text(_kubernetes_go_mod(module))
        version = "k8s.io/component-base/version"
        major, minor, _ = KUBERNETES.split(".")
        flags = (
            f"-s -w -X {version}.gitVersion=v{KUBERNETES} -X {version}.gitMajor={major} -X {version}.gitMinor={minor}"
        )
        for program in programs:
            _compile(module, f"k8s.io/kubernetes/cmd/{program}", out / program, flags)


def _kubernetes_go_mod(module: Path) -> str:
    """A go.mod that does by version what Kubernetes' own does by folder: its replace block is not used by others."""
    answer = _go(module, "mod", "download", "-json", f"k8s.io/kubernetes@v{KUBERNETES}")
    own = Path(json.loads(answer)["GoMod"]).read_text()
    staging = sorted(set(re.findall(r"(k8s\.io/[\w-]+) => \./staging/", own)))
    release = "v0." + KUBERNETES.split(".", 1)[1]
    go = re.search(r"^go (\S+)$", own, re.MULTILINE)
    lines = ["module lab.invalid/kubernetes", "", f"go {go[1] if go else '1.26'}", ""]
    lines += [f"require k8s.io/kubernetes v{KUBERNETES}", ""]
    lines += [f"replace {name} => {name} {release}" for name in staging]
    return "\n".join(lines) + "\n"


def _compile(module: Path, package: str, target: Path, ldflags: str) -> None:
    print(f"lab: building {target.name} from the Go module proxy (once; it is kept in {target.parent})", flush=True)
    began = time.monotonic()
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_suffix(".building")
    _go(module, "build", "-trimpath", "-ldflags", ldflags, "-o", str(half), package)
    half.rename(target)
    print(f"lab: {target.name} took {time.monotonic() - began:.0f} s", flush=True)


def _go(module: Path, *args: str) -> str:
    """Run go, a few times when it fails: a proxy is away for moments, and what it has fetched and built is kept."""
    for tries in range(TRIES, 0, -1):
        code, out, said = _run_go(module, *args)
        if code == 0:
            return out
        tail = "\n".join(said.strip().splitlines()[-15:])
        if tries > 1:
            print(f"lab: go {args[0]} failed, {tries - 1} more to try; it said\n{tail}", flush=True)
    raise CannotBuild(
        f"go {args[0]} failed {TRIES} times: is this Go 1.26 or newer, and is the Go module proxy reachable?\n{tail}"
    )


def _run_go(module: Path, *args: str) -> tuple[int, str, str]:
    """Run go on all cores, at the lowest priority: a contributor goes on working while the first build runs."""
    argv = ["nice", "-n", "19", "go", *args]
    began, told = time.monotonic(), subprocess.PIPE
    with subprocess.Popen(argv, cwd=module, env=_environment(), text=True, stdout=told, stderr=told) as process:
        try:
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    out, said = process.communicate(timeout=TELL_EVERY_S)
                    return process.returncode, out, said
                print(f"lab: go {args[0]} {Path(args[-1]).name}: {time.monotonic() - began:.0f} s so far", flush=True)
                if time.monotonic() - began > PATIENCE_S:
                    return -1, "", f"no end after {PATIENCE_S} s"
        finally:
            process.kill()


def _environment() -> Mapping[str, str]:
    return {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod -buildvcs=false"}


if __name__ == "__main__":
    try:
        print(f"lab: {build()}")
    except CannotBuild as missing:
        sys.exit(f"lab: no real control plane: {missing}")
