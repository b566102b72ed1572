"""What the logs say when something breaks: where, and never the values that variables had."""

import logging
import sys

from django.conf import settings


def test_an_exception_is_logged_with_its_place_and_without_what_variables_held() -> None:
    formatter = settings.LOGGING["formatters"]["line"]
    line = formatter["()"](processor=formatter["processor"], foreign_pre_chain=formatter["foreign_pre_chain"])
    try:
        _break("-".join(("sesame", "open", "please")))
    except ZeroDivisionError:
        record = logging.LogRecord("acme", logging.ERROR, __file__, 1, "It broke", None, sys.exc_info())
    told = line.format(record)
    assert "ZeroDivisionError: division by zero" in told
    assert "in _break" in told
    assert "sesame-open-please" not in told


def _break(password: str) -> float:
    return len(password) / 0
