"""Roles of a cluster, through both of CloudNativePG's back-ends."""
