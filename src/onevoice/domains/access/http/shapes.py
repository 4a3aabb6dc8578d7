"""What the routes of access take and give, as JSON."""

from pydantic import BaseModel, Field

from onevoice.domains.access.contracts import (
    CHANNELS,
    Account,
    ApiKey,
    AuditEntry,
    KeyScope,
    Language,
    Role,
    Session,
    Source,
    Theme,
)
from onevoice.web.paging import Body, Moment, Text


class Me(BaseModel):
    id: str
    login: str
    name: str
    role: Role
    language: Language
    theme: Theme
    single_keys: bool = Field(description="Whether single letters are shortcuts in the console.")


class MeUpdate(Body):
    language: Language | None = None
    theme: Theme | None = None
    single_keys: bool | None = None


class PasswordChange(Body):
    present: str = Field(max_length=1000)
    new: str = Field(max_length=1000)


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
    created_at: Moment
    last_used_at: Moment | None
    revoked_at: Moment | None


class KeyCreate(Body):
    name: Text = Field(min_length=1, max_length=120)
    scope: KeyScope
    source: Text | None = Field(None, description="For write keys: the source's name; the key's own when left out.")
    channel: Text | None = Field(None, description=f"For write keys, one of: {', '.join(CHANNELS)}.")
    site: Text = "main"


class KeyMade(KeyView):
    key: str = Field(description="The key itself. It is shown this once and kept nowhere.")


class UserView(BaseModel):
    id: str
    login: str
    name: str
    role: Role
    language: Language
    created_at: Moment
    disabled_at: Moment | None


class UserCreate(Body):
    login: Text = Field(min_length=1, max_length=200)
    name: Text = Field(min_length=1, max_length=200)
    password: str = Field(max_length=1000)
    role: Role = "member"
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


def me_view(account: Account) -> Me:
    return Me(
        id=str(account.id),
        login=account.login,
        name=account.name,
        role=account.role,
        language=account.language,
        theme=account.theme,
        single_keys=account.single_keys,
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
