"""The peer of the intake benchmark: in the same site, a DRF view that checks a body and inserts one row."""
