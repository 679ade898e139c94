# What Kubernetes takes as a label's or a taint's value. Nothing in it means anything to a shell or to YAML.
type Cloud_compute::Label_value = Pattern[/\A([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?\z/]
