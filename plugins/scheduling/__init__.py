"""Patient scheduling of a health system: five agents, the workflow pack `pack.yaml`, and sample requests."""
