"""What the login page says, in every language."""

from typing import Final

from onevoice.kit.i18n import Counted, Phrase

TITLE: Final = Phrase(en="Log in", ru="Вход", pl="Logowanie")
TAGLINE: Final = Phrase(
    en="One customer, whichever door they come in by.",
    ru="Один покупатель, через какую бы дверь он ни вошёл.",
    pl="Jeden klient, niezależnie od tego, którymi drzwiami wchodzi.",
)
LOGIN: Final = Phrase(en="Login", ru="Логин", pl="Login")
PASSWORD: Final = Phrase(en="Password", ru="Пароль", pl="Hasło")
SUBMIT: Final = Phrase(en="Log in", ru="Войти", pl="Zaloguj się")
LANGUAGE: Final = Phrase(en="Language", ru="Язык", pl="Język")
CODE_TITLE: Final = Phrase(en="One more step", ru="Ещё один шаг", pl="Jeszcze jeden krok")
CODE: Final = Phrase(en="Code", ru="Код", pl="Kod")
CODE_HINT: Final = Phrase(
    en="The six digits your authenticator shows now, or one of your recovery codes.",
    ru="Шесть цифр из приложения-аутентификатора или один из резервных кодов.",
    pl="Sześć cyfr z\u00a0aplikacji uwierzytelniającej albo jeden z\u00a0kodów zapasowych.",
)
CODE_WRONG: Final = Phrase(
    en="This code is wrong or was used already. Wait for the next one and type that.",
    ru="Код неверен или уже использован. Дождитесь следующего и\u00a0введите его.",
    pl="Ten kod jest nieprawidłowy albo już użyty. Poczekaj na następny i\u00a0wpisz go.",
)
CODE_LATE: Final = Phrase(
    en="This login has run out or holds no longer. Log in once more.",
    ru="Этот вход устарел или больше не действует. Войдите ещё раз.",
    pl="To logowanie wygasło albo już nie obowiązuje. Zaloguj się jeszcze raz.",
)
AGAIN: Final = Phrase(en="Log in as somebody else", ru="Войти под другим именем", pl="Zaloguj się jako ktoś inny")
ENDED: Final = Phrase(
    en="Your session has ended. Log in to go on where you were.",
    ru="Сеанс закончился. Войдите, чтобы продолжить с того же места.",
    pl="Sesja wygasła. Zaloguj się, aby wrócić do tego samego miejsca.",
)
LEFT: Final = Phrase(en="You are logged out.", ru="Вы вышли из системы.", pl="Wylogowano.")
EMPTY: Final = Phrase(
    en="Type both your login and your password.",
    ru="Введите и логин, и пароль.",
    pl="Wpisz zarówno login, jak i hasło.",
)
WRONG: Final = Phrase(
    en="The login or the password is wrong. Check the keyboard's language and Caps Lock.",
    ru="Неверный логин или пароль. Проверьте раскладку клавиатуры и Caps Lock.",
    pl="Login lub hasło są nieprawidłowe. Sprawdź układ klawiatury i klawisz Caps Lock.",
)
LOCKED: Final = Counted(
    en={
        "one": "Too many attempts. Try again in {n} minute.",
        "other": "Too many attempts. Try again in {n} minutes.",
    },
    ru={
        "one": "Слишком много попыток. Попробуйте снова через {n} минуту.",
        "few": "Слишком много попыток. Попробуйте снова через {n} минуты.",
        "many": "Слишком много попыток. Попробуйте снова через {n} минут.",
    },
    pl={
        "one": "Za dużo prób. Spróbuj ponownie za {n} minutę.",
        "few": "Za dużo prób. Spróbuj ponownie za {n} minuty.",
        "many": "Za dużo prób. Spróbuj ponownie za {n} minut.",
    },
)
BUSY: Final = Phrase(
    en="Many people are logging in just now. Try again in a few seconds.",
    ru="Сейчас входит много людей. Попробуйте ещё раз через несколько секунд.",
    pl="Właśnie loguje się wiele osób. Spróbuj ponownie za kilka sekund.",
)
FOREIGN: Final = Phrase(
    en="That form was sent from another site. Log in here.",
    ru="Форма была отправлена с другого сайта. Войдите здесь.",
    pl="Formularz wysłano z innej strony. Zaloguj się tutaj.",
)
