"""Customer onboarding at a regional bank: four agents, the workflow pack `pack.yaml`, and sample cases."""
