# @summary Makes a stateless HPC node a Kubernetes node.
#
# Meant as a role beside a site's `compute` and `gpu`: a site includes it when the fact `puppet_role` says cloud_compute.
# There is no way back in here: a lent node comes home by a reboot, which is what makes it clean.
#
# @param registration       how the node joins its cluster; see Cloud_compute::Registration
# @param node_class         which of `classes` this node is; a site sets it per node or by a fact
# @param classes            the labels and taints that each class of nodes is registered with
# @param startup_taint      keeps pods away from the moment the node registers until lendbot has found it usable and takes it
#   off; its key is lendbot's. false when something else keeps pods away until then
# @param container_runtime  which of `runtimes` to run
# @param runtimes           packages and service of each runtime
# @param manage_packages    false when the image already has the runtime
# @param stopped_services   what serves batch jobs and must not run beside pods; false leaves one alone
# @param stop_gpfs          whether this node has GPFS to stop
# @param gpfs               how GPFS is stopped
# @param manage_firewall    false when the site's own firewall role allows pods and blocks NFS
# @param forward            whether packets of pods are forwarded: the sysctl, and the FORWARD chain's policy
# @param blocked            ports that neither this node nor its pods may reach
class cloud_compute (
  Cloud_compute::Registration $registration,
  String[1] $node_class,
  Hash[String[1], Cloud_compute::Node_class] $classes,
  Variant[Cloud_compute::Taint, Boolean[false]] $startup_taint,
  Enum['containerd', 'docker'] $container_runtime,
  Hash[Enum['containerd', 'docker'], Cloud_compute::Runtime] $runtimes,
  Boolean $manage_packages,
  Hash[String[1], Variant[Cloud_compute::Service, Boolean[false]]] $stopped_services,
  Boolean $stop_gpfs,
  Cloud_compute::Service $gpfs,
  Boolean $manage_firewall,
  Boolean $forward,
  Array[Cloud_compute::Blocked] $blocked,
) {
  unless $node_class in $classes {
    fail("cloud_compute::node_class is ${node_class}, but cloud_compute::classes has only ${classes.keys.join(', ')}")
  }

  contain cloud_compute::services
  contain cloud_compute::firewall
  contain cloud_compute::runtime
  contain cloud_compute::registration

  Class['cloud_compute::services']
  -> Class['cloud_compute::firewall']
  -> Class['cloud_compute::runtime']
  -> Class['cloud_compute::registration']
}
