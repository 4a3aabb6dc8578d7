/** Keyboard: `useKeys` registers shortcuts, `KeyBar` and `KeyHint` show them as buttons, `Kbd` draws a key cap. */
import { Fragment, useEffect, useReducer, useRef, useSyncExternalStore } from "react";

import { useI18n } from "~/i18n";

import { addScope, handleKey, press, singleKeys, watchKeys, type KeyBinding } from "./registry";
import "./keys.css";

export { isSingleKey, strokeName } from "./match";
export { keyNames, liveScopes, press, setSingleKeys, watchKeys, type KeyBinding } from "./registry";

const levels = { shell: 0, page: 1, dialog: 2 } as const;

/** Shortcuts of a page (or of the shell, or of a dialog, which silences all others) while the component is mounted. */
export function useKeys(title: string, bindings: KeyBinding[], level: keyof typeof levels = "page"): void {
  const latest = useRef(bindings);
  useEffect(() => {
    latest.current = bindings;
  });
  useEffect(() => addScope({ title, level: levels[level], bindings: () => latest.current }), [title, level]);
}

/** Mounted once, by the shell. */
export function useKeyboard(): void {
  useEffect(() => {
    window.addEventListener("keydown", handleKey);
    return () => window.removeEventListener("keydown", handleKey);
  }, []);
}

export function useSingleKeys(): boolean {
  return useSyncExternalStore(watchKeys, singleKeys);
}

/** Renders again when the set of scopes changes. */
export function useScopesChanged(): void {
  const [, again] = useReducer((count: number) => count + 1, 0);
  useEffect(() => watchKeys(again), []);
}

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

export function useKeyLabel(): (name: string) => string {
  const { t } = useI18n();
  return (name) =>
    name
      .split(/(?<=.)\+/)
      .map((part) => {
        if (part === "mod") return isMac ? "⌘" : "Ctrl";
        if (part === "shift") return "Shift";
        if (part === "Space") return t("common.keys.space");
        if (part === "Enter") return t("common.keys.enter");
        if (part === "Escape") return t("common.keys.esc");
        if (part === "ArrowUp") return "↑";
        if (part === "ArrowDown") return "↓";
        return [...part].length === 1 ? part.toUpperCase() : part;
      })
      .join(" ");
}

/** A key cap. Decorative: the button it stands in says what is done. */
export function Kbd({ k, inverse = false }: { k: string; inverse?: boolean }) {
  const label = useKeyLabel();
  return (
    <kbd className={inverse ? "kbd kbd-inverse" : "kbd"} aria-hidden="true">
      {label(k)}
    </kbd>
  );
}

export interface Hint {
  /** One key, or a pair like J and K; each cap is a button of its own when `labels` names them. */
  keys: string[];
  label: string;
  labels?: string[];
  /** The two keys are the ends of a row of keys: "0 – 4". */
  range?: boolean;
}

/** One entry of the bar: caps and words, pressed with the mouse as well as from the keyboard. */
export function KeyHint({ keys, label, labels, range = false }: Hint) {
  if (keys.length === 1) {
    const [key = ""] = keys;
    return (
      <button type="button" className="hint" onClick={() => press(key)}>
        <Kbd k={key} />
        <span>{label}</span>
      </button>
    );
  }
  return (
    <span className="hint">
      {keys.map((key, index) => (
        <Fragment key={key}>
          {range && index > 0 && (
            <span className="hint-range" aria-hidden="true">
              –
            </span>
          )}
          <button type="button" className="hint-cap" onClick={() => press(key)} aria-label={labels?.[index] ?? label}>
            <Kbd k={key} />
          </button>
        </Fragment>
      ))}
      <span aria-hidden="true">{label}</span>
    </span>
  );
}

/** The line at the foot of a page: its keys at the left, what the page wants to explain and the list of all keys at the right. */
export function KeyBar({ hints, children }: { hints: Hint[]; children?: React.ReactNode }) {
  const { t } = useI18n();
  const single = useSingleKeys();
  return (
    <footer className="keybar">
      {hints.map((hint) => (
        <KeyHint key={hint.keys.join()} {...hint} />
      ))}
      {!single && <span className="keybar-off">{t("common.keys.off")}</span>}
      <span className="keybar-space" />
      {children}
      <KeyHint keys={["?"]} label={t("common.keys.all")} />
    </footer>
  );
}
