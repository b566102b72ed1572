"""Asks a language model: any endpoint that speaks the chat-completions protocol, with answers of a fixed form."""
