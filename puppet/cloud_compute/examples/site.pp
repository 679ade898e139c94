# How a site chooses between its own roles and this one: by the one word in /etc/puppet-role.
node default {
  case $facts['puppet_role'] {
    'cloud_compute': { include cloud_compute }
    'gpu', undef:    { include gpu }
    'compute':       { include compute }
    default:         { fail("/etc/puppet-role says ${facts['puppet_role']}, which is no role of ours") }
  }
}
