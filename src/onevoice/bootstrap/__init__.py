"""The only place that wires the parts together. Entry points call it and nothing else of the inside.

A part is loaded as it is asked for: no process waits for, nor keeps in memory, what only another one needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onevoice.bootstrap.commands import (
        Check,
        append_events,
        create_account,
        create_key,
        describe_site,
        dump,
        ensure_sources,
        examine,
        has_account,
        import_events,
        load,
        probe,
        upgrade,
    )
    from onevoice.bootstrap.explaining import explain, verify
    from onevoice.bootstrap.past import Past
    from onevoice.bootstrap.program import api
    from onevoice.bootstrap.sending import (
        SOURCES,
        SendingSettings,
        connect_account,
        connected_accounts,
        manifests,
        sealer,
        send,
        sending_settings,
    )
    from onevoice.bootstrap.shared import (
        CONSOLE,
        Installation,
        UnusableSettingError,
        installation,
        uploads,
        waiting_events,
        web_settings,
    )
    from onevoice.bootstrap.working import Worker, linking_steps

_PARTS = {
    "commands": (
        "Check append_events create_account create_key describe_site dump ensure_sources examine has_account "
        "import_events load probe upgrade"
    ),
    "explaining": "explain verify",
    "shared": "CONSOLE Installation UnusableSettingError installation uploads waiting_events web_settings",
    "past": "Past",
    "program": "api",
    "sending": "SOURCES SendingSettings connect_account connected_accounts manifests sealer send sending_settings",
    "working": "Worker linking_steps",
}
_PART_OF = {name: part for part, names in _PARTS.items() for name in names.split()}

__all__ = [
    "CONSOLE",
    "SOURCES",
    "Check",
    "Installation",
    "Past",
    "SendingSettings",
    "UnusableSettingError",
    "Worker",
    "api",
    "append_events",
    "connect_account",
    "connected_accounts",
    "create_account",
    "create_key",
    "describe_site",
    "dump",
    "ensure_sources",
    "examine",
    "explain",
    "has_account",
    "import_events",
    "installation",
    "linking_steps",
    "load",
    "manifests",
    "probe",
    "sealer",
    "send",
    "sending_settings",
    "upgrade",
    "uploads",
    "verify",
    "waiting_events",
    "web_settings",
]


def __getattr__(name: str) -> Any:
    if name not in _PART_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PART_OF[name]}"), name)
