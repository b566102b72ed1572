"""A law firm's client intake: five agents, the workflow pack `pack.yaml`, and sample calls."""
