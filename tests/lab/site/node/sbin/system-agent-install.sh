#!/bin/sh
# The stand-in of Rancher's installer: it is told everything by its environment, and returns when the node is registered.
set -eu
test "$CATTLE_ROLE_WORKER" = true
umask 077
mkdir -p /etc/rancher/agent /var/lib/kubelet
printf '%s\n' "$CATTLE_TOKEN" >/var/lib/kubelet/token
env -u CATTLE_TOKEN start_kubelet "$CATTLE_SERVER" /var/lib/kubelet/token "$CATTLE_NODE_NAME" "$CATTLE_LABELS" "$CATTLE_TAINTS"
echo "# written by the lab's Rancher installer" >/etc/rancher/agent/config.yaml
