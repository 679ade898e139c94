#!/bin/sh
# Run a command in another root file system as on a machine of its own. The caller has unshared mounts, processes, the
# host's name and, unless it installs something, the network: labs in there meet nobody else's 10.77.x.0/24.
#     machine.sh ROOT NAME BOUND... -- COMMAND...
# BOUND is a folder or file of this machine that the other sees at the same path, read-only.
set -eu
root=$1 name=$2
shift 2
hostname "$name"
mount --bind "$root" "$root" # `ip netns exec` wants / to be a mount point
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then mkdir -p "$root$1"; else mkdir -p "$root${1%/*}"; [ -e "$root$1" ] || : >"$root$1"; fi
  mount --bind "$1" "$root$1"
  mount -o remount,bind,ro "$root$1"
  shift
done
shift
printf '127.0.0.1 localhost %s\n::1 localhost\n' "$name" >"$root/etc/hosts"
ip link set lo up
cd "$root"
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
exec chroot "$root" "$@"
