"""What others could read, or listen to: files with secrets in them, and lines on which secrets go in the clear.

What stays on this host is not a line: nobody hears loopback who could not read our memory as well.
"""

import stat
from collections.abc import Iterator
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from bot.core import Core
from bot.doctor.asking import Check
from bot.doctor.findings import Bad
from bot.settings.site import RedfishSettings

FILES: Final = "files: private"
LINES: Final = "lines: trusted"

_ANYBODY: Final = stat.S_IRWXO | stat.S_IWGRP
"""A group that may read is a choice of the site's: `root:lendbot 0640` is how docs/install.md does it."""
_ANYBODY_ELSE: Final = stat.S_IRWXO | stat.S_IRWXG


def checks(core: Core) -> Iterator[Check]:
    """Yield what is asked of the host and of the settings; no far side is asked."""
    yield Check(FILES, partial(_private, core))
    yield Check(LINES, partial(_trusted, core))


def _private(core: Core) -> str:
    """Look at every file that holds a secret, or what people wrote."""
    files = dict(_files(core))
    open_ = [f"{path} ({mode:o})" for path, most in files.items() if (mode := _mode(path)) & most]
    if open_:
        raise Bad(f"others can read or change {', '.join(open_)}", f"chmod o=,g-w {' '.join(map(str, files))}")
    return f"{len(files)} files, none for others"


def _files(core: Core) -> Iterator[tuple[Path, int]]:
    """Yield each file that is there, with the rights that nobody may have on it."""
    settings = core.settings
    wanted = [(core.file, _ANYBODY), (settings.ssh.key_file, _ANYBODY_ELSE)]
    if settings.kubernetes.kubeconfig is not None:
        wanted.append((settings.kubernetes.kubeconfig, _ANYBODY))
    wanted += [(path, _ANYBODY) for path in core.store.files()]
    yield from ((path, most) for path, most in wanted if path.exists())


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _trusted(core: Core) -> str:
    found = [*_clear_lines(core), *_kubernetes(*core.adapters.kubernetes.line()), *_store(*core.store.line())]
    if found:
        raise Bad(
            "; ".join(found),
            "use https, and name the CA: `verify` of the BMCs, certificate-authority of the kubeconfig, and for the"
            " store sslmode=verify-full",
        )
    return "TLS with a CA wherever a secret leaves this host"


def _clear_lines(core: Core) -> Iterator[str]:
    slack = core.settings.slack
    if _is_clear(slack.base_url):
        yield f"Slack's token goes to {slack.base_url} in the clear"
    for name, power in core.settings.power.items():
        if not isinstance(power, RedfishSettings):
            continue
        if _is_clear(power.url) and power.password.get_secret_value():
            yield f"the password of [power.{name}] goes to {power.url} in the clear"
        if power.verify is False and not _is_here(power.url):
            yield f"[power.{name}] believes any certificate (verify = false)"


def _kubernetes(address: str, is_checked: bool) -> Iterator[str]:  # noqa: FBT001 - as the adapter tells it
    if _is_clear(address):
        yield f"the Kubernetes token goes to {address} in the clear"
    elif not is_checked and not _is_here(address):
        yield "the kubeconfig believes any certificate (insecure-skip-tls-verify)"


def _store(host: str, is_checked: bool) -> Iterator[str]:  # noqa: FBT001 - as the store tells it
    if host and not is_checked and not _is_local(host):
        yield f"the store at {host} may be anybody's (no sslmode=verify-full)"


def _is_clear(url: str) -> bool:
    return urlsplit(url).scheme == "http" and not _is_here(url)


def _is_here(url: str) -> bool:
    return _is_local(urlsplit(url).hostname or "")


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
