"""Whom we trust, as OpenSSH writes it down."""

import time
from pathlib import Path

import asyncssh
import paramiko
import pytest

from adapters.known_hosts import UnreadableKey, trusted_keys


def public(kind: str = "ssh-ed25519") -> str:
    return asyncssh.generate_private_key(kind).export_public_key().decode().strip()


KEY, OTHER = public(), public()


def found(folder: Path, *lines: str, host: str = "gpu003", port: int = 22) -> set[str]:
    """Return the keys of a host in a file of these lines, as OpenSSH writes them."""
    path = folder / "known_hosts"
    path.write_text("\n".join(lines) + "\n")
    return {f"{key.get_name()} {key.get_base64()}" for key in trusted_keys(path, (host, port))}


def test_a_host_is_found_by_its_name_among_others(tmp_path: Path) -> None:
    """Each node is held to its own key."""
    lines = ["# site", "", f"gpu002 {OTHER}", f"gpu003,10.1.0.3 {KEY} note", f"gpu0033 {OTHER}"]
    assert found(tmp_path, *lines) == {KEY}
    assert found(tmp_path, *lines, host="10.1.0.3") == {KEY}
    assert found(tmp_path, *lines, host="gpu004") == set()


def test_a_port_of_its_own_is_part_of_the_name(tmp_path: Path) -> None:
    """Two servers on one address are two."""
    lines = [f"gpu003 {OTHER}", f"[gpu003]:2222 {KEY}"]
    assert found(tmp_path, *lines, port=2222) == {KEY}
    assert found(tmp_path, *lines) == {OTHER}


def test_hashed_names_are_found(tmp_path: Path) -> None:
    """OpenSSH's HashKnownHosts changes nothing for us."""
    hashed = paramiko.HostKeys.hash_host("gpu003")
    assert found(tmp_path, f"{hashed} {KEY}", f"{paramiko.HostKeys.hash_host('gpu004')} {OTHER}") == {KEY}
    assert found(tmp_path, f"|1|broken {KEY}", f"|1|YQ==|YQ== {KEY}") == set()


def test_a_host_may_have_keys_of_several_types(tmp_path: Path) -> None:
    """A server that offers another type than yesterday is still the same server."""
    ecdsa = public("ecdsa-sha2-nistp256")
    assert found(tmp_path, f"gpu003 {KEY}", f"gpu003 {ecdsa}", "gpu003 ssh-unheard-of AAAA") == {KEY, ecdsa}


def test_revoked_keys_are_not_trusted(tmp_path: Path) -> None:
    """A key that leaked stays out, also when an old line still names it."""
    assert found(tmp_path, f"gpu003 {KEY}", f"@revoked gpu003 {KEY}") == set()
    assert found(tmp_path, f"@cert-authority gpu003 {KEY}") == set()


def test_patterns_trust_nobody(tmp_path: Path) -> None:
    """One key for every name that fits would make any node every node."""
    assert found(tmp_path, f"gpu* {KEY}", f"* {KEY}") == set()


def test_a_damaged_line_is_said_and_those_of_others_do_no_harm(tmp_path: Path) -> None:
    """One broken line among thousands stops one node, not the site."""
    assert found(tmp_path, "gpu002 ssh-ed25519 AAAA", f"gpu003 {KEY}") == {KEY}
    with pytest.raises(UnreadableKey, match="damaged key for gpu003"):
        found(tmp_path, "gpu003 ssh-ed25519 AAAA")


def test_a_site_of_many_nodes_is_read_in_no_time(tmp_path: Path) -> None:
    """Three keys for each of 2,000 nodes: read at every new connection, so it may not take seconds."""
    lines = [f"gpu{i:04},10.1.{i // 250}.{i % 250} {key}" for i in range(2000) for key in (OTHER, KEY, OTHER)]
    began = time.process_time()
    assert found(tmp_path, *lines, host="gpu1999") == {KEY, OTHER}
    assert time.process_time() - began < 2
