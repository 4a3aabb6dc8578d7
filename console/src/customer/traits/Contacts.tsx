/** Where messages can reach the person, and how often what happened. */

import { useState } from "react";

import { asChannel, Glyph, useChannelNames } from "~/channels";
import { useI18n } from "~/i18n";
import { Button, Section } from "~/ui";

import { dateText } from "../identifiers/Identifiers";
import { identifierText } from "../model/labels";
import type { Address, Counter } from "../model/types";
import { titleOf } from "../tell/tell";

const SHOWN = 6;

export function Addresses({ addresses, onConsents }: { addresses: Address[]; onConsents: () => void }) {
  const { t, fmt } = useI18n();
  const names = useChannelNames();
  return (
    <Section
      className="cu-addresses"
      title={
        <>
          {t("customer.addresses.title")} <span className="cu-count">{fmt.number(addresses.length)}</span>
        </>
      }
      aside={t("customer.addresses.sub")}
      actions={
        <Button dense onClick={onConsents}>
          {t("customer.addresses.consents")}
        </Button>
      }
    >
      {addresses.length === 0 && <p className="quiet cu-none">{t("customer.addresses.none")}</p>}
      <ul className="cu-address-list">
        {addresses.map((one) => (
          <li key={`${one.channel}${one.address}`}>
            <Glyph channel={asChannel(one.channel)} size={14} />
            <span className="cu-address-door">{names.title(asChannel(one.channel))}</span>
            <bdi className="cu-address" title={one.address}>{identifierText(one.kind, one.address)}</bdi>
            <time dateTime={one.known_since}>{t("customer.addresses.since", { day: fmt.shortDay(one.known_since) })}</time>
          </li>
        ))}
      </ul>
    </Section>
  );
}

export function Counters({ counters }: { counters: Record<string, Counter> }) {
  const i18n = useI18n();
  const { t, fmt } = i18n;
  const [all, setAll] = useState(false);
  const rows = Object.entries(counters).sort((a, b) => b[1].count - a[1].count || a[0].localeCompare(b[0]));
  const shown = all ? rows : rows.slice(0, SHOWN);
  return (
    <Section className="cu-counters" title={t("customer.counters.title")}>
      {rows.length === 0 ? (
        <p className="quiet cu-none">{t("customer.counters.none")}</p>
      ) : (
        <table className="cu-table">
          <thead>
            <tr>
              <th scope="col"><span className="seen-by-readers">{t("customer.counters.event")}</span></th>
              <th scope="col">{t("customer.counters.times")}</th>
              <th scope="col">{t("customer.counters.first")}</th>
              <th scope="col">{t("customer.counters.last")}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(([name, counter]) => (
              <tr key={name}>
                <th scope="row"><bdi title={name}>{titleOf(kindOf(name), i18n)}</bdi></th>
                <td className="cu-number">{fmt.number(counter.count)}</td>
                <td><time dateTime={counter.first_at}>{dateText(counter.first_at, fmt)}</time></td>
                <td><time dateTime={counter.last_at}>{dateText(counter.last_at, fmt)}</time></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {rows.length > SHOWN && (
        <Button kind="text" className="cu-all" onClick={() => setAll(!all)}>
          {all ? t("customer.counters.fewer") : t("customer.counters.all", { n: rows.length })}
        </Button>
      )}
    </Section>
  );
}

/** Counters are kept by name; page views and the like by their type. */
function kindOf(name: string): { type: string; event: string } {
  const plain = /^(page|screen|identify|group|alias)$/.test(name);
  return { type: plain ? name : "track", event: name };
}
