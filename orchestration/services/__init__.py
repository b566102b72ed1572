"""Use cases, one noun per file: keyword-only, typed, one transaction, one event."""
