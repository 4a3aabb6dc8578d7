/** Split off chosen identifiers, or take a join back, which parts them unless something else ties them; rehearsed first. */

import { useQuery } from "@tanstack/react-query";

import { useI18n } from "~/i18n";
import { Dialog, ProblemBox, Skeleton } from "~/ui";

import { identifierText } from "../model/labels";
import { changes, REHEARSAL, type Done } from "../model/queries";
import { joinKey, type Join, type LedgerIdentifier, type NodeRef, type Preview, type PreviewPerson, type Profile } from "../model/types";
import { doorOf, named } from "./JoinDialog";
import { Head, Rehearsal } from "./Rehearsal";

interface PartProps {
  kind: "split" | "undo";
  profile: Profile;
  queryKey: unknown[];
  rehearse: () => Promise<Done>;
  carryOut: (reason: string) => Promise<Done>;
  leaving: NodeRef[];
  onClose: () => void;
  /** With the number of the person who stays, and whether anybody left. */
  onDone: (stays: string, parted: boolean) => void;
}

function PartDialog({ kind, profile, queryKey, rehearse, carryOut, leaving, onClose, onDone }: PartProps) {
  const { t } = useI18n();
  const title = t(kind === "split" ? "customer.rehearsal.split" : "customer.rehearsal.undo");
  const rehearsal = useQuery({ queryKey: ["rehearsal", ...queryKey], queryFn: rehearse, gcTime: 0, staleTime: 0 });
  if (rehearsal.isPending || rehearsal.isError) {
    return (
      <Dialog title={title} onClose={onClose} width={880} bare keys={[{ keys: "Escape", label: t("customer.rehearsal.cancel"), run: onClose }]}>
        <div className="cu-rehearsal">
          <Head title={title} onClose={onClose} />
          {rehearsal.isError ? <ProblemBox error={rehearsal.error} onRetry={() => void rehearsal.refetch()} /> : <Skeleton rows={5} height={32} label={t("customer.rehearsal.working")} />}
        </div>
      </Dialog>
    );
  }
  const { preview } = rehearsal.data;
  const before = preview.before.find((one) => one.id === profile.id) ?? preview.before[0];
  const { stays, leaves } = sides(preview, profile.id, new Set(leaving.map((one) => one.node_id)));
  if (!before || !stays) return null;
  const one = kind === "undo" && preview.moves.length === 0;
  const nameA = stays.name ?? profile.name ?? t("customer.unnamed");
  const gone: { kind: string; value: string }[] = leaving.length > 0 ? leaving : (leaves?.identifiers ?? []);
  const goneFirst = gone[0] ? identifierText(gone[0].kind, gone[0].value) : t("customer.unnamed");
  const nameB = leaves?.name && leaves.name !== nameA ? leaves.name : goneFirst;
  const columns = [
    { head: before.name ?? profile.name ?? t("customer.unnamed"), person: before, bold: false },
    { head: t("customer.rehearsal.staysHere"), person: stays, bold: true },
    ...(leaves ? [{ head: t("customer.rehearsal.splitOff"), person: leaves, bold: true }] : []),
  ];
  return (
    <Rehearsal
      kind={kind}
      stays={one}
      title={title}
      names={{ a: nameA, b: nameB }}
      doors={{ a: doorOf(profile), b: null }}
      fate={t(one ? "customer.rehearsal.nobodyMoves" : "customer.rehearsal.twoPersons")}
      columns={columns}
      preview={preview}
      notes={{ identifiers: leaveText(gone, leaves?.identifier_count ?? gone.length, t), events: t("customer.rehearsal.follow"), orders: t("customer.rehearsal.followOrders") }}
      question={kind === "split" ? t("customer.rehearsal.reasonSplit") : null}
      promise={t(kind === "split" ? "customer.rehearsal.splitAny" : "customer.rehearsal.undoText")}
      deed={t(kind === "split" ? "customer.rehearsal.doSplit" : "customer.rehearsal.doUndo")}
      onClose={onClose}
      onDo={async (reason) => {
        const done = await carryOut(reason);
        onDone(stays.id, done.preview.moves.length > 0);
      }}
    />
  );
}

/** Who leaves: the part that holds what was chosen; in an undo, whoever does not keep this page's number. The biggest other one stays. */
export function sides(preview: Preview, id: string, chosen: Set<string>) {
  const bySize = preview.after.toSorted((a, b) => b.identifier_count - a.identifier_count);
  if (chosen.size > 0) {
    const goes = (one: PreviewPerson) => one.identifiers.some((node) => chosen.has(node.node_id));
    return { stays: bySize.find((one) => !goes(one)), leaves: bySize.find(goes) };
  }
  const stays = preview.after.find((one) => one.id === id) ?? preview.after[0];
  const leaves = preview.after.filter((one) => one !== stays).sort((a, b) => b.identifier_count - a.identifier_count)[0];
  return { stays, leaves };
}

function leaveText(gone: { kind: string; value: string }[], count: number, t: ReturnType<typeof useI18n>["t"]): string {
  const { what, rest } = named(gone, count);
  if (!what) return "";
  if (rest > 0) return t("customer.rehearsal.movesMore", { what, n: rest });
  return gone.length > 1 ? t("customer.rehearsal.moveAll", { what }) : t("customer.rehearsal.moves", { what });
}

interface SplitProps {
  profile: Profile;
  chosen: LedgerIdentifier[];
  onClose: () => void;
  /** With the number of the person who stays. */
  onDone: (stays: string) => void;
}

export function SplitDialog({ profile, chosen, onClose, onDone }: SplitProps) {
  const body = { profile: `profile:${profile.id}`, identifiers: chosen.map((one) => `${one.kind}:${one.value}`) };
  return (
    <PartDialog
      kind="split"
      profile={profile}
      queryKey={["split", body]}
      rehearse={() => changes.split({ ...body, reason: REHEARSAL, dry_run: true })}
      carryOut={(reason) => changes.split({ ...body, reason, dry_run: false })}
      leaving={chosen}
      onClose={onClose}
      onDone={onDone}
    />
  );
}

interface UndoProps {
  profile: Profile;
  join: Join;
  onClose: () => void;
  /** With the number of the person who stays, and whether anybody left. */
  onDone: (stays: string, parted: boolean) => void;
}

export function UndoDialog({ profile, join, onClose, onDone }: UndoProps) {
  return (
    <PartDialog
      kind="undo"
      profile={profile}
      queryKey={["undo", joinKey(join)]}
      rehearse={() => changes.undo(join.id ?? "", true)}
      carryOut={() => changes.undo(join.id ?? "", false)}
      leaving={[]}
      onClose={onClose}
      onDone={onDone}
    />
  );
}
