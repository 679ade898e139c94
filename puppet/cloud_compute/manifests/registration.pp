# @summary Joins the cluster, once.
#
# A script of mode 0700 does it. The token is read by that script from the site's file: it is in no catalogue, no report, no
# log, and no command line of ours.
#
# @api private
class cloud_compute::registration {
  $defaults = {
    'kubeadm' => {
      'command' => ['kubeadm', 'join', '--config'],
      'creates' => '/etc/kubernetes/kubelet.conf',
    },
    'rke2'    => {
      'command' => ['systemctl', 'enable', '--now', 'rke2-agent.service'],
      'creates' => '/var/lib/rancher/rke2/agent/kubelet.kubeconfig',
    },
    'rancher' => {
      'command' => ['sh', '/usr/local/sbin/system-agent-install.sh'],
      'creates' => '/etc/rancher/agent/config.yaml',
    },
  }
  $asked = $cloud_compute::registration
  $how = { 'ca_hashes' => [], 'timeout_s' => 600 } + $defaults[$asked['form']] + $asked
  $class = { 'labels' => {}, 'taints' => [] } + $cloud_compute::classes[$cloud_compute::node_class]
  $startup = $cloud_compute::startup_taint ? {
    false   => [],
    default => [$cloud_compute::startup_taint],
  }
  $script = '/usr/local/sbin/cloud-compute-register'

  file { $script:
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0700',
    content => epp("cloud_compute/${how['form']}.epp", {
        'how'    => $how,
        'name'   => $facts['networking']['hostname'],
        'labels' => $class['labels'],
        'taints' => $class['taints'] + $startup,
    }),
  }

  exec { 'cloud_compute joins the cluster':
    command => $script,
    creates => $how['creates'],
    timeout => $how['timeout_s'],
    path    => ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'],
    require => File[$script],
  }
}
