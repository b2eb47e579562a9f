"""Checks any server against the contract, over HTTP alone."""
