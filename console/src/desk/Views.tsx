/** A list that is kept: what it holds, its name, and whether all see it. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, useMay } from "~/api";
import { useKinds, type Says } from "~/messages/words";
import { Button, CheckField, Dialog, problemText, SelectField, TextField, toast } from "~/ui";

import { views, type Agent, type KeptView, type Narrowed, type View } from "./model";

interface ViewsProps {
  /** Null: a new one, of what stands in the list now. */
  kept: KeptView | null;
  now: Narrowed & { view: View };
  team: Agent[];
  says: Says;
  onKeep: (kept: KeptView) => void;
  onClose: () => void;
}

export default function Views({ kept, now, team, says, onKeep, onClose }: ViewsProps) {
  const { t } = says.i18n;
  const client = useQueryClient();
  const maySharing = useMay("replies.edit");
  const kinds = useKinds() ?? [];
  const [name, setName] = useState(kept?.name ?? "");
  const [view, setView] = useState<View>(kept?.view ?? now.view);
  const [sort, setSort] = useState<string>(kept?.sort ?? now.sort ?? "newest");
  const [channel, setChannel] = useState(kept?.channel ?? now.channel ?? "");
  const [tag, setTag] = useState(kept?.tag ?? now.tag ?? "");
  const [assignee, setAssignee] = useState(kept?.assignee?.id ?? now.assignee ?? "");
  const [shared, setShared] = useState(kept?.shared ?? false);
  const [fault, setFault] = useState("");
  const of = view !== "mine" && view !== "unassigned";
  const attempt = async (work: () => Promise<void>) => {
    try {
      await work();
      await client.invalidateQueries({ queryKey: ["desk", "views"] });
      void client.invalidateQueries({ queryKey: ["desk", "counts"] });
      onClose();
    } catch (error) {
      const told = problemText(error, t);
      setFault([told.title, told.text].filter(Boolean).join(". "));
    }
  };
  const save = () =>
    attempt(async () => {
      const body = { name, shared, view, sort, channel: channel || null, tag: tag.trim() || null, assignee: of && assignee ? Number(assignee) : null };
      onKeep(kept ? await api.put<KeptView>(`/api/desk/views/${kept.id}`, body) : await api.post<KeptView>("/api/desk/views", body));
    });
  const drop = () =>
    attempt(async () => {
      if (!kept) return;
      await api.delete(`/api/desk/views/${kept.id}`);
      const again = { name: kept.name, shared: kept.shared, view: kept.view, sort: kept.sort, channel: kept.channel, tag: kept.tag, assignee: kept.assignee && Number(kept.assignee.id) };
      toast({ text: t("desk.list.dropped", { name: kept.name }), undo: () => void api.post("/api/desk/views", again).then(() => client.invalidateQueries({ queryKey: ["desk"] })) });
    });
  return (
    <Dialog
      title={t(kept ? "desk.list.change" : "desk.list.new")}
      onClose={onClose}
      width={420}
      footer={
        <>
          {kept && <Button kind="danger" onClick={() => void drop()}>{t("desk.canned.drop")}</Button>}
          <Button kind="primary" disabled={!name.trim()} onClick={() => void save()}>{t("desk.keep")}</Button>
        </>
      }
    >
      <form
        className="dk-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) void save();
        }}
      >
        {fault && <p className="alarm" role="alert">{fault}</p>}
        <TextField label={t("desk.list.name")} value={name} onChange={setName} maxLength={60} data-autofocus />
        <SelectField label={t("desk.list.of")} value={view} onChange={setView} choices={views.map((each) => ({ value: each, label: t(`desk.views.${each}`) }))} />
        <SelectField label={t("desk.list.channel")} value={channel} onChange={setChannel} choices={[{ value: "", label: t("desk.list.any") }, ...kinds.map(({ kind }) => ({ value: kind, label: says.channel(kind) }))]} />
        <TextField label={t("desk.list.tag")} value={tag} onChange={setTag} maxLength={60} />
        {of && <SelectField label={t("desk.assignee")} value={assignee} onChange={setAssignee} choices={[{ value: "", label: t("desk.list.anyone") }, ...team.map((each) => ({ value: each.id, label: each.name }))]} />}
        <SelectField label={t("desk.sort.label")} value={sort} onChange={setSort} choices={(["newest", "waiting"] as const).map((each) => ({ value: each, label: t(`desk.sort.${each}`) }))} />
        {(maySharing || shared) && <CheckField label={t("desk.list.shared")} checked={shared} onChange={setShared} disabled={!maySharing} />}
        <button type="submit" hidden />
      </form>
    </Dialog>
  );
}
