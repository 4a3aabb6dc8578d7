"""What the routes of access take and give, as JSON."""

from collections.abc import Collection

import segno
from pydantic import BaseModel, Field

from onevoice.domains.access import contracts
from onevoice.domains.access.contracts import (
    CHANNELS,
    FOR_KEYS,
    MATRIX,
    PERMISSIONS,
    ROLES,
    USUAL_FOR_KEYS,
    Account,
    ApiKey,
    AuditEntry,
    KeyScope,
    Language,
    Permission,
    Role,
    Session,
    Source,
    Theme,
)
from onevoice.kit.home import DemoNow
from onevoice.web.paging import Body, Moment, Text


class Me(BaseModel):
    id: str
    login: str
    name: str
    role: Role
    language: Language
    theme: Theme
    single_keys: bool = Field(description="Whether single letters are shortcuts in the console.")
    permissions: list[Permission] = Field(description="What the role allows.")
    second_factor: bool = Field(description="Whether a code is asked for at login.")
    recovery_codes_left: int
    demo_since: Moment | None = Field(description="When the demo in this installation began; null in any other.")
    demo_pocket: str | None = Field(description="The demo's pocket: an address of this machine.")


class MeUpdate(Body):
    language: Language | None = None
    theme: Theme | None = None
    single_keys: bool | None = None


class PasswordChange(Body):
    present: str = Field(max_length=1000)
    new: str = Field(max_length=1000)


class PasswordProof(Body):
    password: str = Field(max_length=1000)


class CodeProof(Body):
    code: str = Field(max_length=100)


class SecondFactorEnd(PasswordProof):
    code: str = Field(max_length=100, description="Six digits, or a recovery code.")


class SecondFactorBegun(BaseModel):
    secret: str = Field(description="In base32, for typing.")
    uri: str = Field(description="`otpauth://totp/...`, as authenticators read it.")
    qr: str = Field(description="The same as a picture: the path of an SVG, a unit a module, with its quiet zone.")
    qr_size: int = Field(description="Width and height of that picture, in modules.")


class RecoveryCodes(BaseModel):
    recovery_codes: list[str] = Field(description="Each is good once. They are shown this once.")


class SourceView(BaseModel):
    id: str
    name: str
    channel: str
    site: str


class KeyView(BaseModel):
    id: str
    name: str
    scope: KeyScope
    source: str | None
    channel: str | None
    site: str | None
    hint: str = Field(description="The last four characters of the key.")
    permissions: list[Permission] = Field(description="What a secret key is allowed. Empty for a write key.")
    made_by: str | None = Field(description="Null of keys from before this was kept.")
    created_at: Moment
    last_used_at: Moment | None
    revoked_at: Moment | None


class KeyCreate(Body):
    name: Text = Field(min_length=1, max_length=120)
    scope: KeyScope
    source: Text | None = Field(None, description="For write keys: the source's name; the key's own when left out.")
    channel: Text | None = Field(None, description=f"For write keys, one of: {', '.join(CHANNELS)}.")
    site: Text = "main"
    permissions: list[Permission] | None = Field(
        None,
        max_length=50,
        description="For secret keys; what is usual when left out. At most what you may do yourself.",
    )


class KeyMade(KeyView):
    key: str = Field(description="The key itself. It is shown this once and kept nowhere.")


class RoleView(BaseModel):
    role: Role
    permissions: list[Permission]


class Roles(BaseModel):
    data: list[RoleView]
    permissions: list[Permission] = Field(description="All there are, in the order of the table.")
    for_keys: list[Permission] = Field(description="Those a secret key can be allowed.")
    usual_for_keys: list[Permission] = Field(description="Those a secret key is allowed unless said otherwise.")


class UserView(BaseModel):
    id: str
    login: str
    name: str
    role: Role
    language: Language
    second_factor: bool = Field(description="Whether a code is asked for at login.")
    created_at: Moment
    disabled_at: Moment | None


class UserCreate(Body):
    login: Text = Field(min_length=1, max_length=200)
    name: Text = Field(min_length=1, max_length=200)
    password: str = Field(max_length=1000)
    role: Role = "operator"
    language: Language = "en"


class UserUpdate(Body):
    role: Role | None = None
    disabled: bool | None = None


class PasswordSet(Body):
    password: str = Field(max_length=1000)


class SessionView(BaseModel):
    id: str
    address: str
    agent: str
    created_at: Moment
    last_seen_at: Moment
    expires_at: Moment
    current: bool


class AuditView(BaseModel):
    id: str
    at: Moment
    actor: str
    action: str
    subject: str
    before: dict[str, object] | None
    after: dict[str, object] | None
    reason: str | None


def _ordered(permissions: Collection[Permission]) -> list[Permission]:
    return [each for each in PERMISSIONS if each in permissions]


ROLES_VIEW = Roles(
    data=[RoleView(role=role, permissions=_ordered(MATRIX[role])) for role in ROLES],
    permissions=list(PERMISSIONS),
    for_keys=_ordered(FOR_KEYS),
    usual_for_keys=_ordered(USUAL_FOR_KEYS),
)


def second_factor_view(begun: contracts.SecondFactorBegun) -> SecondFactorBegun:
    code = segno.make(begun.uri, error="m", micro=False)
    quiet = 4
    path = "".join(
        f"M{x + quiet} {y + quiet}h1v1h-1z" for y, row in enumerate(code.matrix) for x, dark in enumerate(row) if dark
    )
    return SecondFactorBegun(secret=begun.secret, uri=begun.uri, qr=path, qr_size=len(code.matrix) + 2 * quiet)


def me_view(account: Account, recovery_codes_left: int, demo: DemoNow | None) -> Me:
    return Me(
        id=str(account.id),
        login=account.login,
        name=account.name,
        role=account.role,
        language=account.language,
        theme=account.theme,
        single_keys=account.single_keys,
        permissions=_ordered(MATRIX[account.role]),
        second_factor=account.second_factor,
        recovery_codes_left=recovery_codes_left,
        demo_since=demo.since if demo else None,
        demo_pocket=demo.pocket if demo else None,
    )


def source_view(source: Source) -> SourceView:
    return SourceView(id=str(source.id), name=source.name, channel=source.channel, site=source.site)


def key_view(key: ApiKey) -> KeyView:
    return KeyView(
        id=str(key.id),
        name=key.name,
        scope=key.scope,
        source=key.source,
        channel=key.channel,
        site=key.site,
        hint=key.hint,
        permissions=_ordered(key.permissions),
        made_by=key.made_by,
        created_at=key.created_at,
        last_used_at=key.last_used_at,
        revoked_at=key.revoked_at,
    )


def user_view(account: Account) -> UserView:
    return UserView(
        id=str(account.id),
        login=account.login,
        name=account.name,
        role=account.role,
        language=account.language,
        second_factor=account.second_factor,
        created_at=account.created_at,
        disabled_at=account.disabled_at,
    )


def session_view(session: Session, current: str | None) -> SessionView:
    return SessionView(
        id=session.digest.hex(),
        address=session.visit.address,
        agent=session.visit.agent,
        created_at=session.created_at,
        last_seen_at=session.last_seen_at,
        expires_at=session.expires_at,
        current=session.digest.hex() == current,
    )


def audit_view(entry: AuditEntry) -> AuditView:
    audit = entry.audit
    return AuditView(
        id=str(entry.id),
        at=entry.at,
        actor=audit.actor,
        action=audit.action,
        subject=audit.subject,
        before=audit.before,
        after=audit.after,
        reason=audit.reason,
    )
