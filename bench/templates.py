"""How fast a message is rendered, beside what has no sandbox: Jinja on the same text.

An e-mail of about 20 KB of HTML with its text, subject and ten variables; a messenger's text of about 300 characters.
All in turns; the median of rounds. The peers render one string each; ours renders every part of the message.
"""

import statistics
import time
from collections.abc import Callable

from jinja2 import Environment

from onevoice.domains.delivery.contracts.templates import (
    EmailParts,
    Footer,
    Heading,
    LinkButton,
    MessengerParts,
    Paragraphs,
    Picture,
    PlainParts,
    Product,
    Products,
    Variant,
)
from onevoice.domains.delivery.rules.rendering import compile_variant, render

CONTEXT = {
    "customer": {"name": "Анна Ковальская", "city": "Kraków", "points": 1240, "tier": "gold", "code": "SPRING-7"},
    "order": {"id": "A-10442", "total": 129990, "day": "2026-03-08T18:30:00Z", "url": "https://shop.example/o/10442"},
    "site": {"title": "Northfold", "legal_name": "Northfold sp. z o.o."},
    "unsubscribe_url": "https://brand.example/u/1",
    "preferences_url": "https://brand.example/p/1",
}
EMAIL = EmailParts(
    "{{ customer.name }}, your order {{ order.id }}",
    "{{ order.total | money: 'PLN' }}",
    blocks=(
        Heading("Thank you, {{ customer.name }}"),
        Paragraphs(
            "Your order {{ order.id }} of {{ order.day | date: 'day' }} comes to {{ customer.city }}.\n\n"
            + "Text. " * 300
        ),
        Picture("https://shop.example/a.png", "The shop"),
        Products((Product("Kettle", "https://shop.example/k.png", "5 zł", "https://shop.example/k"),) * 3),
        LinkButton("See it", "{{ order.url }}"),
        Paragraphs(
            "You have {{ customer.points | number }} points, {{ customer.tier }}: {{ customer.code }}. "
            + "More. " * 300
        ),
        Footer(),
    ),
)
MESSENGER = MessengerParts(
    "<b>{{ customer.name }}</b>, your order {{ order.id }} for {{ order.total | money: 'PLN' }} has left for"
    ' {{ customer.city }}. <a href="{{ order.url }}">Where it is</a>\n\n' + "It comes between nine and noon. " * 6
)


LINE = (
    "Hello {{ customer.name | default: 'you' }}, order {{ order.id }} of {{ order.total | money: 'PLN' }}"
    "{% if customer.city %} to {{ customer.city }}{% endif %}. {{ site.title }}, {{ preferences_url }}"
)


def run(rounds: int = 15, renders: int = 400) -> dict[str, object]:
    """Milliseconds of processor time."""
    email = compile_variant(Variant("email", "en", EMAIL))
    messenger = compile_variant(Variant("telegram", "en", MESSENGER))
    line = compile_variant(Variant("sandbox", "en", PlainParts(LINE)))
    flat = render(email, CONTEXT).html or ""
    jinja = Environment(autoescape=True)
    jinja_email = jinja.from_string(_with_variables(flat))
    jinja_messenger = jinja.from_string(_with_variables(render(messenger, CONTEXT).html or ""))
    jinja_line = jinja.from_string(LINE.replace(" | money: 'PLN'", "").replace("default: 'you'", "default('you')"))
    candidates: dict[str, Callable[[], object]] = {
        "email": lambda: render(email, CONTEXT),
        "email_links": lambda: render(email, CONTEXT, rewrite=lambda _: "https://brand.example/l/abcdef"),
        "email_jinja": lambda: jinja_email.render(CONTEXT),
        "messenger": lambda: render(messenger, CONTEXT),
        "messenger_jinja": lambda: jinja_messenger.render(CONTEXT),
        "line": lambda: render(line, CONTEXT),
        "line_jinja": lambda: jinja_line.render(CONTEXT),
        "compile": lambda: compile_variant(Variant("email", "en", EMAIL)),
    }
    taken: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, function in candidates.items():
            count = 5 if name == "compile" else renders
            began = time.process_time()
            for _ in range(count):
                function()
            taken[name].append((time.process_time() - began) / count * 1_000)
    found: dict[str, object] = {name: round(statistics.median(each), 4) for name, each in taken.items()}
    return {"email_html_bytes": len(flat.encode()), **found}


def _with_variables(html: str) -> str:
    """The same document with ten of its values named again, as a template of another engine."""
    named = html.replace("Анна Ковальская", "{{ customer.name }}").replace("A-10442", "{{ order.id }}")
    return named.replace("Kraków", "{{ customer.city }}").replace("https://shop.example/o/10442", "{{ order.url }}")
