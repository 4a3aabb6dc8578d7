/** Rejected events: what could not be taken, why, and sending it through the door again. */
import { useQueryClient, useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useRef, useState } from "react";

import { api, useMay, useSources, type Page } from "~/api";
import { useI18n } from "~/i18n";
import { PartHead } from "~/shell/Parts";
import { Bar, Button, DataTable, Dialog, Empty, PagedList, problemText, SelectField, toast, type Column } from "~/ui";

import { useRefusal } from "./words";
import "../imports/imports.css";

interface Letter {
  id: string;
  received_at: string;
  source: string;
  source_id: string;
  code: string;
  reason: string;
  message_id: string | null;
  event: string;
  state: "open" | "replayed";
  replayed_at: string | null;
  import_id: string | null;
}

interface Letters extends Page<Letter> {
  open_count: number;
  matching: number;
  codes: { code: string; open: number }[];
}

interface Many {
  replayed: number;
  refused: number;
  next_cursor: string | null;
}

const KEY = ["dead-letters"];
type Filter = { code?: string; source?: string; state?: string };

function useLetters({ code, source, state }: Filter) {
  const params = { code, source_id: source, state: state === "all" ? undefined : (state ?? "open") };
  const query = useInfiniteQuery({
    queryKey: [...KEY, params],
    queryFn: ({ pageParam, signal }) => api.get<Letters>("/api/dead-letters", { params: { ...params, cursor: pageParam }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });
  const first = query.data?.pages[0];
  return {
    rows: query.data?.pages.flatMap((page) => page.data) ?? [],
    loading: query.isPending,
    fetching: query.isFetching,
    error: query.error as unknown,
    retry: () => void query.refetch(),
    more: query.hasNextPage ? () => void query.fetchNextPage() : null,
    matching: first?.matching ?? 0,
    codes: first?.codes ?? [],
  };
}

export function RejectedPart() {
  const { t, fmt } = useI18n();
  const navigate = useNavigate();
  const filter: Filter = useSearch({ strict: false });
  const list = useLetters(filter);
  const may = useMay("events.replay");
  const [open, setOpen] = useState<Letter | null>(null);
  const [many, setMany] = useState(false);
  const state = filter.state ?? "open";
  const set = (change: Filter) => void navigate({ to: "/data/rejected", search: { ...filter, ...change }, replace: true });
  const filtered = Boolean(filter.code ?? filter.source) || state !== "open";
  return (
    <div className="part">
      <PartHead
        title={t("data.rejected.title")}
        lead={t("data.rejected.lead")}
        actions={
          may &&
          state === "open" &&
          list.matching > 0 && <Button onClick={() => setMany(true)}>{t("data.rejected.replayAll", { n: list.matching })}</Button>
        }
      />
      <Filters filter={filter} codes={list.codes} set={set} />
      <PagedList
        list={list}
        empty={
          <Empty title={t(filtered ? "data.rejected.noMatch" : "data.rejected.none")} actions={filtered && <Button onClick={() => set({ code: "", source: "", state: "" })}>{t("data.rejected.clear")}</Button>}>
            {!filtered && t("data.rejected.noneText")}
          </Empty>
        }
      >
        {(rows) => <Table rows={rows} onOpen={setOpen} />}
      </PagedList>
      {open && <Letter letter={open} onClose={() => setOpen(null)} />}
      {many && <ReplayMany filter={filter} total={list.matching} onClose={() => setMany(false)} />}
      {!list.loading && list.rows.length > 0 && <p className="quiet rejected-kept">{t("data.rejected.kept", { n: fmt.number(list.matching) })}</p>}
    </div>
  );
}

function Filters({ filter, codes, set }: { filter: Filter; codes: Letters["codes"]; set: (change: Filter) => void }) {
  const { t, fmt } = useI18n();
  const { named } = useRefusal();
  const sources = useSources() ?? [];
  const listed = codes.some(({ code }) => code === filter.code) || !filter.code ? codes : [...codes, { code: filter.code, open: 0 }];
  return (
    <div className="imports-choices rejected-filters">
      <SelectField
        label={t("data.rejected.reason")}
        value={filter.code ?? ""}
        choices={[{ value: "", label: t("data.rejected.any") }, ...listed.map(({ code, open }) => ({ value: code, label: `${named(code)} (${fmt.number(open)})` }))]}
        onChange={(code) => set({ code })}
      />
      <SelectField
        label={t("data.rejected.source")}
        value={filter.source ?? ""}
        choices={[{ value: "", label: t("data.rejected.anySource") }, ...sources.map(({ id, name }) => ({ value: id, label: name }))]}
        onChange={(source) => set({ source })}
      />
      <SelectField
        label={t("data.rejected.state")}
        value={filter.state ?? "open"}
        choices={(["open", "replayed", "all"] as const).map((value) => ({ value, label: t(`data.rejected.states.${value}`) }))}
        onChange={(state) => set({ state })}
      />
    </div>
  );
}

/** What the event is called, of what is kept of it. */
function nameOf(event: string): string {
  try {
    const value = JSON.parse(event) as { event?: unknown; type?: unknown } | null;
    const name = typeof value === "object" ? (value?.event || value?.type) : null;
    return typeof name === "string" && name ? name : "—";
  } catch {
    return "—";
  }
}

function pretty(event: string): string {
  try {
    const value: unknown = JSON.parse(event);
    return typeof value === "string" ? value : JSON.stringify(value, null, 2);
  } catch {
    return event;
  }
}

function Table({ rows, onOpen }: { rows: Letter[]; onOpen: (letter: Letter) => void }) {
  const { t, fmt } = useI18n();
  const { named, told } = useRefusal();
  const columns: Column<Letter>[] = [
    {
      key: "why",
      head: t("data.rejected.reason"),
      phone: "title",
      cell: (letter) => (
        <>
          <button type="button" className="button-text" aria-haspopup="dialog" onClick={() => onOpen(letter)}>
            {named(letter.code)}
          </button>
          <span className="table-second">{told(letter)}</span>
        </>
      ),
    },
    { key: "event", head: t("data.rejected.event"), width: "180px", cell: (letter) => nameOf(letter.event) },
    { key: "source", head: t("data.rejected.source"), width: "160px", cell: (letter) => letter.source },
    {
      key: "age",
      head: t("data.rejected.came"),
      width: "150px",
      cell: (letter) => (
        <span>
          <time dateTime={letter.received_at} title={fmt.dateTime(letter.received_at)}>
            {fmt.ago(letter.received_at)}
          </time>
          {letter.replayed_at && <span className="table-second">{t("data.rejected.replayedAt", { when: fmt.ago(letter.replayed_at) })}</span>}
        </span>
      ),
    },
  ];
  return <DataTable label={t("data.rejected.title")} columns={columns} rows={rows} keyOf={(letter) => letter.id} />;
}

function Letter({ letter, onClose }: { letter: Letter; onClose: () => void }) {
  const { t, fmt } = useI18n();
  const client = useQueryClient();
  const may = useMay("events.replay");
  const { named, told } = useRefusal();
  const replay = useMutation({
    mutationFn: () => api.post<{ state: string; code: string; reason: string }>(`/api/dead-letters/${letter.id}/replay`),
    onSuccess: (done) => {
      void client.invalidateQueries({ queryKey: KEY });
      if (done.state === "replayed") {
        toast({ text: t("data.rejected.isReplayed") });
        onClose();
      } else toast({ kind: "alarm", text: t("data.rejected.stillFails", { why: named(done.code) }) });
    },
    onError: (error) => toast({ kind: "alarm", text: problemText(error, t).title }),
  });
  return (
    <Dialog
      title={named(letter.code)}
      onClose={onClose}
      width={640}
      footer={
        <>
          <Button onClick={onClose}>{t("common.close")}</Button>
          {may && letter.state === "open" && (
            <Button kind="primary" disabled={replay.isPending} onClick={() => replay.mutate()}>
              {t("data.rejected.replay")}
            </Button>
          )}
        </>
      }
    >
      <p>{told(letter)}</p>
      {told(letter) !== letter.reason && (
        <p className="quiet">
          {t("data.rejected.exactly")}: <span lang="en">{letter.reason}</span>
        </p>
      )}
      <dl className="imports-facts">
        <div>
          <dt>{t("data.rejected.source")}</dt>
          <dd>{letter.source}</dd>
        </div>
        <div>
          <dt>{t("data.rejected.came")}</dt>
          <dd>{fmt.dateTime(letter.received_at)}</dd>
        </div>
        {letter.message_id && (
          <div>
            <dt>messageId</dt>
            <dd>{letter.message_id}</dd>
          </div>
        )}
      </dl>
      <h3 className="rejected-payload">{t("data.rejected.payload")}</h3>
      <pre className="imports-lines" tabIndex={0} aria-label={t("data.rejected.payload")}>{pretty(letter.event)}</pre>
    </Dialog>
  );
}

/** Two hundred at a time, newest first; stopped in between, what was done is done. */
function ReplayMany({ filter, total, onClose }: { filter: Filter; total: number; onClose: () => void }) {
  const { t, fmt } = useI18n();
  const client = useQueryClient();
  const [done, setDone] = useState({ replayed: 0, refused: 0 });
  const [at, setAt] = useState<"asking" | "running" | "done">("asking");
  const stop = useRef(false);
  const run = async () => {
    setAt("running");
    let cursor: string | null = null;
    try {
      do {
        const found: Many = await api.post<Many>("/api/dead-letter-replays", { code: filter.code || null, source_id: filter.source || null, cursor });
        setDone((was) => ({ replayed: was.replayed + found.replayed, refused: was.refused + found.refused }));
        cursor = found.next_cursor;
      } while (cursor && !stop.current);
    } catch (error) {
      toast({ kind: "alarm", text: problemText(error, t).title });
    }
    setAt("done");
    void client.invalidateQueries({ queryKey: KEY });
  };
  const close = () => {
    stop.current = true;
    onClose();
  };
  return (
    <Dialog
      title={t("data.rejected.replayAll", { n: total })}
      onClose={close}
      footer={
        at === "asking" ? (
          <>
            <Button onClick={close}>{t("common.cancel")}</Button>
            <Button kind="primary" onClick={() => void run()}>
              {t("data.rejected.replay")}
            </Button>
          </>
        ) : (
          <Button onClick={at === "running" ? () => (stop.current = true) : close}>{t(at === "running" ? "data.rejected.stop" : "common.close")}</Button>
        )
      }
    >
      {at === "asking" ? (
        <p>{t("data.rejected.replayText")}</p>
      ) : (
        <>
          <Bar label={t("data.rejected.replayed", { n: done.replayed })} share={total ? (done.replayed + done.refused) / total : 1} />
          <p role="status">{done.refused > 0 ? t("data.rejected.refusedAgain", { n: done.refused }) : at === "done" ? t("data.rejected.allReplayed") : fmt.number(done.replayed)}</p>
        </>
      )}
    </Dialog>
  );
}
