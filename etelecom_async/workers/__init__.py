"""The check on an existing engine: Arrow batches, Ray."""
