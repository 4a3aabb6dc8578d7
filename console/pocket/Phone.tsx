/** The phone: its chat with the brand's bot, and what its owner does there. */
import { useState } from "react";

import { useWords } from "./i18n";
import { onwardOf, waysOf } from "./lanes";
import type { Button, Item, Knot as KnotAt, Pocket, Said } from "./model";
import { firstName, Glyph, Knot, Lane, Onwards, Say, useNow, useWork, When } from "./parts";
import type { Act } from "./usePocket";

export function Phone({ pocket, act, upTo }: { pocket: Pocket; act: Act; upTo: number | null }) {
  const { t, fmt } = useWords();
  const now = useNow(10_000);
  const { phone } = pocket;
  const work = useWork();
  return (
    <section id="pk-at-phone" className="pk-device" aria-labelledby="pk-phone">
      <div className="pk-device-head">
        <h2 id="pk-phone">
          {t("phone.title")} <span>{fmt.longDay(now)}</span>
        </h2>
        {phone?.started && !phone.blocked && (
          <button type="button" className="pk-link" disabled={work.busy} onClick={() => void work.run(() => act("block"))}>
            {t("phone.block")}
          </button>
        )}
      </div>
      {work.error && (
        <p className="pk-error" role="alert">
          {work.error}
        </p>
      )}
      <div className="pk-phone" data-part="phone">
        <div className="pk-status" aria-hidden="true">
          <b>{fmt.time(now)}</b>
          <b>5G</b>
        </div>
        {phone ? <Chat pocket={pocket} act={act} upTo={upTo} /> : <p className="pk-empty">{t("phone.none")}</p>}
      </div>
    </section>
  );
}

function Chat({ pocket, act, upTo }: { pocket: Pocket; act: Act; upTo: number | null }) {
  const { t } = useWords();
  const work = useWork();
  const phone = pocket.phone!;
  return (
    <>
      <div className="pk-bar">
        <b>{pocket.brand}</b>
        <span className="pk-door" data-door="telegram">
          <Glyph door="telegram" size={14} /> Telegram
        </span>
      </div>
      {phone.started || phone.messages.length > 0 ? <Messages pocket={pocket} act={act} upTo={upTo} /> : <p className="pk-empty">{t("phone.notStarted")}</p>}
      <div className="pk-foot">
        {!phone.started ? (
          <button type="button" className="pk-button pk-wide" disabled={work.busy} onClick={() => void work.run(() => act("start"))}>
            {t("phone.start")}
          </button>
        ) : phone.blocked ? (
          <>
            <p className="pk-blocked" role="status">
              {t("phone.blocked")}
            </p>
            <button type="button" className="pk-button pk-wide" disabled={work.busy} onClick={() => void work.run(() => act("unblock"))}>
              {t("phone.unblock")}
            </button>
          </>
        ) : (
          <Say label={`${t("phone.title")}: ${t("phone.write")}`} placeholder={t("phone.write")} button={t("phone.send")} onSay={(text) => act("say", { text })} />
        )}
        {work.error && (
          <p className="pk-error" role="alert">
            {work.error}
          </p>
        )}
      </div>
    </>
  );
}

function Messages({ pocket, act, upTo }: { pocket: Pocket; act: Act; upTo: number | null }) {
  const { t } = useWords();
  const [all, setAll] = useState(false);
  const { knots, items } = pocket.story;
  const ways = waysOf(knots);
  const onward = onwardOf(knots);
  const mine = new Map(knots.filter((knot) => knot.device === "phone").map((knot) => [knot.key, knot]));
  const said = pocket.phone!.messages;
  const earlier = said.filter((message) => !mine.has(message.key));
  const shown = said.filter((message) => mine.has(message.key));
  const waiting = items.filter((item) => item.waiting && item.n !== undefined && mine.has(item.key ?? ""));
  return (
    <ol className="pk-thread" aria-label={t("phone.messages")}>
      {earlier.length > 0 && (
        <li className="pk-earlier">
          <button type="button" className="pk-link" aria-expanded={all} onClick={() => setAll(!all)}>
            {t("phone.earlier", { n: earlier.length + pocket.phone!.earlier })}
          </button>
        </li>
      )}
      {all && earlier.map((message) => <Message key={message.key} message={message} knot={null} pocket={pocket} act={act} late={false} />)}
      {shown.flatMap((message) => {
        const knot = mine.get(message.key)!;
        const way = ways.get(knot.n);
        return [
          way?.in && <Lane key={`in-${knot.n}`} way="in" n={knot.n} />,
          <Onwards key={`from-${knot.n}`} way="from" n={knot.n} to={onward.get(knot.n)!.from} />,
          <Message key={`n-${knot.n}`} message={message} knot={knot} pocket={pocket} act={act} late={upTo !== null && knot.n > upTo} />,
          <Onwards key={`to-${knot.n}`} way="to" n={knot.n} to={onward.get(knot.n)!.to} />,
          way?.out && <Lane key={`out-${knot.n}`} way="out" n={knot.n} />,
        ];
      })}
      {waiting.flatMap((item) => [
        ways.get(item.n!)?.in && <Lane key={`in-${item.n}`} way="in" n={item.n!} />,
        <Onwards key={`from-${item.n}`} way="from" n={item.n!} to={onward.get(item.n!)?.from ?? null} />,
        <Coming key={`n-${item.n}`} item={item} />,
        <Onwards key={`to-${item.n}`} way="to" n={item.n!} to={onward.get(item.n!)?.to ?? null} />,
      ])}
      {said.length === 0 && waiting.length === 0 && <li className="pk-empty">{t("phone.empty")}</li>}
    </ol>
  );
}

function Message({ message, knot, pocket, act, late }: { message: Said; knot: KnotAt | null; pocket: Pocket; act: Act; late: boolean }) {
  const { t } = useWords();
  return (
    <li className={`pk-message ${late ? "pk-late" : ""} ${knot ? "" : "pk-old"}`} data-n={knot?.n}>
      {knot && <Knot n={knot.n} kind={message.ours ? "ring" : "solid"} door="telegram" place="device" />}
      <div className="pk-about">
        <b className={message.ours ? "pk-ours" : ""}>{message.ours ? pocket.brand : firstName(pocket)}</b>
        <span>
          {message.edited && `${t("phone.edited")} `}
          <When at={message.at} />
        </span>
      </div>
      {message.file && <p className="pk-quiet">{t("phone.file", { kind: message.file })}</p>}
      {message.text && <p className="pk-words">{message.text}</p>}
      {message.buttons.map((row, index) => (
        <p key={index} className="pk-buttons">
          {row.map((button) => (
            <BotButton key={button.text} button={button} onPress={() => act("press", { number: message.number, data: button.data })} />
          ))}
        </p>
      ))}
    </li>
  );
}

function BotButton({ button, onPress }: { button: Button; onPress: () => Promise<void> }) {
  const work = useWork();
  if (button.url !== null && /^https?:/.test(button.url)) {
    return (
      <a className="pk-button" href={button.url} target="_blank" rel="noopener noreferrer">
        {button.text}
      </a>
    );
  }
  return (
    <>
      <button type="button" className="pk-button" disabled={work.busy || button.data === null} onClick={() => void work.run(onPress)}>
        {button.text}
      </button>
      {work.error && (
        <span className="pk-error" role="alert">
          {work.error}
        </span>
      )}
    </>
  );
}

function Coming({ item }: { item: Item }) {
  const { t } = useWords();
  return (
    <li className="pk-message pk-coming" data-n={item.n}>
      <Knot n={item.n!} kind="dotted" door="telegram" place="device" />
      <p className="pk-quiet">{item.auto ? t("phone.comingAuto") : t("phone.coming")}</p>
    </li>
  );
}
