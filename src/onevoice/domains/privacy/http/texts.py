"""What the pages say that open without a login, in every language. Spoken to customers, so in the polite form."""

from typing import Final

from onevoice.kit.i18n import Counted, Phrase

TITLE: Final = Phrase(
    en="When may we write, and about what?",
    ru="Когда и о чём вам писать?",
    pl="Kiedy i o czym możemy pisać?",
)
INTRO: Final = Phrase(
    en="Changes work at once, in every channel. No login is needed.",
    ru="Изменения действуют сразу, во всех каналах. Входить не нужно.",
    pl="Zmiany działają od razu, we wszystkich kanałach. Logowanie nie jest potrzebne.",
)
LANGUAGE: Final = Phrase(en="Language", ru="Язык", pl="Język")
WHERE: Final = Phrase(en="Where", ru="Где", pl="Gdzie")
WHERE_HINT: Final = Phrase(
    en="We write in one place at a time, first in the one on top. The arrow moves a place up.",
    ru="Мы пишем только в одно место: сначала в то, что стоит первым. Стрелка поднимает выше.",
    pl="Piszemy w jednym miejscu naraz, najpierw w tym, które jest na górze. Strzałka przesuwa wyżej.",
)
NO_CHANNEL: Final = Phrase(
    en="We know no address to write to.",
    ru="Мы не знаем ни одного адреса, чтобы написать.",
    pl="Nie znamy żadnego adresu, na który można pisać.",
)
FIRST: Final = Phrase(en="first here", ru="сначала сюда", pl="najpierw tutaj")
OFF: Final = Phrase(en="off", ru="выключено", pl="wyłączone")
HIGHER: Final = Phrase(en="Move up", ru="Выше", pl="Wyżej")
TOPICS: Final = Phrase(en="About what", ru="О чём", pl="O czym")
NOT_SENT: Final = Phrase(
    en="Off: we do not send you this", ru="Выключено: этого мы не присылаем", pl="Wyłączone: tego nie wysyłamy"
)
ALWAYS: Final = Phrase(en="Always on", ru="Всегда включено", pl="Zawsze włączone")
FREQUENCY: Final = Phrase(en="How often", ru="Как часто", pl="Jak często")
NECESSARY: Final = Phrase(en="Only what is necessary", ru="Только необходимое", pl="Tylko to, co konieczne")
NO_LIMIT: Final = Phrase(en="No limit of my own", ru="Без личного предела", pl="Bez własnego limitu")
PER_WEEK: Final = Counted(
    en={"one": "Up to {n} a week", "other": "Up to {n} a week"},
    ru={"one": "До {n} раза в неделю", "few": "До {n} раз в неделю", "many": "До {n} раз в неделю"},
    pl={"one": "Do {n} tygodniowo", "few": "Do {n} tygodniowo", "many": "Do {n} tygodniowo"},
)
HOURS: Final = Phrase(en="At what time", ru="В какое время", pl="W jakich godzinach")
HOURS_HINT: Final = Phrase(
    en="In your own time zone, within the hours when we write. Word about orders may come at any time.",
    ru="По вашему местному времени, в пределах часов, когда мы пишем. О заказах можем написать в любое время.",
    pl="Według czasu lokalnego, w godzinach, w których piszemy. O zamówieniach piszemy o każdej porze.",
)
FROM: Final = Phrase(en="From", ru="С", pl="Od")
UNTIL: Final = Phrase(en="Until", ru="До", pl="Do")
ANY_TIME: Final = Phrase(en="any time", ru="любое время", pl="dowolna pora")
PAUSE: Final = Phrase(en="Pause", ru="Пауза", pl="Przerwa")
PAUSE_HINT: Final = Phrase(
    en="Orders and collection stay.",
    ru="Сообщения о заказах и получении останутся.",
    pl="Zamówienia i odbiór zostają.",
)
PAUSED: Final = Phrase(en="We are silent until {until}.", ru="Мы молчим до {until}.", pl="Milczymy do {until}.")
WEEK: Final = Phrase(en="For a week", ru="На неделю", pl="Na tydzień")
MONTH: Final = Phrase(en="For a month", ru="На месяц", pl="Na miesiąc")
RESUME: Final = Phrase(en="Write to me again", ru="Снова писать мне", pl="Piszcie znowu")
RECORD: Final = Phrase(en="What we have on record", ru="Что у нас записано", pl="Co zapisaliśmy")
NOTHING_ON_RECORD: Final = Phrase(
    en="Nothing has been said yet.", ru="Пока ничего не записано.", pl="Na razie nic nie zapisano."
)
AGREED: Final = Phrase(en="What you agreed to", ru="Текст согласия", pl="Treść zgody")
DETAILS: Final = Phrase(en="Details", ru="Подробнее", pl="Szczegóły")
NONE_AT_ALL: Final = Phrase(en="Do not write to me at all", ru="Не писать мне вовсе", pl="Nie piszcie do mnie wcale")
NONE_HINT: Final = Phrase(
    en="Except about an order you have placed.",
    ru="Кроме сообщений об оформленном заказе.",
    pl="Z wyjątkiem wiadomości o złożonym zamówieniu.",
)
SAVE: Final = Phrase(en="Save", ru="Сохранить", pl="Zapisz")
SAVED: Final = Phrase(en="Saved {time}", ru="Сохранено в {time}", pl="Zapisano {time}")
UNDO: Final = Phrase(en="Undo", ru="Отменить", pl="Cofnij")
STALE: Final = Phrase(
    en="Meanwhile something was withdrawn elsewhere, so nothing was switched on. This is how things stand now.",
    ru="За это время что-то было отозвано в другом месте, поэтому ничего не включено. Ниже — как обстоит дело сейчас.",
    pl="W międzyczasie coś wycofano w innym miejscu, dlatego niczego nie włączono. Poniżej jest stan obecny.",
)
NOWHERE: Final = Phrase(
    en="Switch on a place to write to first.",
    ru="Сначала включите, куда вам писать.",
    pl="Najpierw trzeba włączyć miejsce, w którym mamy pisać.",
)
UNREADABLE: Final = Phrase(
    en="The form came in pieces. Nothing was changed; please try again.",
    ru="Форма пришла не целиком. Ничего не изменено; попробуйте ещё раз.",
    pl="Formularz dotarł niepełny. Nic nie zmieniono; proszę spróbować ponownie.",
)

YES: Final = Phrase(en="yes", ru="да", pl="tak")
NO: Final = Phrase(en="no", ru="нет", pl="nie")
CONFIRMED: Final = Phrase(en="yes, confirmed", ru="да, подтверждено", pl="tak, potwierdzone")
ASKED: Final = Phrase(en="waits to be confirmed", ru="ждёт подтверждения", pl="czeka na potwierdzenie")
EVERYTHING_NO: Final = Phrase(en="Not to be written to at all", ru="Не писать вовсе", pl="Nie pisać wcale")
CHANNEL_ON: Final = Phrase(en="switched on", ru="канал включён", pl="kanał włączony")
CHANNEL_OFF: Final = Phrase(en="switched off", ru="канал выключен", pl="kanał wyłączony")
EVERYWHERE: Final = Phrase(en="everywhere", ru="везде", pl="wszędzie")
BY_PAGE: Final = Phrase(en="on this page", ru="на этой странице", pl="na tej stronie")
BY_CLICK: Final = Phrase(
    en="one click in a message", ru="одним нажатием в сообщении", pl="jednym kliknięciem w wiadomości"
)
BY_LINK: Final = Phrase(en="by the link we sent", ru="по присланной ссылке", pl="przez przysłany link")
BY_STAFF: Final = Phrase(en="recorded by our staff", ru="записано нашим сотрудником", pl="zapisane przez pracownika")
BY_SYSTEM: Final = Phrase(en="brought by one of our systems", ru="пришло из нашей системы", pl="z naszego systemu")
BY_MESSAGE: Final = Phrase(en="in a message", ru="в сообщении", pl="w wiadomości")
TEXT_SHOWN: Final = Phrase(
    en="Shown then, version {version}:", ru="Показано тогда, версия {version}:", pl="Pokazano wtedy, wersja {version}:"
)
NO_TEXT: Final = Phrase(
    en="No text was shown: nothing was agreed to.",
    ru="Текст не показывался: согласие не давалось.",
    pl="Nie pokazano żadnej treści: niczego nie zaakceptowano.",
)

UNSUBSCRIBE_TITLE: Final = Phrase(en="Unsubscribe?", ru="Отписаться?", pl="Wypisać z listy?")
UNSUBSCRIBE_FROM: Final = Phrase(
    en="We will stop sending “{topic}”, in every channel.",
    ru="Мы перестанем присылать «{topic}» во всех каналах.",
    pl="Przestaniemy wysyłać „{topic}”, we wszystkich kanałach.",
)
UNSUBSCRIBE_ALL: Final = Phrase(
    en="We will stop writing, except about orders you have placed.",
    ru="Мы перестанем писать, кроме сообщений об оформленных заказах.",
    pl="Przestaniemy pisać, z wyjątkiem wiadomości o złożonych zamówieniach.",
)
UNSUBSCRIBE: Final = Phrase(en="Unsubscribe", ru="Отписаться", pl="Wypisz mnie")
GONE_TITLE: Final = Phrase(en="You are unsubscribed", ru="Вы отписаны", pl="Gotowe, już nie piszemy")
GONE: Final = Phrase(
    en="It works at once. If it was a mistake, switch it on again in your preferences.",
    ru="Это действует сразу. Если это ошибка, включите снова в настройках.",
    pl="To działa od razu. Jeśli to pomyłka, wystarczy włączyć to ponownie w ustawieniach.",
)
PREFERENCES: Final = Phrase(
    en="Choose what to receive instead", ru="Выбрать, что получать", pl="Wybierz, co chcesz dostawać"
)
CONFIRM_TITLE: Final = Phrase(en="Is this what you want?", ru="Подтверждаете?", pl="Czy to potwierdzasz?")
CONFIRM_FOR: Final = Phrase(
    en="“{topic}” for {address}.", ru="«{topic}» на адрес {address}.", pl="„{topic}” na adres {address}."
)
CONFIRM: Final = Phrase(en="Yes, I confirm", ru="Да, подтверждаю", pl="Tak, potwierdzam")
CONFIRM_NOT: Final = Phrase(
    en="If it was not you, close this page: nothing will be sent.",
    ru="Если это были не вы, просто закройте страницу: мы ничего не пришлём.",
    pl="Jeśli to pomyłka, wystarczy zamknąć stronę: nic nie wyślemy.",
)
CONFIRMED_TITLE: Final = Phrase(en="Confirmed, thank you", ru="Подтверждено, спасибо", pl="Potwierdzone, dziękujemy")
CONFIRMED_TEXT: Final = Phrase(
    en="You can withdraw at any time, in one click in any message.",
    ru="Отозвать согласие можно в любое время, одним нажатием в любом сообщении.",
    pl="Zgodę można wycofać w każdej chwili, jednym kliknięciem w dowolnej wiadomości.",
)
WITHDRAWN_TITLE: Final = Phrase(
    en="This was withdrawn meanwhile", ru="Согласие за это время отозвано", pl="W międzyczasie zgoda została wycofana"
)
WITHDRAWN_TEXT: Final = Phrase(
    en="After we sent the link, you asked us not to write. We keep to that. To change it, subscribe anew.",
    ru="После отправки ссылки вы попросили не писать. Так и будет. Чтобы изменить это, подпишитесь заново.",
    pl="Po wysłaniu linku wpłynęła prośba, by nie pisać. Tak zostaje. Aby to zmienić, trzeba zapisać się od nowa.",
)
LOST_TITLE: Final = Phrase(en="This link does not work", ru="Ссылка не работает", pl="Ten link nie działa")
LOST: Final = Phrase(
    en="It is not whole, or too old. Take the link from a newer message, or ask us to send you one.",
    ru="Она неполная или устарела. Откройте ссылку из более нового сообщения или попросите нас прислать её.",
    pl="Jest niepełny albo zbyt stary. Proszę użyć linku z nowszej wiadomości albo poprosić nas o nowy.",
)

CHANNELS: Final[dict[str, Phrase]] = {
    "email": Phrase(en="E-mail", ru="Электронная почта", pl="E-mail"),
    "vk": Phrase(en="VK", ru="ВКонтакте", pl="VK"),
    "ok": Phrase(en="OK", ru="Одноклассники", pl="OK"),
    "push": Phrase(en="Notifications", ru="Уведомления", pl="Powiadomienia"),
}
PLAIN_CHANNELS: Final[dict[str, str]] = {
    "telegram": "Telegram",
    "sms": "SMS",
    "whatsapp": "WhatsApp",
    "viber": "Viber",
    "max": "MAX",
    "instagram": "Instagram",
    "messenger": "Messenger",
}
