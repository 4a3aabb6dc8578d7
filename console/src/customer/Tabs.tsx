/** On a phone tabs take the place of columns. */

import type { KeyboardEvent } from "react";

import { useI18n } from "~/i18n";

export const tabs = ["thread", "identifiers", "traits", "contacts"] as const;
export type Tab = (typeof tabs)[number];

interface TabsProps {
  tab: Tab;
  setTab: (tab: Tab) => void;
  counts: Record<Exclude<Tab, "thread">, number>;
}

export function Tabs({ tab, setTab, counts }: TabsProps) {
  const { t, fmt } = useI18n();
  const onKey = (event: KeyboardEvent<HTMLDivElement>) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (way === undefined) return;
    const next = tabs[(tabs.indexOf(tab) + way + tabs.length) % tabs.length] as Tab;
    setTab(next);
    event.currentTarget.querySelector<HTMLElement>(`[data-tab="${next}"]`)?.focus();
    event.preventDefault();
  };
  return (
    <div className="cu-tabs" role="tablist" aria-label={t("customer.tabs.label")} onKeyDown={onKey}>
      {tabs.map((one) => (
        <button key={one} type="button" role="tab" data-tab={one} aria-selected={tab === one} tabIndex={tab === one ? 0 : -1} onClick={() => setTab(one)}>
          {t(`customer.tabs.${one}`)} {one !== "thread" && <span className="quiet">{fmt.number(counts[one])}</span>}
        </button>
      ))}
    </div>
  );
}
