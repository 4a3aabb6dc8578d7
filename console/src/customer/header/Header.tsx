/** Who this is, in one line of facts, and what can be done with the page. */

import { Link } from "@tanstack/react-router";
import { Fragment, type ReactNode } from "react";

import { asChannel, useChannelNames } from "~/channels";
import { useI18n } from "~/i18n";
import { Button, Icon, Menu, useCopy, useNow } from "~/ui";

import { initialsOf } from "../model/labels";
import type { Profile } from "../model/types";

interface HeaderProps {
  profile: Profile | null;
  /** The profile as it stands now, while the page shows the past. */
  present: Profile | null;
  at: string | null;
  phone: boolean;
  onDate: () => void;
  onJoin: () => void;
  onRaw: () => void;
  /** Null where the role may not, or the page shows the past. */
  onWrite: (() => void) | null;
}

export function Header({ profile, present, at, phone, onDate, onJoin, onRaw, onWrite }: HeaderProps) {
  const { t } = useI18n();
  const past = at !== null;
  const name = profile?.name ?? t("customer.unnamed");
  const later = past && present?.name && present.name !== profile?.name ? present.name : null;
  return (
    <header className="cu-header">
      {phone ? (
        <Link to="/customers" className="button-text cu-back">
          <Icon name="back" size={18} />
          {t("customer.header.back")}
        </Link>
      ) : (
        <span className={`cu-initials ${past ? "cu-initials-past" : ""}`} aria-hidden="true">
          {initialsOf(profile?.name ?? null) || <Icon name="person" size={22} />}
        </span>
      )}
      <div className="cu-who">
        <h1>
          <bdi className={profile?.name ? "" : "cu-unnamed"}>{name}</bdi>
          {later && <span className="cu-later">{t("customer.past.known", { name: later })}</span>}
        </h1>
        {profile && <Facts profile={profile} past={past} />}
      </div>
      <div className="cu-actions">
        <DateButton at={at} phone={phone} onDate={onDate} />
        {onWrite && (
          <Button kind="primary" {...(phone ? {} : { k: "r" })} onClick={onWrite} aria-haspopup="dialog">
            {t("customer.header.write")}
          </Button>
        )}
        {!past && !phone && (
          <Button k="m" className="cu-button" onClick={onJoin} aria-haspopup="dialog">
            {t("customer.header.join")}
          </Button>
        )}
        {!past && <More profile={profile} phone={phone} onJoin={onJoin} onRaw={onRaw} />}
      </div>
    </header>
  );
}

function DateButton({ at, phone, onDate }: { at: string | null; phone: boolean; onDate: () => void }) {
  const { t, fmt } = useI18n();
  const when = at === null ? t("customer.header.now") : `${fmt.shortDay(at, 0)}, ${fmt.time(at)}`;
  return (
    <Button {...(phone ? {} : { k: "t" })} className={`cu-button cu-date ${at === null ? "" : "cu-date-set"}`} onClick={onDate} aria-haspopup="dialog">
      <span>{t("customer.header.asKnownOn")}</span> <b>{when}</b>
    </Button>
  );
}

function More({ profile, phone, onJoin, onRaw }: { profile: Profile | null; phone: boolean; onJoin: () => void; onRaw: () => void }) {
  const { t } = useI18n();
  const copy = useCopy();
  const items: { label: string; run: () => void }[] = [
    ...(phone ? [{ label: t("customer.header.join"), run: onJoin }] : []),
    ...(profile ? [{ label: t("customer.header.copyId"), run: () => void copy(profile.id) }] : []),
    { label: t("customer.header.copyAddress"), run: () => void copy(location.href) },
    { label: t("customer.header.raw"), run: onRaw },
  ];
  return <Menu className="cu-button" label={t("customer.header.more")} items={items} />;
}

export function Facts({ profile, past }: { profile: Profile; past: boolean }) {
  const { t, fmt, language } = useI18n();
  const names = useChannelNames();
  const now = useNow(30_000);
  const text = (name: string) => (typeof profile.traits[name]?.value === "string" ? String(profile.traits[name].value) : null);
  const orders = profile.spend.reduce((sum, one) => sum + one.orders, 0) || (profile.counters["Order Completed"]?.count ?? 0);
  const spent = profile.spend.map((one) => fmt.money(one.minor, one.currency)).join(", ");
  const writes = languageName(text("language") ?? text("locale"), language);
  const door = profile.last_channel ? names.name(asChannel(profile.last_channel)) : "";
  const facts: ReactNode[] = [];
  const city = cityOf(profile);
  if (city) facts.push(<bdi>{city}</bdi>);
  if (profile.first_seen_at) facts.push(t(past || orders === 0 ? "customer.facts.firstSeen" : "customer.facts.since", { day: fmt.shortDay(profile.first_seen_at) }));
  if (orders > 0) {
    facts.push(
      <>
        {t("customer.facts.orders", { n: orders })}
        {spent && (
          <>
            , <b>{spent}</b>
          </>
        )}
      </>,
    );
  } else if (profile.event_count > 0) facts.push(t("customer.facts.noOrders"));
  if (writes) facts.push(t("customer.facts.writes", { language: writes }));
  if (profile.last_seen_at) {
    facts.push(
      past
        ? t("customer.facts.seenThen", { at: fmt.dateTime(profile.last_seen_at), door })
        : t("customer.facts.seen", { ago: fmt.ago(profile.last_seen_at, now), door }),
    );
  } else facts.push(t("customer.facts.noEvents"));
  return (
    <p className="cu-facts">
      {facts.map((fact, at) => (
        <Fragment key={at}>
          {at > 0 && <span aria-hidden="true"> · </span>}
          <span>{fact}</span>
          {at < facts.length - 1 && <span className="seen-by-readers">, </span>}
        </Fragment>
      ))}
    </p>
  );
}

function cityOf(profile: Profile): string | null {
  const address = profile.traits["address"]?.value;
  const inside = typeof address === "object" && address !== null && !Array.isArray(address) ? address["city"] : null;
  const city = profile.traits["city"]?.value ?? inside;
  return typeof city === "string" && city.trim() !== "" ? city.trim() : null;
}

export function languageName(code: string | null, language: string): string | null {
  if (!code || !/^[a-z]{2,3}([-_][A-Za-z]{2,4})?$/.test(code)) return code;
  try {
    return new Intl.DisplayNames([language], { type: "language" }).of(code.slice(0, 2)) ?? code;
  } catch {
    return code;
  }
}
