"""Calls seen by other systems: OpenTelemetry and Prometheus, one file each, an extra each."""
