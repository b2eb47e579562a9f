"""Playing a scenario: inside a world's own beginning, or over HTTP against a mock that runs."""
