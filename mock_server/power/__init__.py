"""The proof of power: the suite against mocks that are wrong on purpose, one mistake each."""
