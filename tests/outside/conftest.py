"""What a project of somebody else's needs to try rules of its own."""

pytest_plugins = ["conformance.fixtures"]
