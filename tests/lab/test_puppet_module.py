"""The role as code: clean to Puppet's linter, and its catalogues are what they say."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.lab.site.puppet import MODULE

pytestmark = pytest.mark.lab

CHECKS = {
    "puppet-lint": ["puppet-lint", "--fail-on-warnings", "../cloud_compute"],
    "parser": ["puppet", "parser", "validate", "manifests", "examples/site.pp"],
    "templates": ["sh", "-c", "puppet epp validate templates/*.epp"],
    "rspec": ["rspec"],
}


@pytest.mark.parametrize("check", CHECKS)
def test_the_role_passes(check: str, tmp_path: Path) -> None:
    """A site takes this module into its own CI: it must not be the one that fails there."""
    if shutil.which(CHECKS[check][0]) is None:
        pytest.skip(f"{CHECKS[check][0]} is not installed: bringing the lab up installs it")
    copy = tmp_path / "modules" / MODULE.name
    shutil.copytree(MODULE, copy)
    done = subprocess.run(CHECKS[check], cwd=copy, text=True, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("form", ["kubeadm", "rke2", "rancher"])
def test_the_script_that_joins_is_good_shell_in_every_form(form: str, tmp_path: Path) -> None:
    """A registration that cannot be parsed would only show on the first node that is lent."""
    how = "{'server' => 'a.example:1', 'token_file' => '/etc/t', 'ca_hashes' => [], 'command' => ['true']}"
    values = f"{{'how' => {how}, 'name' => 'gpu003', 'labels' => {{'a' => 'b'}}, 'taints' => []}}"
    rendered = subprocess.run(
        ["puppet", "epp", "render", str(MODULE / "templates" / f"{form}.epp"), "--values", values],
        text=True,
        capture_output=True,
        check=False,
    )
    assert rendered.returncode == 0, rendered.stderr
    script = tmp_path / "join"
    script.write_text(rendered.stdout)
    assert subprocess.run(["sh", "-n", str(script)], check=False).returncode == 0
