"""Agent plugins seen from the core: found by entry point, run under limits; no Django here."""
