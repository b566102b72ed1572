"""Calls a service of your own over HTTP: an agent in any language, answering at once or later."""
