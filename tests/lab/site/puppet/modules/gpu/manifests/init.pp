# The lab site's own role for a GPU node: what a node is when nobody lends it.
class gpu {
  service { 'slurmd':
    ensure   => running,
    provider => 'base',
    status   => 'test -e /run/slurmd.pid && kill -0 $(cat /run/slurmd.pid)',
    start    => "slurmd -f ${facts['lab_share']}/slurm/slurm.conf",
    stop     => 'kill $(cat /run/slurmd.pid)',
  }
}
