"""Databases of a cluster: the list, and the orders that create and drop them."""
