"""The rule language, pure: what a version of a workflow says, checked and explained, never run here."""
