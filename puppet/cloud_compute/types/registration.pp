# How the node joins its cluster.
#
# server      kubeadm: host:port of the API server; rke2 and rancher: a URL
# token_file  where the site lays down the join token, mode 0600; it is read on the node, when the node joins
# ca_hashes   kubeadm: sha256:... of the cluster's CA; rancher: the one checksum; none for rke2
# command     what is run; the default is the form's own
# creates     the file whose presence says that the node has joined; the default is the form's own
type Cloud_compute::Registration = Struct[{
    form                => Enum['kubeadm', 'rke2', 'rancher'],
    server              => Pattern[/\A[A-Za-z0-9:\/._\[\]-]+\z/],
    token_file          => Cloud_compute::Path,
    Optional[ca_hashes] => Array[Pattern[/\A[a-z0-9:]+\z/]],
    Optional[command]   => Array[Pattern[/\A[A-Za-z0-9:\/._=-]+\z/], 1],
    Optional[creates]   => Cloud_compute::Path,
    Optional[timeout_s] => Integer[1],
}]
