# How a service is told to run or stop. Only name differs as a rule; the rest is for machines without systemd, and for
# daemons with a stop command of their own.
type Cloud_compute::Service = Struct[{
    Optional[name]     => String[1],
    Optional[provider] => String[1],
    Optional[status]   => String[1],
    Optional[start]    => String[1],
    Optional[stop]     => String[1],
}]
