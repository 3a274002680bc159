"""End to end: the real server as a process, on a real cluster with the operator and PostgreSQL."""
