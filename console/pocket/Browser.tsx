/** The browser: the shop's own pages in a frame of another origin. It tells where it is, by which id the shop knows it, and which link leads to a messenger. */
import { useEffect, useRef, useState } from "react";

import { useWords } from "./i18n";
import type { Pocket } from "./model";
import { useWork } from "./parts";
import type { Act } from "./usePocket";

interface Props {
  pocket: Pocket;
  place: NonNullable<Pocket["browser"]>;
  act: Act;
  /** A link has opened the messenger on the phone. */
  onHop: () => void;
}

export function Browser({ pocket, place, act, onHop }: Props) {
  const { t } = useWords();
  const frame = useRef<HTMLIFrameElement>(null);
  const [trail, setTrail] = useState([place.path]);
  const visitor = useRef("");
  const [wrong, setWrong] = useState<string | null>(null);
  const work = useWork();
  const at = trail.at(-1) ?? place.path;
  // Sets the frame's place without a step in the history of the page around it.
  const open = (path: string) => frame.current?.contentWindow?.location.replace(place.origin + path);
  const back = () => {
    const before = trail.at(-2);
    if (before === undefined) return;
    setTrail(trail.slice(0, -1));
    open(before);
  };
  const hop = (url: string) => {
    const [, bot, payload] = /^https:\/\/t\.me\/(\w+)\?start=([\w-]{1,64})$/.exec(url) ?? [];
    setWrong(bot !== pocket.bot ? t("browser.elsewhere") : pocket.phone ? null : t("browser.noTelegram"));
    if (bot !== pocket.bot || !pocket.phone) return;
    void work.run(() => act("start", { payload }).then(onHop));
  };
  const told = (event: MessageEvent<unknown>) => {
    if (event.origin !== place.origin || event.source !== frame.current?.contentWindow) return;
    const said = (event.data ?? {}) as { at?: unknown; hop?: unknown; visitor?: unknown };
    if (typeof said.at === "string" && said.at.startsWith("/")) {
      const now = said.at;
      setWrong(null);
      setTrail((before) => (before.at(-1) === now ? before : [...before, now]));
    }
    if (typeof said.visitor === "string" && said.visitor !== visitor.current) {
      visitor.current = said.visitor;
      // Who is nobody yet is shown on your side all the same. Without it the page goes on.
      act("browse", { visitor: said.visitor }).catch(() => (visitor.current = ""));
    }
    if (typeof said.hop === "string") hop(said.hop);
  };
  const listener = useRef(told);
  useEffect(() => {
    listener.current = told;
  });
  useEffect(() => {
    const listen = (event: MessageEvent<unknown>) => listener.current(event);
    window.addEventListener("message", listen);
    return () => window.removeEventListener("message", listen);
  }, []);
  return (
    <div className="pk-browser">
      <div className="pk-bar pk-chrome">
        <button type="button" className="pk-button" aria-label={t("browser.back")} title={t("browser.back")} disabled={trail.length < 2} onClick={back}>
          <Sign path="M10 3 5 8l5 5" />
        </button>
        <button type="button" className="pk-button" aria-label={t("browser.reload")} title={t("browser.reload")} onClick={() => open(at)}>
          <Sign path="M13 8a5 5 0 1 1-1.5-3.6M13 2v3h-3" />
        </button>
        <p className="pk-address" role="group" aria-label={t("browser.address")}>
          {place.shown}
          <span>{at}</span>
        </p>
      </div>
      {(wrong ?? work.error) && (
        <p className="pk-error" role="alert">
          {wrong ?? work.error}
        </p>
      )}
      <iframe
        ref={frame}
        title={t("browser.frame", { brand: pocket.brand })}
        src={place.origin + place.path}
        sandbox="allow-scripts allow-same-origin allow-forms allow-popups"
        onLoad={() => frame.current?.contentWindow?.postMessage({ onevoice: "pocket" }, place.origin)}
      />
    </div>
  );
}

function Sign({ path }: { path: string }) {
  return (
    <svg className="glyph" viewBox="0 0 16 16" width={16} height={16} aria-hidden="true">
      <path d={path} />
    </svg>
  );
}
