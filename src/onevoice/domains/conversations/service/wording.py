"""What the platform itself says in conversations, in the customer's language."""

from typing import Final

from onevoice.kit.i18n import Phrase

HOPPED: Final = Phrase(
    en="We go on here. What you wrote on the site is before us, you need not say it again.",
    ru="Продолжаем здесь. То, что вы писали на сайте, у нас перед глазами — повторять не нужно.",
    pl="Rozmawiamy dalej tutaj. Mamy przed sobą to, co było pisane na stronie, nie trzeba niczego powtarzać.",
)
UNSURE: Final = Phrase(
    en="We go on here. The chat on the site asks whether it is you: say yes there, and we have all of it before us.",
    ru="Продолжаем здесь. Чат на сайте спросит, вы ли это: ответьте там «да», и переписка будет у нас перед глазами.",
    pl="Rozmawiamy dalej tutaj. Czat na stronie zapyta, czy to Ty: potwierdź tam, a będziemy mieli rozmowę przed sobą.",
)
NO_CODE: Final = Phrase(
    en="This code does not work any more: each works once, for 15 minutes. "
    "Ask for a new one in the chat on the site, or just write here.",
    ru="Этот код уже не действует: каждый работает один раз и 15 минут. "
    "Получите новый в чате на сайте или просто напишите здесь.",
    pl="Ten kod już nie działa: każdy działa raz, przez 15 minut. "
    "Nowy pokaże czat na stronie; można też po prostu napisać tutaj.",
)
LETTER_SUBJECT: Final = Phrase(
    en="Shall we answer you here? {brand}",
    ru="Отвечать вам сюда? {brand}",
    pl="Czy odpowiadać tutaj? {brand}",
)
LETTER: Final = Phrase(
    en="In the chat of {brand} somebody asked to be answered at this address.\n\n"
    "If it was you, answer this letter with a word, and we go on by e-mail. "
    "If it was not, do nothing: nobody has learnt anything of you.",
    ru="В чате {brand} попросили отвечать на этот адрес.\n\n"
    "Если это были вы, ответьте на это письмо любым словом, и мы продолжим по почте. "
    "Если нет, ничего делать не нужно: никто ничего о вас не узнал.",
    pl="Na czacie {brand} poproszono o odpowiedź na ten adres.\n\n"
    "Jeśli to Ty, odpowiedz na ten list dowolnym słowem, a rozmowa potoczy się dalej e-mailem. "
    "Jeśli nie, nic nie trzeba robić: nikt niczego się nie dowiedział.",
)
WENT_ON: Final = {
    "telegram": Phrase(
        en="This chat went on in Telegram.",
        ru="Разговор продолжается в Telegram.",
        pl="Rozmowa toczy się dalej w Telegramie.",
    ),
    "email": Phrase(
        en="This chat goes on by e-mail.",
        ru="Разговор продолжается по почте.",
        pl="Rozmowa toczy się dalej e-mailem.",
    ),
}
