"""Scaling a cluster: which instances would come or go, and the way there."""
