# A port that pods must not reach from this node.
type Cloud_compute::Blocked = Struct[{
    protocol => Enum['tcp', 'udp'],
    port     => Integer[1, 65535],
}]
