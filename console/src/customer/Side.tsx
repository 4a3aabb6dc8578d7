/** What stands beside the thread: identifiers with their evidence, traits, addresses, counters. */

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
  return (
    <div className="cu-side-parts">
      {parts.includes("identifiers") &&
        (identity ? (
          <Identifiers identity={identity} counts={profile?.identifiers ?? []} {...rest} />
        ) : (
          <Part error={faults.identity} retry={customer.retry} />
        ))}
      {parts.includes("traits") && (traits ? <Traits traits={traits} onHistory={onHistory} bare={rest.bare} /> : <Part error={faults.traits} retry={customer.retry} />)}
      {parts.includes("contacts") && profile && (
        <>
          <Addresses addresses={profile.addresses} onConsents={onConsents} />
          {profile.event_count > 0 && <Counters counters={profile.counters} />}
        </>
      )}
    </div>
  );
}

function Part({ error, retry }: { error: unknown; retry: () => void }) {
  return <div className="cu-part">{error ? <ProblemBox error={error} onRetry={retry} /> : <Skeleton rows={6} height={28} />}</div>;
}
