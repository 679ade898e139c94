# A taint the node is registered with.
type Cloud_compute::Taint = Struct[{
    key             => Cloud_compute::Label_key,
    Optional[value] => Cloud_compute::Label_value,
    effect          => Enum['NoSchedule', 'PreferNoSchedule', 'NoExecute'],
}]
