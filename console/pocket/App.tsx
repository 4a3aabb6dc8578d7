/** The pocket: one person's devices side by side, the line through them, and your side of it. */
import { useEffect, useState, type MouseEvent } from "react";
import { flushSync } from "react-dom";

import { languages } from "~/i18n/core";
import { Mark } from "~/ui/icons";

import { Browser } from "./Browser";
import { Desk } from "./Desk";
import { useWords, type Words } from "./i18n";
import { Lines } from "./Lines";
import { Mailbox } from "./Mailbox";
import { isDoor, type Pocket } from "./model";
import { nextOf, placeOf, seenOf, type Next, type Seen } from "./next";
import { firstName, whenText } from "./parts";
import { Phone } from "./Phone";
import { Trouble } from "./Trouble";
import { usePocket, type Live } from "./usePocket";

const STEP_MS = 1_800;

type Place = "devices" | "browser";

const asked = (what: "person" | "at"): string => new URLSearchParams(location.search).get(what) ?? "";

export function App() {
  const { t } = useWords();
  const [person, setPerson] = useState(() => asked("person"));
  const live = usePocket(person);
  const choose = (key: string) => {
    history.replaceState(null, "", `?${new URLSearchParams({ person: key })}`);
    setPerson(key);
  };
  if (live.pocket) return <Stage key={live.pocket.person.key} pocket={live.pocket} live={live} onPerson={choose} />;
  return (
    <main className="pk-loading" aria-busy={live.there}>
      <Mark />
      <p role="status">{live.there ? t("state.loading") : t("state.gone")}</p>
    </main>
  );
}

function Stage({ pocket, live, onPerson }: { pocket: Pocket; live: Live; onPerson: (key: string) => void }) {
  const { t } = useWords();
  const [place, setPlace] = useState<Place>(() => (asked("at") === "browser" && pocket.browser ? "browser" : "devices"));
  // Once it was opened it stays: what is written there is not lost by a look at the phone.
  const [opened, setOpened] = useState(place === "browser");
  const play = usePlay(pocket, () => setPlace("devices"));
  const go = (to: Place) => {
    setPlace(to);
    if (to === "browser") setOpened(true);
  };
  const hopped = () => {
    flushSync(() => setPlace("devices"));
    document.getElementById("pk-phone")?.scrollIntoView({ block: "nearest" });
    document.querySelector<HTMLElement>(".pk-foot input, .pk-foot button")?.focus({ preventScroll: true });
  };
  const [seen, setSeen] = useState<Seen>(new Set());
  const now = seenOf(pocket, seen);
  if (now !== seen) setSeen(now);
  const { knots } = pocket.story;
  return (
    <div className={`pk ${play.at === null ? "" : "pk-playing"}`}>
      <main className="pk-stage">
        <Head pocket={pocket} onPerson={onPerson} play={play} />
        {!live.there && (
          <p className="pk-trouble" role="alert">
            {t("state.gone")}
          </p>
        )}
        <p className="pk-lead">{t("about")}</p>
        <p className="pk-next" role="status">
          {play.at === null ? <Try next={nextOf(pocket, seen)} onDevices={() => flushSync(() => setPlace("devices"))} /> : <Told pocket={pocket} n={play.at} />}
        </p>
        <section aria-labelledby="pk-theirs">
          <div className="pk-caption">
            <h2 id="pk-theirs">{t("theirs", { name: firstName(pocket) })}</h2>
            {place === "devices" && <p className="pk-quiet">{leadText(pocket, t)}</p>}
            {pocket.browser && <Places place={place} onPlace={go} />}
          </div>
          {pocket.browser && opened && (
            <section hidden={place !== "browser"} aria-label={t("browser.title")}>
              <Browser pocket={pocket} place={pocket.browser} act={live.act} onHop={hopped} />
            </section>
          )}
          <div className="pk-devices" hidden={place !== "devices"}>
            <Phone pocket={pocket} act={live.act} upTo={play.at} />
            <Mailbox pocket={pocket} act={live.act} upTo={play.at} />
          </div>
        </section>
        <Trouble pocket={pocket} act={live.act}>
          <Legend pocket={pocket} />
        </Trouble>
      </main>
      <Desk pocket={pocket} act={live.act} ahead={live.ahead} upTo={play.at} />
      <Lines knots={knots} upTo={play.at} />
    </div>
  );
}

function Head({ pocket, onPerson, play }: { pocket: Pocket; onPerson: (key: string) => void; play: Play }) {
  const { t, language, setLanguage } = useWords();
  const { knots } = pocket.story;
  const first = knots[0]?.n;
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = `${t("title")} · Onevoice`;
  }, [language, t]);
  return (
    <header className="pk-head">
      <Mark size={40} />
      <div className="pk-name">
        <p>
          <b>Onevoice</b> · {t("name")}
        </p>
        <h1>{t("title")}</h1>
      </div>
      <div className="pk-tools">
        {first !== undefined && (
          <button type="button" className="pk-button" title={t("play.about")} onClick={play.toggle}>
            {play.at === null ? t("play.start", { n: first }) : t("play.stop")}
          </button>
        )}
        <select aria-label={t("person")} value={pocket.person.key} onChange={(event) => onPerson(event.target.value)}>
          {pocket.people.map((each) => (
            <option key={each.key} value={each.key}>
              {each.name}
            </option>
          ))}
        </select>
        <div className="pk-modes" role="group" aria-label={t("language")}>
          {languages.map((each) => (
            <button key={each} type="button" lang={each} aria-pressed={each === language} onClick={() => setLanguage(each)}>
              {each.toUpperCase()}
            </button>
          ))}
        </div>
        <Light />
      </div>
    </header>
  );
}

/** The phone and the mailbox, or the browser, which has the whole width: a shop is wide. */
function Places({ place, onPlace }: { place: Place; onPlace: (to: Place) => void }) {
  const { t } = useWords();
  return (
    <div className="pk-kinds pk-places" role="group" aria-label={t("places.label")}>
      {(["devices", "browser"] as const).map((each) => (
        <button key={each} type="button" aria-pressed={each === place} onClick={() => onPlace(each)}>
          {t(`places.${each}`)}
        </button>
      ))}
    </div>
  );
}

/** What to try, which leads to where it is tried. */
function Try({ next, onDevices }: { next: Next; onDevices: () => void }) {
  const { t } = useWords();
  const place = placeOf[next];
  const go = (event: MouseEvent) => {
    onDevices();
    const field = place && document.getElementById(place)?.querySelector<HTMLElement>("textarea, input:not([type=number]), .pk-subject, .pk-modes button, .pk-primary");
    if (!field) return;
    event.preventDefault();
    field.scrollIntoView({ block: "center" });
    field.focus({ preventScroll: true });
  };
  const text = t(`next.${next}`);
  return (
    <>
      <b>{t("next.label")}</b> {place ? <a href={`#${place}`} onClick={go}>{text}</a> : text}
    </>
  );
}

/** How the line is read. */
function leadText(pocket: Pocket, t: Words["t"]): string {
  const { knots } = pocket.story;
  const [first, last] = [knots[0]?.n, knots.at(-1)?.n];
  if (first === undefined || last === undefined) return t("leadNone");
  return first === last ? t("leadOne") : t("lead", { from: first, to: last });
}

function Light() {
  const { t } = useWords();
  const [dark, setDark] = useState(() => document.documentElement.dataset["scheme"] === "dark");
  const turn = () => {
    localStorage.setItem("onevoice.theme", dark ? "light" : "dark");
    document.documentElement.dataset["scheme"] = dark ? "light" : "dark";
    setDark(!dark);
  };
  return (
    <button type="button" className="pk-link" onClick={turn}>
      {dark ? t("light") : t("dark")}
    </button>
  );
}

function Legend({ pocket }: { pocket: Pocket }) {
  const { t } = useWords();
  return (
    <ul className="pk-legend" aria-label={t("legend.title")}>
      <li>
        <i className="pk-sign pk-sign-solid" /> {t("legend.theirs")}
      </li>
      <li>
        <i className="pk-sign pk-sign-ring" /> {t("legend.ours", { brand: pocket.brand })}
      </li>
      <li>
        <i className="pk-sign pk-sign-door" /> {t("legend.door")}
      </li>
      <li>
        <i className="pk-sign pk-sign-way" /> {t("legend.way")}
      </li>
      <li>
        <i className="pk-sign pk-sign-not">×</i> {t("legend.silence")}
      </li>
    </ul>
  );
}

interface Play {
  at: number | null;
  toggle: () => void;
}

/** Steps through the numbers, one after the other; Escape ends it. */
function usePlay(pocket: Pocket, onStart: () => void): Play {
  const [at, setAt] = useState<number | null>(null);
  const { knots } = pocket.story;
  const last = knots.at(-1)?.n ?? 0;
  const going = at !== null;
  useEffect(() => {
    if (at === null) return;
    document.querySelector(`.pk-devices [data-n="${at}"]`)?.scrollIntoView({ block: "nearest", behavior: "smooth" });
    const timer = setTimeout(() => setAt(at >= last ? null : at + 1), at >= last ? STEP_MS * 2 : STEP_MS);
    return () => clearTimeout(timer);
  }, [at, last]);
  useEffect(() => {
    if (!going) return;
    const end = (event: KeyboardEvent) => event.key === "Escape" && setAt(null);
    window.addEventListener("keydown", end);
    return () => window.removeEventListener("keydown", end);
  }, [going]);
  const toggle = () => {
    onStart();
    setAt(at === null ? (knots[0]?.n ?? null) : null);
  };
  return { at, toggle };
}

/** The step that is being shown, in a sentence. */
function Told({ pocket, n }: { pocket: Pocket; n: number }) {
  const { t, fmt } = useWords();
  const item = pocket.story.items.find((each) => each.n === n);
  if (!item) return null;
  const door = isDoor(item.door) ? t(`write.channels.${item.door}`) : item.door;
  const who = item.kind === "theirs" ? firstName(pocket) : (item.who ?? pocket.brand);
  return t("play.at", { n, of: pocket.story.knots.at(-1)?.n ?? n, door, who, when: whenText(item.at, fmt), text: item.text ?? "" });
}
