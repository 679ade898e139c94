# What Kubernetes takes as a label's or a taint's key: an optional domain, and a name.
type Cloud_compute::Label_key = Pattern[/\A([a-z0-9]([a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?\z/]
