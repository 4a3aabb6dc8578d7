"""privacy: the consent ledger, wishes, addresses not to be written to, purposes with the texts people agree to."""

from alembic import op
from sqlalchemy import text

revision = "0017_privacy"
down_revision = "0016_sites"
branch_labels = None
depends_on = None

PURPOSES = {
    "orders": {
        "class": "transactional",
        "titles": ("Orders and collection", "Заказы и получение", "Zamówienia i\u00a0odbiór"),
        "descriptions": (
            "Always, because a purchase needs it",
            "Всегда: без этого покупка невозможна",
            "Zawsze, bo tego wymaga zakup",
        ),
    },
    "back_in_stock": {
        "class": "marketing",
        "titles": ("Back in stock", "Снова в\u00a0наличии", "Znów dostępne"),
        "descriptions": (
            "One message, then silence",
            "Одно сообщение, и\u00a0больше ни слова",
            "Jedna wiadomość, potem cisza",
        ),
        "texts": (
            "Tell me when what I asked about is available again.",
            "Сообщите мне, когда товар, о\u00a0котором я\u00a0спрашиваю, снова появится.",
            "Proszę o\u00a0wiadomość, gdy produkt, o\u00a0który pytam, będzie znów dostępny.",
        ),
    },
    "promotions": {
        "class": "marketing",
        "double_opt_in": True,
        "titles": ("Offers and news", "Акции и\u00a0новости", "Promocje i\u00a0nowości"),
        "descriptions": (
            "Sales, new arrivals, offers for you",
            "Распродажи, новинки, предложения для вас",
            "Wyprzedaże, nowości, oferty dla Ciebie",
        ),
        "texts": (
            "I want to receive offers and news. I can withdraw this consent at any time.",
            "Я\u00a0хочу получать сообщения об акциях и\u00a0новостях. Согласие можно отозвать в\u00a0любое время.",
            "Chcę otrzymywać informacje o\u00a0promocjach i\u00a0nowościach. Zgodę można w\u00a0każdej chwili wycofać.",
        ),
    },
    "reviews": {
        "class": "marketing",
        "titles": ("Requests for a review", "Просьбы об отзыве", "Prośby o\u00a0opinię"),
        "descriptions": ("One after a purchase", "Одна после покупки", "Jedna po zakupie"),
        "texts": (
            "You may ask me what I think of what I bought.",
            "Можно спрашивать моё мнение о\u00a0покупках.",
            "Można mnie pytać o\u00a0opinię na temat zakupów.",
        ),
    },
}
LANGUAGES = ("en", "ru", "pl")


def upgrade() -> None:
    op.execute("""
create schema privacy;

create table privacy.purpose (
    name text primary key check (name ~ '^[a-z][a-z0-9_]{0,62}$'),
    class text not null check (class in ('transactional', 'marketing')),
    titles jsonb not null,
    descriptions jsonb not null,
    double_opt_in boolean not null,
    position int not null,
    retired_at timestamptz
);

-- What people agree to, word for word. Null of those that came with the installation.
create table privacy.text (
    id bigint generated always as identity primary key,
    purpose text not null references privacy.purpose,
    language text not null,
    version int not null,
    body text not null,
    made_at timestamptz,
    made_by text,
    unique (purpose, language, version)
);

-- Consents and wishes are numbered together: what a page showed is all up to one number.
create sequence privacy.line;

-- Who said what, by which identifier. '*': every purpose, every channel. via: said through that identifier while both
-- were one person's; it counts while they are. source: what it came by, such as `page`; door: a channel.
create table privacy.consent (
    id bigint primary key default nextval('privacy.line'),
    nid bigint not null references identity.node,
    via bigint references identity.node,
    purpose text not null,
    channel text not null,
    act text not null check (act in ('request', 'grant', 'confirm', 'withdraw')),
    text_id bigint references privacy.text,
    source text not null,
    door text,
    happened timestamptz not null,
    learnt timestamptz not null,
    actor text not null,
    proof jsonb not null,
    key text not null,
    unique (key, nid, purpose, channel)
);
create index consent_nid on privacy.consent (nid, id);

create table privacy.preference (
    id bigint primary key default nextval('privacy.line'),
    nid bigint not null references identity.node,
    via bigint references identity.node,
    name text not null check (name in ('pause_until', 'per_week', 'hours', 'order', 'language')),
    value jsonb,
    source text not null,
    happened timestamptz not null,
    learnt timestamptz not null,
    actor text not null,
    key text not null,
    unique (key, nid, name)
);
create index preference_nid on privacy.preference (nid, id);

-- From where it was said: proof, and personal. Apart, so that forgetting somebody leaves the ledger whole.
create table privacy.origin (
    line bigint primary key,
    ip text,
    agent text
);

create table privacy.suppression (
    id bigint generated always as identity primary key,
    nid bigint not null references identity.node,
    reason text not null check (reason in ('hard_bounce', 'complaint', 'blocked', 'manual')),
    source text not null,
    since timestamptz not null,
    lifted_at timestamptz,
    lifted_by text,
    lifted_because text
);
create unique index suppression_standing on privacy.suppression (nid, reason) where lifted_at is null;
create index suppression_nid on privacy.suppression (nid);

-- Doors to somebody's pages that are not in a message: id is drawn by chance and stands in the address, signed.
create table privacy.door (
    id bigint primary key,
    nid bigint not null references identity.node,
    purpose text,
    channel text,
    made_at timestamptz not null,
    made_by text not null,
    expires timestamptz not null
);

-- Double opt-in: what waits for the address's holder; line: the request in the ledger.
create table privacy.request (
    id bigint primary key,
    line bigint not null references privacy.consent,
    expires timestamptz not null
);

create function privacy.refuse() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only: what was said stays said', tg_table_name;
end $$;
""")
    for table in ("consent", "preference", "text"):
        op.execute(
            f"create trigger append_only before update or delete or truncate on privacy.{table}"
            " for each statement execute function privacy.refuse()"
        )
    _seed()


def _seed() -> None:
    conn = op.get_bind()
    purpose = text(
        "insert into privacy.purpose (name, class, titles, descriptions, double_opt_in, position)"
        " values (:name, :class,"
        " jsonb_build_object('en', cast(:t0 as text), 'ru', cast(:t1 as text), 'pl', cast(:t2 as text)),"
        " jsonb_build_object('en', cast(:d0 as text), 'ru', cast(:d1 as text), 'pl', cast(:d2 as text)),"
        " :double, :position)"
    )
    wording = text("insert into privacy.text (purpose, language, version, body) values (:purpose, :language, 1, :body)")
    for position, (name, told) in enumerate(PURPOSES.items()):
        values = {"name": name, "class": told["class"], "double": told.get("double_opt_in", False)}
        titles = {f"t{i}": title for i, title in enumerate(told["titles"])}
        descriptions = {f"d{i}": each for i, each in enumerate(told["descriptions"])}
        conn.execute(purpose, {**values, **titles, **descriptions, "position": position})
        for language, body in zip(LANGUAGES, told.get("texts", ()), strict=False):
            conn.execute(wording, {"purpose": name, "language": language, "body": body})
