/** What stands beside the thread: identifiers with their evidence, traits, addresses, counters. A part waits for those
 * above it: shown before them, it would be pushed about when they come.
 */

import { Fragment, type ReactNode } from "react";

import { useI18n } from "~/i18n";
import { ProblemBox, Skeleton } from "~/ui";

import { Identifiers, type Splitting } from "./identifiers/Identifiers";
import type { Join } from "./model/types";
import type { Customer } from "./model/useCustomer";
import type { Tab } from "./Tabs";
import type { JoinActions } from "./thread/JoinRow";
import { Addresses, Counters } from "./traits/Contacts";
import { Traits } from "./traits/Traits";

interface SideProps {
  parts: Tab[];
  customer: Customer;
  joins: Join[];
  devices: Map<string, string>;
  past: boolean;
  until: number;
  splitting: Splitting;
  actions: JoinActions;
  selectedJoin: string | null;
  onHistory: () => void;
  onConsents: () => void;
  onOpenEvent: (messageId: string) => void;
  bare: boolean;
}

export function Side({ parts, customer, onHistory, onConsents, ...rest }: SideProps) {
  const { t } = useI18n();
  const { profile, identity, traits, faults, before } = customer;
  if (before) return <p className="quiet cu-none">{t("customer.identifiers.none")}</p>;
  const found: Partial<Record<Tab, ReactNode>> = {
    identifiers: identity && <Identifiers identity={identity} counts={profile?.identifiers ?? []} {...rest} />,
    traits: traits && <Traits traits={traits} onHistory={onHistory} bare={rest.bare} />,
    contacts: profile && (
      <>
        <Addresses addresses={profile.addresses} onConsents={onConsents} />
        {profile.event_count > 0 && <Counters counters={profile.counters} />}
      </>
    ),
  };
  const failed: Partial<Record<Tab, unknown>> = { identifiers: faults.identity, traits: faults.traits };
  const waits = parts.findIndex((part) => !found[part] && !failed[part]);
  return (
    <div className="cu-side-parts">
      {parts.slice(0, waits < 0 ? parts.length : waits).map((part) => (
        <Fragment key={part}>{found[part] || <div className="cu-part"><ProblemBox error={failed[part]} onRetry={customer.retry} /></div>}</Fragment>
      ))}
      {waits >= 0 && <div className="cu-part"><Skeleton rows={6} height={28} /></div>}
    </div>
  );
}
