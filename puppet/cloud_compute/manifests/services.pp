# @summary Stops what serves batch jobs, and keeps it stopped.
#
# @api private
class cloud_compute::services {
  $gpfs = $cloud_compute::stop_gpfs ? {
    true    => { 'gpfs' => $cloud_compute::gpfs },
    default => {},
  }
  $asked = ($cloud_compute::stopped_services + $gpfs).filter |$_name, $how| { $how =~ Cloud_compute::Service }

  $asked.each |String $name, Cloud_compute::Service $how| {
    service { $how.get('name', $name):
      ensure => stopped,
      *      => $how.filter |$key, $_value| { $key != 'name' },
    }
  }
}
