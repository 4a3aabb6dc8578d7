/** Join with somebody: look for the other one on the server, rehearse, give a reason, do it. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { asChannel, Glyph, isChannel, useChannelNames, type Channel } from "~/channels";
import { useI18n } from "~/i18n";
import { Dialog, ProblemBox, SearchField, Skeleton, useDebounced } from "~/ui";

import { identifierText } from "../model/labels";
import { changes, profileQuery, REHEARSAL, searchQuery } from "../model/queries";
import type { FoundPerson, PreviewPerson, Profile } from "../model/types";
import { Head, Rehearsal } from "./Rehearsal";

interface JoinDialogProps {
  profile: Profile;
  /** The other one, as `profile:12`; null while it is looked for. */
  other: string | null;
  onPick: (ref: string) => void;
  onClose: () => void;
  onDone: (id: string | null) => void;
}

export function JoinDialog(props: JoinDialogProps) {
  return props.other === null ? <Find {...props} /> : <Rehearse {...props} other={props.other} />;
}

function Find({ profile, onPick, onClose }: JoinDialogProps) {
  const { t } = useI18n();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const wanted = useDebounced(text, 150);
  const query = useQuery(searchQuery(wanted));
  const found = (query.data?.data ?? []).filter((one) => one.id !== profile.id);
  const current = Math.min(at, Math.max(0, found.length - 1));
  const pick = (person: FoundPerson | undefined) => person && onPick(`profile:${person.id}`);
  const keys = [
    { keys: "ArrowDown", label: t("customer.keys.next"), typing: true, run: () => setAt(Math.min(current + 1, found.length - 1)) },
    { keys: "ArrowUp", label: t("customer.keys.previous"), typing: true, run: () => setAt(Math.max(current - 1, 0)) },
    { keys: "Enter", label: t("customer.identifiers.rehearse"), typing: true, run: () => pick(found[current]) },
    { keys: "Escape", label: t("customer.rehearsal.cancel"), typing: true, run: onClose },
  ];
  return (
    <Dialog title={t("customer.rehearsal.join")} onClose={onClose} keys={keys} width={720} bare>
      <div className="cu-rehearsal">
        <Head title={t("customer.rehearsal.join")} onClose={onClose} />
        <p className="cu-find-question">{t("customer.rehearsal.find")}</p>
        <SearchField large data-autofocus label={t("customer.rehearsal.find")} placeholder={t("customer.rehearsal.findHint")} value={text}
          role="combobox" aria-expanded={found.length > 0} aria-controls="cu-found" aria-activedescendant={found[current] ? `cu-found-${found[current].id}` : undefined}
          onChange={(value) => {
            setText(value);
            setAt(0);
          }}
        />
        <div className="cu-found-box">
          {query.isLoading && <Skeleton rows={3} height={40} />}
          {query.isError && <ProblemBox error={query.error} onRetry={() => void query.refetch()} />}
          {query.isSuccess && wanted.trim() !== "" && found.length === 0 && <p className="quiet cu-none">{t("customer.rehearsal.notFound")}</p>}
          <div id="cu-found" role="listbox" aria-label={t("customer.rehearsal.find")}>
            {wanted.trim() !== "" &&
              found.map((person, row) => (
                <div key={person.id} id={`cu-found-${person.id}`} role="option" aria-selected={row === current} className="cu-found" onPointerEnter={() => setAt(row)} onClick={() => pick(person)}>
                  <Person person={person} />
                </div>
              ))}
          </div>
        </div>
      </div>
    </Dialog>
  );
}

function Person({ person }: { person: FoundPerson }) {
  const { t, fmt } = useI18n();
  const names = useChannelNames();
  return (
    <>
      <span className="cu-found-doors">
        {person.doors.slice(-3).map((door) => (
          <Glyph key={door} channel={asChannel(door)} size={14} label={names.name(asChannel(door))} />
        ))}
      </span>
      <b>
        <bdi>{person.name ?? t("customer.unnamed")}</bdi>
      </b>
      <bdi>{person.contact ? identifierText(person.contact.kind, person.contact.value) : ""}</bdi>
      <bdi className="quiet">{person.city ?? ""}</bdi>
      <span className="quiet">{person.orders ? t("customer.rehearsal.orders", { n: person.orders }) : ""}</span>
      <span className="quiet cu-found-seen">{person.last_seen_at ? fmt.ago(person.last_seen_at) : ""}</span>
    </>
  );
}

function Rehearse({ profile, other, onClose, onDone }: JoinDialogProps & { other: string }) {
  const { t } = useI18n();
  const into = `profile:${profile.id}`;
  const them = useQuery(profileQuery(other, {}));
  const rehearsal = useQuery({
    queryKey: ["rehearsal", "join", other, into],
    queryFn: () => changes.merge({ from: other, into, reason: REHEARSAL, dry_run: true }),
    gcTime: 0,
    staleTime: 0,
  });
  if (rehearsal.isPending || rehearsal.isError || them.isPending) {
    return (
      <Dialog title={t("customer.rehearsal.join")} onClose={onClose} width={880} bare keys={[{ keys: "Escape", label: t("customer.rehearsal.cancel"), run: onClose }]}>
        <div className="cu-rehearsal">
          <Head title={t("customer.rehearsal.join")} onClose={onClose} />
          {rehearsal.isError ? <ProblemBox error={rehearsal.error} onRetry={() => void rehearsal.refetch()} /> : <Skeleton rows={6} height={32} label={t("customer.rehearsal.working")} />}
        </div>
      </Dialog>
    );
  }
  const { preview } = rehearsal.data;
  const here = preview.before.find((one) => one.id === profile.id) ?? preview.before[0];
  const there = preview.before.find((one) => one !== here);
  const after = preview.after[0];
  if (!here || !there || !after) return null;
  const nameA = here.name ?? profile.name ?? t("customer.unnamed");
  const nameB = there.name ?? them.data?.name ?? t("customer.unnamed");
  const keeps = after.id === profile.id;
  return (
    <Rehearsal
      kind="join"
      title={t("customer.rehearsal.join")}
      names={{ a: nameA, b: nameB }}
      doors={{ a: doorOf(profile), b: doorOf(them.data ?? null) }}
      fate={t(keeps ? "customer.rehearsal.onePerson" : "customer.rehearsal.onePersonOther")}
      columns={[
        { head: nameA, person: here, bold: false },
        { head: nameB, person: there, bold: false },
        { head: t("customer.rehearsal.after"), person: after, bold: true },
      ]}
      preview={preview}
      happened={(name) => [profile.traits[name]?.occurred_at, them.data?.traits[name]?.occurred_at]}
      notes={{
        identifiers: addsText(there, t),
        events: t("customer.rehearsal.interleave"),
        orders: t("customer.rehearsal.addUp"),
      }}
      question={t("customer.rehearsal.reasonJoin")}
      promise={t("customer.rehearsal.undoAny")}
      deed={t("customer.rehearsal.doJoin")}
      onClose={onClose}
      onDo={async (reason) => {
        const done = await changes.merge({ from: other, into, reason, dry_run: false });
        onDone(done.id);
      }}
    />
  );
}

export function doorOf(profile: Profile | null): Channel | null {
  return isChannel(profile?.last_channel) ? profile.last_channel : null;
}

/** Up to four by name; of more the first three, and how many there are besides. */
export function named(identifiers: { kind: string; value: string }[], count: number): { what: string; rest: number } {
  const shown = count <= 4 ? identifiers : identifiers.slice(0, 3);
  return { what: shown.map((one) => identifierText(one.kind, one.value)).join(", "), rest: Math.max(0, count - shown.length) };
}

/** What the other one brings along, by its strongest identifiers. */
function addsText(there: PreviewPerson, t: ReturnType<typeof useI18n>["t"]): string {
  const { what, rest } = named(there.identifiers, there.identifier_count);
  if (!what) return "";
  if (rest > 0) return t("customer.rehearsal.addsMore", { what, n: rest });
  return there.identifiers.length > 1 ? t("customer.rehearsal.addAll", { what }) : t("customer.rehearsal.adds", { what });
}
