"""Variables that stand in an answer although nobody put a value in."""

import re

_VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


def unfilled(text: str) -> list[str]:
    """Each once, in order. No customer is ever to see one.

    >>> unfilled("Hello {{ customer.first_name }}, {{x}}!")
    ['customer.first_name', 'x']
    """
    return list(dict.fromkeys(_VARIABLE.findall(text)))
