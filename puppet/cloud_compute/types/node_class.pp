# What a class of nodes looks like in Kubernetes.
type Cloud_compute::Node_class = Struct[{
    Optional[labels] => Hash[Cloud_compute::Label_key, Cloud_compute::Label_value],
    Optional[taints] => Array[Cloud_compute::Taint],
}]
