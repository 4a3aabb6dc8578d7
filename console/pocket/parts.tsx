/** Small things that every device shows. */
import { useEffect, useState, type FormEvent } from "react";

import { glyphs } from "~/channels/glyphs";

import { useWords, type Words } from "./i18n";
import type { Onward } from "./lanes";
import { isDoor, type Door, type Pocket } from "./model";
import { Refused } from "./usePocket";

export function Glyph({ door, size = 16 }: { door: Door; size?: number }) {
  return (
    <svg className="glyph" viewBox="0 0 16 16" width={size} height={size} aria-hidden="true">
      {glyphs[door]}
    </svg>
  );
}

export function DoorName({ door }: { door: string }) {
  const { t } = useWords();
  if (!isDoor(door)) return null;
  return (
    <b className="pk-door" data-door={door}>
      <Glyph door={door} size={14} /> {t(`write.channels.${door}`)}
    </b>
  );
}

const DEVICES: Record<string, string> = { telegram: "phone", email: "mailbox" };

/** solid: the customer acted. ring: we did. dotted: on its way. */
export type KnotKind = "solid" | "ring" | "dotted";

/** Without a number: of what lies where nobody can look, as in a browser. */
export function Knot({ n, kind, door, place }: { n: number | undefined; kind: KnotKind; door: string; place: "device" | "desk" }) {
  if (n === undefined) return <span className={`pk-knot pk-knot-${kind}`} data-door={door} aria-hidden="true" />;
  return (
    <span className={`pk-knot pk-knot-${kind}`} data-door={door} id={`pk-${place === "desk" ? "desk" : DEVICES[door] ?? door}-${n}`} {...{ [`data-${place}`]: n }}>
      {n}
    </span>
  );
}

/** An empty lane, by which the line leaves or enters. */
export function Lane({ way, n }: { way: "out" | "in"; n: number }) {
  return <li className="pk-lane" aria-hidden="true" {...{ [`data-lane-${way}`]: n }} />;
}

/** Where devices stand under each other: the words that lead from a knot to its neighbour on another device, or here from it. */
export function Onwards({ n, way, to }: { n: number; way: "to" | "from"; to: Onward["to"] }) {
  const { t } = useWords();
  if (to === null) return null;
  const device = to === "desk" ? "desk" : (to.device ?? "desk");
  const there = to === "desk" ? n : to.n;
  return (
    <li className="pk-onward">
      <a href={`#pk-${device}-${there}`} {...{ [`data-${way}`]: n }}>
        {t(`onward.${way}.${device}`, { n: there })}
      </a>
    </li>
  );
}

/** Text in which a number such as W-2291 is never broken at its hyphen. */
export function Unbroken({ text }: { text: string }) {
  return text.split(/(\b[A-Z]\d?-\d+\b)/).map((part, index) => (index % 2 ? <span key={index} className="pk-unbroken">{part}</span> : part));
}

/** A field and its button. What is being written stays when it could not be sent. */
export function Say({ label, button, placeholder, onSay }: { label: string; button: string; placeholder: string; onSay: (text: string) => Promise<void> }) {
  const [text, setText] = useState("");
  const work = useWork();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim()) void work.run(() => onSay(text.trim()).then(() => setText("")));
  };
  return (
    <form className="pk-say" onSubmit={submit}>
      <input aria-label={label} placeholder={placeholder} value={text} maxLength={4000} autoComplete="off" onChange={(event) => setText(event.target.value)} />
      <button type="submit" className="pk-button" disabled={!text.trim() || work.busy}>
        {button}
      </button>
      {work.error && (
        <p className="pk-error" role="alert">
          {work.error}
        </p>
      )}
    </form>
  );
}

export function useWork(): { busy: boolean; error: string | null; run: (work: () => Promise<void>) => Promise<void>; forget: () => void } {
  const words = useWords();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  return {
    busy,
    error,
    forget: () => setError(null),
    run: async (work) => {
      setBusy(true);
      setError(null);
      try {
        await work();
      } catch (problem) {
        setError(problemText(problem, words));
      } finally {
        setBusy(false);
      }
    },
  };
}

function problemText(problem: unknown, { t }: Words): string {
  const code = problem instanceof Refused ? problem.code : "away";
  if (code === "away" || code === "starting" || code === "agreed_already") return t(`write.errors.${code}`);
  return t("write.errors.other", { detail: problem instanceof Error ? problem.message : "" });
}

/** The moment, again every so many ms. */
export function useNow(every: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

/** A time as the newest messages show it; the day too, where it is another. */
export function When({ at }: { at: string }) {
  const { fmt } = useWords();
  return <time dateTime={at}>{whenText(at, fmt)}</time>;
}

export function whenText(at: string, fmt: Words["fmt"]): string {
  return fmt.shortDay(at) === fmt.shortDay(Date.now()) ? fmt.time(at) : `${fmt.shortDay(at)} ${fmt.time(at)}`;
}

export const firstName = (pocket: Pocket): string => pocket.person.name.split(" ")[0] ?? pocket.person.name;
