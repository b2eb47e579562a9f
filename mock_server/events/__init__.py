"""What is told of a world while it changes: from a call to an event, to those who listen."""
