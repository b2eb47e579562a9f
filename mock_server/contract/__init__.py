"""The contract's tools: join its sources into one document, and check that it is whole."""
