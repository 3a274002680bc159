"""The image: built from the Dockerfile, unpacked, and run without a registry or a daemon."""
