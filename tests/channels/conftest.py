"""What the tests of channels share with those of unmodified clients: the Node packages."""

from clients.conftest import node_packages

__all__ = ["node_packages"]
