/** Imports: files of customers, orders or events, from their upload to their undo; who brought what in, and when. */
import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";

import { actorText } from "~/actors";
import { useMay, usePages } from "~/api";
import { useI18n } from "~/i18n";
import { useKeys } from "~/keys";
import { PartHead } from "~/shell/Parts";
import { Bar, Button, DataTable, Empty, PagedList, ProblemBox, type Column } from "~/ui";

import { isWorking, upload, type Import } from "./model";

import "./imports.css";

const LOOK_MS = 1_500;

export function ImportsPart() {
  const { t } = useI18n();
  const may = useMay("events.import");
  const list = usePages<Import>(["imports", "list"], "/api/imports");
  const picker = useRef<HTMLInputElement>(null);
  const { sending, error, begin, stop } = useUpload();
  const choose = () => picker.current?.click();
  const busy = list.rows.some((each) => isWorking(each.state));
  const { retry } = list;
  useEffect(() => {
    if (!busy) return;
    const timer = setInterval(retry, LOOK_MS);
    return () => clearInterval(timer);
  }, [busy, retry]);
  useKeys(t("data.imports.title"), may ? [{ keys: "n", label: t("data.imports.choose"), run: choose }] : []);
  const take = (files: FileList | null) => {
    const file = files?.[0];
    if (file) void begin(file);
  };
  const button = may && (
    <Button kind="primary" k="n" onClick={choose} disabled={sending !== null}>
      {t("data.imports.choose")}
    </Button>
  );
  return (
    <div
      className="part"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        if (may && sending === null) take(event.dataTransfer.files);
      }}
    >
      <PartHead title={t("data.imports.title")} lead={t("data.imports.lead")} actions={button} />
      <input
        ref={picker}
        type="file"
        hidden
        aria-label={t("data.imports.choose")}
        accept=".csv,.tsv,.txt,.xlsx,.xlsm,.ndjson,.jsonl,.gz"
        onChange={(event) => {
          take(event.currentTarget.files);
          event.currentTarget.value = "";
        }}
      />
      {sending && (
        <div className="imports-sending">
          <Bar label={t("data.imports.sending", { name: sending.name })} share={sending.share} />
          <Button onClick={stop}>{t("common.cancel")}</Button>
        </div>
      )}
      {error !== null && <ProblemBox error={error} />}
      <PagedList list={list} empty={<Empty title={t("data.imports.none")} actions={button}>{t("data.imports.noneText")}</Empty>}>
        {(rows) => <Table rows={rows} />}
      </PagedList>
    </div>
  );
}

function useUpload() {
  const navigate = useNavigate();
  const client = useQueryClient();
  const [sending, setSending] = useState<{ name: string; share: number } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const stopped = useRef(false);
  const begin = async (file: File) => {
    setError(null);
    setSending({ name: file.name, share: 0 });
    stopped.current = false;
    try {
      const id = await upload(file, (share) => setSending({ name: file.name, share }), () => stopped.current);
      void client.invalidateQueries({ queryKey: ["imports"] });
      if (id) void navigate({ to: "/data/imports/$id", params: { id } });
    } catch (fault) {
      setError(fault);
    } finally {
      setSending(null);
    }
  };
  return { sending, error, begin, stop: () => { stopped.current = true; } };
}

function Table({ rows }: { rows: Import[] }) {
  const { t, fmt } = useI18n();
  const columns: Column<Import>[] = [
    {
      key: "name",
      head: t("data.imports.file"),
      phone: "title",
      cell: (each) => (
        <>
          <Link to="/data/imports/$id" params={{ id: each.id }}>
            {each.name}
          </Link>
          {each.source && <span className="table-second">{t("data.imports.into", { what: t(`data.imports.content.${each.content}`), source: each.source })}</span>}
        </>
      ),
    },
    { key: "state", head: t("data.imports.state"), width: "200px", cell: (each) => <StateCell one={each} /> },
    { key: "taken", head: t("data.imports.taken"), width: "96px", numeric: true, cell: (each) => fmt.number(each.taken) },
    {
      key: "refused",
      head: t("data.imports.refused"),
      width: "96px",
      numeric: true,
      cell: (each) => fmt.number(each.refused),
    },
    {
      key: "who",
      head: t("data.imports.who"),
      width: "200px",
      cell: (each) => (
        <span>
          {actorText(each.actor, t)}
          <span className="table-second">{fmt.dateTime(each.started_at)}</span>
        </span>
      ),
    },
  ];
  return <DataTable label={t("data.imports.title")} columns={columns} rows={rows} keyOf={(each) => each.id} />;
}

function StateCell({ one }: { one: Import }) {
  const { t, fmt } = useI18n();
  return (
    <span>
      <span className={one.state === "failed" ? "imports-failed" : ""}>{t(`data.imports.states.${one.state}`)}</span>
      {isWorking(one.state) && <span className="table-second">{t("data.imports.percent", { n: fmt.number(Math.floor(one.share * 100)) })}</span>}
    </span>
  );
}

