"""The status verdict of a cluster, and the findings behind it."""
