"""A manufacturer's non-conformance handling: four agents, the workflow pack `pack.yaml`, and sample reports."""
