# A container runtime: what to install and what to start.
type Cloud_compute::Runtime = Struct[{
    packages          => Array[String[1]],
    Optional[service] => Cloud_compute::Service,
}]
