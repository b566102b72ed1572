"""Refused: a request that cannot be carried out, with the sentence its reader needs."""


class Refused(Exception):
    """Nothing was changed. The message names what stands in the way and, where there is one, the cure."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
