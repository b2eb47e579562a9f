"""Where entities are kept: one protocol, one set of indexes, several stores."""
