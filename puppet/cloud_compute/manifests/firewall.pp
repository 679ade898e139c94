# @summary Lets pods' packets through, and keeps pods away from the site's file servers.
#
# The rules stand in a chain of their own, so that nothing of the site's own is changed but the policy of FORWARD.
#
# @api private
class cloud_compute::firewall {
  if $cloud_compute::manage_firewall {
    Exec {
      path => ['/usr/sbin', '/sbin', '/usr/bin', '/bin'],
    }

    if $cloud_compute::forward {
      exec { 'cloud_compute turns forwarding on':
        command => 'sysctl -w net.ipv4.ip_forward=1',
        unless  => 'grep -qx 1 /proc/sys/net/ipv4/ip_forward',
      }
      exec { 'cloud_compute accepts forwarded packets':
        command => 'iptables -w -P FORWARD ACCEPT',
        unless  => 'iptables -w -S FORWARD | grep -qx -e "-P FORWARD ACCEPT"',
      }
    }

    exec { 'cloud_compute makes its chain':
      command => 'iptables -w -N CLOUD-COMPUTE',
      unless  => 'iptables -w -n -L CLOUD-COMPUTE',
    }

    $cloud_compute::blocked.each |Cloud_compute::Blocked $block| {
      $rule = "CLOUD-COMPUTE -p ${block['protocol']} --dport ${block['port']} -j REJECT"
      exec { "cloud_compute blocks ${block['protocol']} ${block['port']}":
        command => "iptables -w -A ${rule}",
        unless  => "iptables -w -C ${rule}",
        require => Exec['cloud_compute makes its chain'],
        before  => Exec['cloud_compute sends OUTPUT through its chain', 'cloud_compute sends FORWARD through its chain'],
      }
    }

    ['OUTPUT', 'FORWARD'].each |String $chain| {
      exec { "cloud_compute sends ${chain} through its chain":
        command => "iptables -w -I ${chain} 1 -j CLOUD-COMPUTE",
        unless  => "iptables -w -C ${chain} -j CLOUD-COMPUTE",
        require => Exec['cloud_compute makes its chain'],
      }
    }
  }
}
