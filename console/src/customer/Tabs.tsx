/** Tabs: on a phone in the place of columns, at a desk for what stands beside the thread. */

import type { KeyboardEvent } from "react";

import { useI18n } from "~/i18n";

export const tabs = ["thread", "messages", "identifiers", "traits", "contacts"] as const;
export type Tab = (typeof tabs)[number];

interface Choice<V extends string> {
  value: V;
  label: string;
  count?: number | undefined;
}

interface TabsProps<V extends string> {
  label: string;
  tab: V;
  setTab: (tab: V) => void;
  choices: Choice<V>[];
}

export function Tabs<V extends string>({ label, tab, setTab, choices }: TabsProps<V>) {
  const { fmt } = useI18n();
  const onKey = (event: KeyboardEvent<HTMLDivElement>) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (way === undefined) return;
    const at = choices.findIndex(({ value }) => value === tab);
    const next = choices[(at + way + choices.length) % choices.length]?.value ?? tab;
    setTab(next);
    event.currentTarget.querySelector<HTMLElement>(`[data-tab="${next}"]`)?.focus();
    event.preventDefault();
  };
  return (
    <div className="cu-tabs" role="tablist" aria-label={label} onKeyDown={onKey}>
      {choices.map(({ value, label: name, count }) => (
        <button key={value} type="button" role="tab" data-tab={value} aria-selected={tab === value} tabIndex={tab === value ? 0 : -1} onClick={() => setTab(value)}>
          {name} {count !== undefined && <span className="quiet">{fmt.number(count)}</span>}
        </button>
      ))}
    </div>
  );
}
