"""The only place that wires the parts together. Entry points call it and nothing else of the inside."""

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
from onevoice.bootstrap.installation import (
    CONSOLE,
    Installation,
    UnusableSettingError,
    installation,
    uploads,
    waiting_events,
    web_settings,
)
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
from onevoice.bootstrap.working import Worker, linking_steps

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
