#!/bin/sh
# Second half of a node's boot, inside its root: the daemons that a compute node of a site has, and then pid 1's wait.
cd /
sleep "$BOOT_S"
/usr/sbin/sshd -f "$SHARE/etc/sshd_config" -E /var/log/sshd.log
for daemon in zabbix-agent node_exporter; do # stand-ins of what a site has running on every node
    ln -s /usr/bin/sleep "/usr/local/sbin/$daemon"
    "/usr/local/sbin/$daemon" infinity &
done
/usr/sbin/slurmd -b -f "$SLURM_CONF" # -b: the boot time is now, though nodes share a kernel
echo "$NODE up at $(date -u +%FT%TZ)"
exec /usr/bin/python3 -S -E -c '
import os, time
while True:  # pid 1 reaps whoever died
    try:
        os.wait()
    except ChildProcessError:
        time.sleep(0.2)
'
