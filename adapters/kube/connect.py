"""Credentials and address to a client, once, at start. Refuses with a sentence what cannot work."""

from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import yaml
from kubernetes.client import ApiClient, Configuration
from kubernetes.config import ConfigException, load_incluster_config
from kubernetes.config.kube_config import KubeConfigLoader, KubeConfigMerger

CONNECTIONS: Final = 32
"""Kept open at most: about one for each worker thread. More threads make short-lived ones."""

_KILL_AFTER: Final = "--kill-after=1"


def connect(
    kubeconfig: Path | None = None, context: str | None = None, timeout: timedelta = timedelta(seconds=15)
) -> ApiClient:
    """Make a client, without a call to the cluster.

    kubeconfig   a file; None means the service account of the pod that we run in
    context      of that file; None means its current one
    timeout      for the file's credential plugin, if it has one: at each run it is ended then, and gave no token
    raises       ValueError, with a sentence, when the file or the account cannot be used
    """
    configuration = Configuration()
    configuration.retries = False  # when to ask again is the engine's; it would also follow redirects
    configuration.connection_pool_maxsize = CONNECTIONS
    configuration.keep_alive = True
    try:
        if kubeconfig is None:
            load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            _load(kubeconfig, context, configuration, timeout)
    # The client takes the file as it is: what is no mapping where it expects one ends as TypeError or AttributeError.
    except (ConfigException, OSError, ValueError, TypeError, AttributeError, yaml.YAMLError) as unusable:
        source = f"the kubeconfig {kubeconfig}" if kubeconfig else "the pod's service account"
        raise ValueError(f"{source} cannot be used: {unusable}") from unusable
    return ApiClient(configuration)


def _load(kubeconfig: Path, context: str | None, configuration: Configuration, timeout: timedelta) -> None:
    """Do as load_kube_config() does, with an end to the credential plugin.

    The client waits for it without one, in the middle of a request: one that hung (a log-in that asks, a metadata
    service that is gone) would hang all who wait for that answer. So the file's command is run by `timeout`.
    """
    merged: Any = KubeConfigMerger(str(kubeconfig)).config  # type: ignore[no-untyped-call]
    if merged is None:
        raise ConfigException("no configuration found")
    for each in merged.value["users"]:
        plugin = (each.value.get("user") or {}).get("exec")
        if plugin and "command" in plugin:
            seconds = f"{timeout.total_seconds():g}"
            plugin["args"] = [_KILL_AFTER, seconds, plugin["command"], *(plugin.get("args") or ())]
            plugin["command"] = "timeout"
    loader: Any = KubeConfigLoader(  # type: ignore[no-untyped-call]
        config_dict=merged, active_context=context, config_base_path=None
    )
    loader.load_and_set(configuration)
