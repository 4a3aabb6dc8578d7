/** A payload as a tree. Each leaf is a button that gives its place. */
import { useState } from "react";

import type { Json } from "~/api";
import { useI18n } from "~/i18n";

import type { Step } from "./model";

const OPEN_DEPTH = 3;
const SHOWN = 60;

export function Tree({ value, onPick }: { value: Json; onPick: (steps: Step[]) => void }) {
  return (
    <div className="hook-tree">
      <Branch value={value} steps={[]} onPick={onPick} />
    </div>
  );
}

function Branch({ value, steps, onPick }: { value: Json; steps: Step[]; onPick: (steps: Step[]) => void }) {
  const { t } = useI18n();
  const [all, setAll] = useState(false);
  if (value === null || typeof value !== "object") return null;
  const entries: [Step, Json][] = Array.isArray(value) ? value.map((each, n) => [n, each]) : Object.entries(value);
  return (
    <ul>
      {entries.slice(0, all ? undefined : SHOWN).map(([step, each]) => (
        <li key={step}>
          <Node step={step} value={each} steps={[...steps, step]} onPick={onPick} />
        </li>
      ))}
      {!all && entries.length > SHOWN && (
        <li>
          <button type="button" className="button-text" onClick={() => setAll(true)}>
            {t("webhooks.tree.more", { n: entries.length - SHOWN })}
          </button>
        </li>
      )}
    </ul>
  );
}

function Node({ step, value, steps, onPick }: { step: Step; value: Json; steps: Step[]; onPick: (steps: Step[]) => void }) {
  const { t } = useI18n();
  const inner = value !== null && typeof value === "object";
  const size = inner ? Object.keys(value).length : 0;
  const [open, setOpen] = useState(steps.length <= OPEN_DEPTH && size <= SHOWN);
  const name = typeof step === "number" ? `[${step}]` : step;
  if (!inner) {
    const said = typeof value === "string" ? value : JSON.stringify(value);
    return (
      <button type="button" className="hook-leaf" title={t("webhooks.tree.pick", { name })} onClick={() => onPick(steps)}>
        <span className="hook-key">{name}</span> <span className={typeof value === "string" ? "hook-text" : "hook-value"}>{said === "" ? "“”" : said}</span>
      </button>
    );
  }
  return (
    <>
      <button type="button" className="hook-fold" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span aria-hidden="true">{open ? "▾" : "▸"}</span> {name} <span className="quiet">{Array.isArray(value) ? `[${size}]` : `{${size}}`}</span>
      </button>
      <button type="button" className="button-text hook-whole" onClick={() => onPick(steps)}>
        {t("webhooks.tree.whole")}
        <span className="seen-by-readers"> {name}</span>
      </button>
      {open && <Branch value={value} steps={steps} onPick={onPick} />}
    </>
  );
}
