/** One import: how its file is read, what a rehearsal found, how far it is, and its undo. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";

import { actorText } from "~/actors";
import { api, useMay } from "~/api";
import { useI18n } from "~/i18n";
import { PartHead } from "~/shell/Parts";
import { Bar, Button, Dialog, ProblemBox, problemText, Skeleton, TextArea, toast } from "~/ui";

import { Mapping } from "./Mapping";
import { importKey, isWorking, type OneImport } from "./model";
import { useRemaining } from "./Progress";
import { Rehearsed } from "./Rehearsed";
import "./imports.css";

const LOOK_MS = 1_000;

export function ImportPart() {
  const { id } = useParams({ strict: false }) as { id: string };
  const { t } = useI18n();
  const { data: one, error, refetch } = useQuery({
    queryKey: importKey(id),
    queryFn: () => api.get<OneImport>(`/api/imports/${id}`),
    refetchInterval: (query) => (query.state.data && isWorking(query.state.data.state) ? LOOK_MS : false),
  });
  if (error) return <ProblemBox error={error} onRetry={() => void refetch()} />;
  if (!one) return <Skeleton rows={6} height={40} />;
  return (
    <div className="part">
      <PartHead
        title={one.name}
        lead={
          <>
            <Link to="/data/imports">{t("data.imports.all")}</Link> · {t(`data.imports.states.${one.state}`)}
          </>
        }
        actions={<Actions one={one} />}
      />
      <Told one={one} />
    </div>
  );
}

/** What there is to see at the point where it stands. */
function Told({ one }: { one: OneImport }) {
  const { t } = useI18n();
  const may = useMay("events.import");
  const [again, setAgain] = useState(false);
  const mapping = one.console && (one.state === "ready" || (one.state === "rehearsed" && again));
  return (
    <>
      {one.problem && (
        <div className="problem" role="alert">
          <h2>{t("data.imports.failedTitle")}</h2>
          <p>{one.problem}</p>
        </div>
      )}
      {isWorking(one.state) && <Working one={one} />}
      {one.state === "uploading" && <p>{t("data.imports.uploadLost")}</p>}
      {mapping && may && <Mapping one={one} onDone={() => setAgain(false)} />}
      {one.state === "rehearsed" && !again && <Rehearsed one={one} onChange={() => setAgain(true)} />}
      {["finished", "stopped", "failed", "undone", "running", "queued", "undoing"].includes(one.state) && (one.records > 0 || one.state === "finished") && <Came one={one} />}
    </>
  );
}

function Working({ one }: { one: OneImport }) {
  const { t, fmt } = useI18n();
  const left = useRemaining(one.share, isWorking(one.state));
  const label =
    one.state === "undoing"
      ? t("data.imports.undoneOf", { n: fmt.number(one.undone), all: fmt.number(one.undo_total) })
      : one.state === "rehearsing"
        ? t("data.imports.states.rehearsing")
        : t("data.imports.readSoFar", { n: fmt.number(one.records) });
  return <Bar label={label} share={one.share} note={left ?? undefined} />;
}

function Came({ one }: { one: OneImport }) {
  const { t, fmt } = useI18n();
  const rows: [string, React.ReactNode][] = [
    [t("data.imports.source"), one.source ?? "—"],
    [t("data.imports.records"), fmt.number(one.records)],
    [t("data.imports.taken"), fmt.number(one.taken)],
    [t("data.imports.refused"), one.refused > 0 ? <Link to="/data/rejected">{fmt.number(one.refused)}</Link> : "0"],
    [t("data.imports.who"), `${actorText(one.actor, t)}, ${fmt.dateTime(one.started_at)}`],
  ];
  if (one.finished_at) rows.push([t("data.imports.finishedAt"), fmt.dateTime(one.finished_at)]);
  if (one.undo_reason) rows.push([t("data.imports.undoReason"), `“${one.undo_reason}”, ${actorText(one.undo_actor ?? "", t)}`]);
  if (one.undone_at) rows.push([t("data.imports.undoneAt"), t("data.imports.undoneEvents", { n: one.undone, when: fmt.dateTime(one.undone_at) })]);
  return (
    <dl className="imports-facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A change of the import: what the server answers is what is shown. */
export function useChange(one: OneImport, path: string) {
  const { t } = useI18n();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: unknown) => api.post<OneImport>(`/api/imports/${one.id}/${path}`, body),
    onSuccess: (changed) => {
      client.setQueryData(importKey(one.id), changed);
      void client.invalidateQueries({ queryKey: ["imports", "list"] });
    },
    onError: (error) => {
      const { title, text } = problemText(error, t);
      toast({ kind: "alarm", text: text || title });
    },
  });
}

function Actions({ one }: { one: OneImport }) {
  const { t } = useI18n();
  const may = useMay("events.import");
  const start = useChange(one, "start");
  const stop = useChange(one, "stop");
  const [undoing, setUndoing] = useState(false);
  if (!may) return null;
  return (
    <>
      {["ready", "rehearsed", "uploading"].includes(one.state) && <Discard one={one} />}
      {["rehearsing", "queued", "running"].includes(one.state) && (
        <Button onClick={() => stop.mutate({})} disabled={stop.isPending}>
          {t("data.imports.stop")}
        </Button>
      )}
      {["finished", "stopped", "failed"].includes(one.state) && one.records > 0 && (
        <Button kind="danger" onClick={() => setUndoing(true)}>
          {t("data.imports.undo")}
        </Button>
      )}
      {one.console && ["stopped", "failed"].includes(one.state) && one.report && !one.undo_reason && (
        <Button kind="primary" onClick={() => start.mutate({})} disabled={start.isPending}>
          {t("data.imports.resume")}
        </Button>
      )}
      {one.state === "rehearsed" && (
        <Button kind="primary" onClick={() => start.mutate({})} disabled={start.isPending || one.report?.taken === 0}>
          {t("data.imports.start")}
        </Button>
      )}
      {undoing && <Undo one={one} onClose={() => setUndoing(false)} />}
    </>
  );
}

function Discard({ one }: { one: OneImport }) {
  const { t } = useI18n();
  const navigate = useNavigate();
  const client = useQueryClient();
  const discard = useMutation({
    mutationFn: () => api.delete(`/api/imports/${one.id}`),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["imports", "list"] });
      void navigate({ to: "/data/imports" });
    },
  });
  return (
    <Button onClick={() => discard.mutate()} disabled={discard.isPending}>
      {t("data.imports.discard")}
    </Button>
  );
}

function Undo({ one, onClose }: { one: OneImport; onClose: () => void }) {
  const { t, fmt } = useI18n();
  const undo = useChange(one, "undo");
  const [reason, setReason] = useState("");
  return (
    <Dialog
      title={t("data.imports.undoTitle", { name: one.name })}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="danger" type="submit" form="undo-import" disabled={undo.isPending || !reason.trim()}>
            {t("data.imports.undo")}
          </Button>
        </>
      }
    >
      <form
        id="undo-import"
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          undo.mutate({ reason: reason.trim() }, { onSuccess: onClose });
        }}
      >
        <p>{t("data.imports.undoText", { n: fmt.number(one.taken) })}</p>
        <p className="quiet">{t("data.imports.undoNot")}</p>
        <TextArea label={t("data.imports.undoWhy")} value={reason} onChange={setReason} maxLength={500} required data-autofocus />
      </form>
    </Dialog>
  );
}
