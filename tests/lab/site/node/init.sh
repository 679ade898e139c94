#!/bin/sh
# First half of a node's boot, as pid 1 of its namespaces: build the stateless root and step into it.
# Environment: LAB (the lab's folder), SHARE (what nodes see of it), NODE.
set -eu
hostname "$NODE"
base=$LAB/nodes/$NODE
root=$base/root
mkdir -p "$base"
mount -t tmpfs -o mode=755,size=512m tmpfs "$base"
mkdir "$base/up" "$base/work" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$base/up,workdir=$base/work" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mkdir -p "$root$SHARE"
mount --bind "$SHARE" "$root$SHARE"
rm -f "$root/root/.bashrc" "$root/root/.profile" "$root/root/.bash_profile" # the host's cost 100 ms a command
rm -f "$root"/etc/puppet-role
# What an image leaves out: half of each Puppet run went to a fact that no role asks for, and to apt reading its lists.
mkdir -p "$root/etc/facter"
echo 'facts : { blocklist : [ "augeas" ] }' >"$root/etc/facter/facter.conf"
rm -rf "$root"/var/lib/apt/lists
mkdir -p "$root/run/sshd" "$root/run/fakegpu" "$root/var/spool/slurmd"
for gpu in 0 1 2 3; do mknod "$root/run/fakegpu/nvidia$gpu" c 1 3; done
cp "$LAB/keys/host-$NODE" "$root/etc/ssh/ssh_host_ed25519_key"
cp "$SHARE/etc/hosts" "$root/etc/hosts"
cp "$SHARE"/bin/* "$root/usr/local/bin/"
cp "$SHARE"/sbin/* "$root/usr/local/sbin/"
echo "$NODE booted $(date -u +%FT%TZ)" >"$root/etc/node-booted"
exec chroot "$root" /bin/sh "$SHARE/rc.sh"
