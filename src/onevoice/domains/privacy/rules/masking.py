"""Addresses as a page without a login may show them: enough for their holder, too little for anybody else."""

DOT = "•"


def masked(kind: str, value: str) -> str:
    """The value with its middle taken out.

    >>> masked("email", "anna@kowalska.example"), masked("phone", "+48600123456"), masked("telegram", "4711042")
    ('an••@kowalska.example', '+48•••••••56', '•••••42')
    """
    if kind == "email":
        local, at, domain = value.rpartition("@")
        shown = local[:2] if len(local) > 3 else local[:1]
        return f"{shown}{DOT * 2}{at}{domain}"
    if kind == "phone":
        return f"{value[:3]}{DOT * max(0, len(value) - 5)}{value[-2:]}" if len(value) > 7 else DOT * len(value)
    return f"{DOT * 5}{value[-2:]}" if len(value) > 4 else DOT * 5
