"""The contract over HTTP: everything that knows connexion, requests and answers."""
