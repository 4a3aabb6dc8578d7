/** The windows of the page, fetched when the first of them is opened. */
import { lazy, Suspense } from "react";

import { useI18n, withWords } from "~/i18n";
import { Dialog } from "~/ui";

import { JoinDialog } from "./dialogs/JoinDialog";
import { SplitDialog, UndoDialog } from "./dialogs/PartDialogs";
import { DatePicker } from "./header/DatePicker";
import type { Times } from "./model/queries";
import type { Join } from "./model/types";
import type { ChangeSearch, CustomerSearch } from "./model/url";
import type { Customer } from "./model/useCustomer";
import { HistoryDialog } from "./traits/HistoryDialog";

const Consents = lazy(() => withWords(["consent", "customer"], import("~/consents/ConsentsDialog")).then(({ ConsentsDialog }) => ({ default: ConsentsDialog })));

const Composer = lazy(() => withWords(["write", "messages", "customer"], import("~/write/Composer")).then((found) => ({ default: found.Composer })));

export type OpenWindow = "consents" | "date" | "history" | "raw" | "split" | "write" | { undo: Join };

interface WindowsProps {
  open: OpenWindow | null;
  close: () => void;
  profileRef: string;
  customer: Customer;
  times: Times;
  /** Its `join` opens the window of joining. */
  search: CustomerSearch;
  change: ChangeSearch;
  lastJoin: string | null;
  /** Nodes chosen to be split off. */
  chosen: ReadonlySet<string>;
  done: (message: string, undoId?: string | null, stays?: string) => void;
}

export default function Windows({ open, close, profileRef, customer, times, search, change, lastJoin, chosen, done }: WindowsProps) {
  const { t } = useI18n();
  const { present, profile, identity } = customer;
  if (search.join && profile && !search.at) {
    return (
      <JoinDialog profile={profile} other={search.join === "?" ? null : search.join} onPick={(ref) => change({ join: ref })} onClose={() => change({ join: undefined })}
        onDone={(id) => done(t("customer.rehearsal.joined"), id)}
      />
    );
  }
  if (open === "date") {
    return (
      <DatePicker at={search.at ?? null} later={search.mode === "later"} lastJoin={lastJoin} firstSeen={present?.first_seen_at ?? null} days={customer.presentRuler.days} onClose={close}
        onGo={(moment, later) => {
          close();
          change({ at: moment ?? undefined, mode: moment && later ? "later" : undefined });
        }}
      />
    );
  }
  if (open === "history" && customer.traits) {
    return (
      <HistoryDialog profileRef={profileRef} times={times} traits={customer.traits} onClose={close}
        onOpenEvent={(id) => {
          close();
          change({ event: id });
        }}
      />
    );
  }
  if (open === "consents" && profile) {
    return (
      <Suspense fallback={null}>
        <Consents profileRef={profileRef} name={profile.name ?? t("customer.unnamed")} onClose={close} />
      </Suspense>
    );
  }
  if (open === "write" && present) {
    return (
      <Suspense fallback={null}>
        <Composer
          person={present.id}
          name={present.name ?? t("customer.unnamed")}
          names={[...("firstName" in present.traits || "first_name" in present.traits ? (["first_name"] as const) : []), ...(present.name ? (["name"] as const) : [])]}
          onClose={close}
        />
      </Suspense>
    );
  }
  if (open === "raw" && profile) {
    return (
      <Dialog title={t("customer.header.raw")} onClose={close} width={760}>
        <pre className="cu-raw-text" tabIndex={0}>
          {JSON.stringify(profile, null, 2)}
        </pre>
      </Dialog>
    );
  }
  if (open === "split" && profile && identity) {
    return <SplitDialog profile={profile} chosen={identity.identifiers.filter((one) => chosen.has(one.node_id))} onClose={close} onDone={(stays) => done(t("customer.rehearsal.parted"), null, stays)} />;
  }
  if (typeof open === "object" && open !== null && profile) {
    return <UndoDialog profile={profile} join={open.undo} onClose={close} onDone={(stays, parted) => done(t(parted ? "customer.rehearsal.undone" : "customer.rehearsal.undoneStill"), null, stays)} />;
  }
  return null;
}
