# An absolute path without anything that means something to a shell.
type Cloud_compute::Path = Pattern[/\A\/[A-Za-z0-9\/._-]+\z/]
