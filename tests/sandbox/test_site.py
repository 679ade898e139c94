"""The site as a program of its own, and its levers over HTTP."""

import json
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.testing import Handle, running
from tests.moment import MOMENT
from tests.patience import PATIENCE_S
from tests.sandbox.site_rig import MANAGEMENT, eventually, run, shell

COMMAND = [sys.executable, "-m", "sandbox", "--at", MOMENT.isoformat()]


@pytest.fixture(scope="module")
def site() -> Iterator[Handle]:
    with running(at=MOMENT, speed=600, gpu_nodes=6, cpu_nodes=2) as handle:
        yield handle


def ask(site: Handle, method: str, path: str, **more: Any) -> requests.Response:
    return requests.request(method, f"{site.site_json['page_url']}/sandbox/api/{path}", timeout=PATIENCE_S, **more)


def test_site_json_tells_a_client_everything(site: Handle) -> None:
    """One file, and nothing to guess."""
    told = site.site_json
    assert told["nodes"]["gpu001"] == {"address": "127.77.1.1"}
    assert told["clock"]["speed"] == 600
    assert {"page_url", "slack_api_url", "bot_token", "app_token", "signing_secret", "slurm", "ssh"} <= told.keys()
    for path in (told["ssh"]["key_file"], told["ssh"]["known_hosts"], told["kube"]["kubeconfig"]):
        assert Path(path).is_file()
    assert Path(told["ssh"]["key_file"]).stat().st_mode & 0o077 == 0


def test_the_settings_it_writes_are_whole(site: Handle) -> None:
    """lendbot starts against the site with two files and nothing typed."""
    settings = tomllib.loads((site.paths / "lendbot.toml").read_text())
    assert settings["ssh"]["addresses"]["gpu002"] == "127.77.1.2"
    assert settings["classes"].keys() == {"gpu", "cpu"}
    assert settings["clock"] == site.site_json["clock"]
    assert datetime.fromisoformat(settings["clock"]["shows"]) == MOMENT
    secrets = (site.paths / "lendbot.env").read_text()
    assert f"LENDBOT_SLACK__BOT_TOKEN={site.site_json['bot_token']}\n" in secrets
    assert (site.paths / "lendbot.env").stat().st_mode & 0o077 == 0


def test_the_room_shows_every_node_and_job(site: Handle) -> None:
    """What the page draws, a story can read."""
    room = ask(site, "GET", "room").json()
    assert [node["name"] for node in room["nodes"]][:2] == ["gpu001", "gpu002"]
    assert room["nodes"][0].keys() == {"name", "class", "slurm", "kube", "power", "doing"}
    assert room["nodes"][0]["power"] == "on"
    for job in room["jobs"]:
        assert job["state"] in {"RUNNING", "PENDING"}
    assert room["speed"] == 600
    assert set(room["pods"]) >= {"kube-system"}


def test_faults_are_set_listed_and_cleared_over_http(site: Handle) -> None:
    """A story breaks things from outside, and mends them."""
    fault = {"side": "puppet", "mode": "fail", "node": "gpu002", "times": 1}
    assert ask(site, "POST", "faults", json=fault).json() == [fault]
    assert ask(site, "GET", "room").json()["faults"] == [fault]
    assert ask(site, "DELETE", "faults", params={"side": "puppet"}).json() == []
    wrong = ask(site, "POST", "faults", json={"side": "puppet", "mode": "dance"})
    assert (wrong.status_code, wrong.text) == (400, "puppet cannot 'dance'; it can fail, hang\n")


def test_a_job_sneaks_in_at_once(site: Handle) -> None:
    """The race that taking nodes must not lose, on demand."""
    room = ask(site, "GET", "room").json()
    idle = next(node["name"] for node in room["nodes"] if node["slurm"]["state"] == "IDLE")
    job = ask(site, "POST", "jobs", json={"node": idle, "minutes": 600}).json()
    assert (job["state"], job["nodes"]) == ("RUNNING", [idle])
    with shell(site, MANAGEMENT) as client:
        assert run(client, f"squeue -h -w {idle} -o %i")[1] == f"{job['id']}\n"
    assert ask(site, "POST", "jobs", json={"node": "nope"}).status_code == 400


def test_a_difficult_pod_comes_when_it_is_asked_for(site: Handle) -> None:
    """A return that has to wait for somebody's pod, on demand; what cannot be is said in words."""
    before = ask(site, "GET", "room").json()["pods"]
    put = ask(site, "POST", "pods", json={"node": "kube001", "kind": "finalizer"})
    assert (put.status_code, put.json()) == (200, {"node": "kube001", "kind": "finalizer"})
    after = ask(site, "GET", "room").json()["pods"]
    assert sum(after.values()) == sum(before.values()) + 1
    nowhere = ask(site, "POST", "pods", json={"node": "gpu001"})
    assert (nowhere.status_code, nowhere.text) == (400, "gpu001 is no node of the cluster\n")
    wrong = ask(site, "POST", "pods", json={"node": "kube001", "kind": "shy"})
    assert (wrong.status_code, "there are" in wrong.text) == (400, True)


def test_the_tally_starts_at_nothing(site: Handle) -> None:
    """What a story asserts at its end holds at its beginning."""
    assert ask(site, "GET", "tally").json() == {"jobs_killed": 0, "pods_killed": 0}


def test_the_page_and_slack_share_one_address(site: Handle) -> None:
    """One link to open, one base URL to set."""
    assert requests.get(site.site_json["page_url"], timeout=PATIENCE_S).status_code == 200
    answer = requests.post(
        f"{site.site_json['slack_api_url']}auth.test",
        headers={"Authorization": f"Bearer {site.site_json['bot_token']}"},
        timeout=PATIENCE_S,
    )
    assert answer.json()["ok"] is True


def test_host_keys_are_kept_between_runs(tmp_path: Path) -> None:
    """A site that is started again is the same site to a strict client."""
    with running(at=MOMENT, directory=tmp_path, gpu_nodes=1, cpu_nodes=1, busy=0.0) as first:
        keys = [line.split(" ", 1)[1] for line in (first.paths / "known_hosts").read_text().splitlines()]
    with running(at=MOMENT, directory=tmp_path, gpu_nodes=1, cpu_nodes=1, busy=0.0) as second:
        assert keys == [line.split(" ", 1)[1] for line in (second.paths / "known_hosts").read_text().splitlines()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_program_says_where_it_is_and_ends_when_told(tmp_path: Path, number: signal.Signals) -> None:
    """`python -m sandbox` for make demo: an address, a file, and a clean end."""
    command = [*COMMAND, "--dir", str(tmp_path), "--port", "0", "--gpu-nodes", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        try:
            eventually((tmp_path / "site.json").exists, "site.json is written")
            told = json.loads((tmp_path / "site.json").read_text())
            assert datetime.fromisoformat(told["clock"]["shows"]) == MOMENT
            assert program.stdout is not None
            assert program.stdout.readline() == f"{told['page_url']}\n"
            assert requests.get(f"{told['page_url']}/sandbox/api/tally", timeout=PATIENCE_S).ok
            program.send_signal(number)
            out, err = program.communicate(timeout=PATIENCE_S)
        finally:
            program.kill()
    assert (program.returncode, out, err) == (0, "", "")


def test_a_port_that_is_taken_is_said_in_one_sentence(site: Handle, tmp_path: Path) -> None:
    """No traceback for whoever runs make demo twice."""
    port = site.site_json["page_url"].rsplit(":", 1)[1]
    command = [*COMMAND, "--dir", str(tmp_path), "--port", port, "--gpu-nodes", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("The sandbox cannot start: ")
    assert f"('127.0.0.1', {port}): address already in use" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "site.json").exists()


def test_a_thousand_nodes_start_in_seconds() -> None:
    """Scale is a parameter."""
    began = time.process_time()  # of the processor: the site is in this process, and others may keep it waiting
    with running(at=MOMENT, gpu_nodes=1000, cpu_nodes=0, speed=60) as site:
        assert time.process_time() - began < 20
        with shell(site, MANAGEMENT) as client:
            assert len(run(client, "scontrol show node -o")[1].splitlines()) == 1000
        with shell(site, "127.77.4.250") as node:
            assert run(node, "hostname") == (0, "gpu1000\n", "")
