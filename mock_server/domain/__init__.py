"""Rules of the API as pure functions over frozen values; knows no HTTP, storage or clock."""
