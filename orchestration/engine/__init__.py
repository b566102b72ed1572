"""Deciding, pure: a version is compiled once, then facts and progress give the next step."""
