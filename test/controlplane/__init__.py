"""A real control plane for tests: etcd, kube-apiserver and the operator, with a simulated node."""
