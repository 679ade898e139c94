"""Credentials and address to a client, once, at start. Refuses with a sentence what cannot work."""

from pathlib import Path
from typing import Final

import yaml
from kubernetes.client import ApiClient, Configuration
from kubernetes.config import ConfigException, load_incluster_config, load_kube_config

CONNECTIONS: Final = 32
"""Kept open at most: about one for each worker thread. More threads make short-lived ones."""


def connect(kubeconfig: Path | None = None, context: str | None = None) -> ApiClient:
    """Make a client, without a call to the cluster.

    kubeconfig   a file; None means the service account of the pod that we run in
    context      of that file; None means its current one
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
            load_kube_config(  # type: ignore[no-untyped-call]
                str(kubeconfig), context, client_configuration=configuration, persist_config=False
            )
    # The client takes the file as it is: what is no mapping where it expects one ends as TypeError or AttributeError.
    except (ConfigException, OSError, ValueError, TypeError, AttributeError, yaml.YAMLError) as unusable:
        source = f"the kubeconfig {kubeconfig}" if kubeconfig else "the pod's service account"
        raise ValueError(f"{source} cannot be used: {unusable}") from unusable
    return ApiClient(configuration)
