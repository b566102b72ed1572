"""The peer of the intake benchmark: a Django site with one DRF view that checks a body and inserts one row."""
