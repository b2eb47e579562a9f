"""The rules: one file a topic, one test function a rule."""
