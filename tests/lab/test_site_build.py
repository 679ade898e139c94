"""The control plane is built, or the lab says in a sentence why not. A go that fails is enough to show it; no root."""

from pathlib import Path

import pytest

from tests.lab.site import kubernetes_build


def go_that(folder: Path, does: str) -> Path:
    """Put a program `go` alone into a folder, beside what it needs to run."""
    folder.mkdir()
    for program in ("nice", "sh"):
        (folder / program).symlink_to(f"/bin/{program}")
    (folder / "go").write_text(f"#!/bin/sh\n{does}\n")
    (folder / "go").chmod(0o755)
    return folder


@pytest.fixture
def nothing_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose cache is empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def test_a_proxy_that_is_away_is_asked_three_times_and_then_named(
    nothing_built: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """CI without the proxy runs the rest of the lab, and its log says why, in go's own words."""
    asked = nothing_built / "asked"
    monkeypatch.setenv(
        "PATH", str(go_that(nothing_built / "bin", f"echo x >>{asked}; echo 'dial tcp: refused' >&2; exit 1"))
    )
    with pytest.raises(kubernetes_build.CannotBuild, match=r"(?s)3 times: .*proxy reachable\?.*dial tcp: refused"):
        kubernetes_build.build()
    assert len(asked.read_text().splitlines()) == 3
    assert "2 more to try" in capfd.readouterr().out


def test_a_machine_without_go_is_told_which_to_install(nothing_built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks for a fault of the lab when Go was never there."""
    monkeypatch.setenv("PATH", str(nothing_built))
    with pytest.raises(kubernetes_build.CannotBuild, match=r"install Go 1\.26 or newer"):
        kubernetes_build.build()
