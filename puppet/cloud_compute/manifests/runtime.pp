# @summary Installs and starts the container runtime.
#
# @api private
class cloud_compute::runtime {
  $runtime = $cloud_compute::runtimes[$cloud_compute::container_runtime]

  if $cloud_compute::manage_packages {
    package { $runtime['packages']:
      ensure => installed,
      before => Service['cloud_compute runtime'],
    }
  }

  service { 'cloud_compute runtime':
    ensure => running,
    *      => { 'name' => $cloud_compute::container_runtime } + $runtime.get('service', {}),
  }
}
