"""What every process of lendbot stands on: its clock, its jobs, its lease, its log, and how it says that it is well."""
