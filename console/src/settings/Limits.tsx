/** How many of each kind one person may have: the limits, and a change that is looked at before it holds. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState, type ReactNode } from "react";

import { actorText } from "~/actors";
import { api, usePages, type Page } from "~/api";
import { useI18n } from "~/i18n";
import { Bar, Button, DataTable, Empty, PagedList, ProblemBox, problemText, Section, SelectField, Skeleton, TextField, toast, type Column, type Paged } from "~/ui";
import { useKindName } from "./kinds";

export interface Kind {
  name: string;
  priority: number;
  per_profile: number;
  per_profile_weak: number;
  shared: boolean;
}

interface Pair {
  per_profile: number;
  per_profile_weak: number;
}

interface Side {
  count: number;
  profiles: { profile_id: string; count: number; named: { kind: string; value: string }[] }[];
}

interface Change {
  id: string;
  kind: string;
  was: Pair;
  wanted: Pair;
  state: "looking" | "looked" | "applying" | "applied" | "dropped";
  asked_at: string;
  asked_by: string;
  applied_at: string | null;
  applied_by: string | null;
  total: number;
  done: number;
  parted: number;
  joined: number;
  before: number;
  after: number;
  examples: { before: Side; after: Side }[];
}

const PATH = "/api/identity/limits/changes";
const KEY = ["limit-changes"];
const OPEN = new Set(["looking", "looked", "applying"]);

/** children: what stands below, once all of this is there. */
export function Limits({ kinds, error, retry, children }: { kinds: Kind[] | undefined; error: unknown; retry: () => void; children: ReactNode }) {
  const { t, fmt } = useI18n();
  const name = useKindName();
  const [chosen, setChosen] = useState<Kind | null>(null);
  const form = useRef<HTMLDivElement>(null);
  const open = useOpenChange();
  const earlier = usePages<Change>([...KEY, "earlier"], PATH, { limit: 20 });
  const choose = (kind: Kind) => {
    setChosen(kind);
    window.requestAnimationFrame(() => form.current?.querySelector("input")?.focus());
  };
  const columns: Column<Kind>[] = [
    { key: "kind", head: t("settings.identity.kind"), phone: "title", cell: (kind) => name(kind.name) },
    { key: "one", head: t("settings.identity.perPerson"), numeric: true, width: "170px", cell: (kind) => fmt.number(kind.per_profile) },
    { key: "weak", head: t("settings.identity.weak"), numeric: true, width: "210px", cell: (kind) => fmt.number(kind.per_profile_weak) },
    { key: "shared", head: t("settings.identity.shared"), width: "200px", cell: (kind) => t(kind.shared ? "settings.identity.many" : "settings.identity.one") },
    {
      key: "change",
      head: t("settings.identity.action"),
      width: "120px",
      phone: "bare",
      cell: (kind) => (
        <Button dense disabled={open.data !== null} onClick={() => choose(kind)} aria-label={t("settings.limits.changeOne", { kind: name(kind.name) })}>
          {t("settings.limits.change")}
        </Button>
      ),
    },
  ];
  if (error) return <ProblemBox error={error} onRetry={retry} />;
  // All at once, or what comes last pushes the rest of the page down.
  if (!kinds || (open.data === undefined && !open.error) || earlier.loading) return <Skeleton rows={20} height={40} />;
  return (
    <>
      <Section title={t("settings.identity.limits")}>
        <p className="settings-lead">{t("settings.limits.lead")}</p>
        <DataTable label={t("settings.identity.limits")} columns={columns} rows={kinds} keyOf={(kind) => kind.name} />
        <div ref={form}>
          {open.error ? (
            <ProblemBox error={open.error} onRetry={open.retry} />
          ) : open.data ? (
            <OpenChange change={open.data} />
          ) : (
            chosen && <Ask key={chosen.name} kinds={kinds} kind={chosen} onChoose={setChosen} onClose={() => setChosen(null)} />
          )}
        </div>
      </Section>
      <Earlier list={earlier} />
      {children}
    </>
  );
}

/** The change that somebody is at, asked for again and again while it moves. Undefined until that is known. */
function useOpenChange(): { data: Change | null | undefined; error: unknown; retry: () => void } {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: [...KEY, "open"],
    queryFn: async () => {
      const newest = await api.get<Page<Change>>(PATH, { params: { limit: 1 } });
      const first = newest.data[0];
      return first && OPEN.has(first.state) ? first : null;
    },
    refetchInterval: ({ state }) => (state.data?.state === "looking" || state.data?.state === "applying" ? 1_000 : 30_000),
  });
  const state = query.data?.state;
  const was = useRef(state);
  useEffect(() => {
    // What was being applied is done: the limits and the list of changes are others.
    if (was.current !== state) void Promise.all([client.invalidateQueries({ queryKey: ["kinds"] }), client.invalidateQueries({ queryKey: [...KEY, "earlier"] })]);
    was.current = state;
  }, [state, client]);
  return { data: query.data, error: query.error, retry: () => void query.refetch() };
}

function Ask({ kinds, kind, onChoose, onClose }: { kinds: Kind[]; kind: Kind; onChoose: (kind: Kind) => void; onClose: () => void }) {
  const { t } = useI18n();
  const name = useKindName();
  const client = useQueryClient();
  const [strong, setStrong] = useState(String(kind.per_profile));
  const [weak, setWeak] = useState(String(kind.per_profile_weak));
  const ask = useMutation({
    mutationFn: () => api.post<Change>(PATH, { kind: kind.name, per_profile: Number(strong), per_profile_weak: Number(weak) }),
    onSuccess: (asked) => {
      client.setQueryData([...KEY, "open"], asked);
      onClose();
    },
  });
  const numeric = { type: "number", min: 1, max: 1_000, required: true, inputMode: "numeric" } as const;
  return (
    <form
      className="form limits-form"
      onSubmit={(event) => {
        event.preventDefault();
        ask.mutate();
      }}
    >
      <SelectField
        label={t("settings.identity.kind")}
        value={kind.name}
        choices={kinds.map((each) => ({ value: each.name, label: name(each.name) }))}
        onChange={(next) => onChoose(kinds.find((each) => each.name === next) ?? kind)}
      />
      <div className="form-row">
        <TextField label={t("settings.identity.perPerson")} value={strong} onChange={setStrong} {...numeric} />
        <TextField label={t("settings.identity.weak")} hint={t("settings.limits.weakHint")} value={weak} onChange={setWeak} {...numeric} max={Number(strong) || 1_000} />
      </div>
      {kind.name === "user_id" && <p className="quiet">{t("settings.limits.accounts")}</p>}
      {ask.error && (
        <p className="field-error" role="alert">
          {problemText(ask.error, t).title}
        </p>
      )}
      <div className="form-actions">
        <Button type="submit" kind="primary" disabled={ask.isPending || (Number(strong) === kind.per_profile && Number(weak) === kind.per_profile_weak)}>
          {t("settings.limits.see")}
        </Button>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
      </div>
    </form>
  );
}

function OpenChange({ change }: { change: Change }) {
  const { t, fmt } = useI18n();
  const client = useQueryClient();
  const told = () => client.invalidateQueries({ queryKey: KEY });
  const apply = useMutation({
    mutationFn: () => api.post<Change>(`${PATH}/${change.id}/applications`),
    onSuccess: () => toast({ text: t("settings.limits.inForce") }),
    onSettled: told,
  });
  const drop = useMutation({ mutationFn: () => api.delete(`${PATH}/${change.id}`), onSettled: told });
  const error = apply.error ?? drop.error;
  const moving = change.state !== "looked";
  const progress = t("settings.limits.progress", { done: fmt.number(change.done), total: fmt.number(change.total) });
  return (
    <div className="limits-open">
      <h3>
        <Wanted change={change} />
      </h3>
      <p className="quiet">{t("settings.limits.asked", { who: actorText(change.asked_by, t), date: fmt.shortDay(change.asked_at) })}</p>
      <div role="status" className="limits-found">
        {moving ? (
          <Bar label={t(change.state === "looking" ? "settings.limits.looking" : "settings.limits.applying")} share={change.total ? change.done / change.total : 0} note={progress} />
        ) : (
          <Found change={change} />
        )}
      </div>
      {change.state === "looked" && change.examples.length > 0 && <Examples change={change} />}
      {error && (
        <p className="field-error" role="alert">
          {problemText(error, t).title}
        </p>
      )}
      {change.state !== "applying" && (
        <>
          {change.state === "looked" && <p className="settings-lead">{t("settings.limits.then")}</p>}
          <div className="form-actions">
            {change.state === "looked" && (
              <Button kind="primary" disabled={apply.isPending} onClick={() => apply.mutate()}>
                {t("settings.limits.apply")}
              </Button>
            )}
            <Button disabled={drop.isPending} onClick={() => drop.mutate()}>
              {t("settings.limits.drop")}
            </Button>
          </div>
        </>
      )}
    </div>
  );
}

function Wanted({ change: { kind, was, wanted } }: { change: Change }) {
  const { t, fmt } = useI18n();
  const name = useKindName();
  const step = (from: number, to: number) => (from === to ? fmt.number(to) : `${fmt.number(from)} → ${fmt.number(to)}`);
  return <>{t("settings.limits.wanted", { kind: name(kind), strong: step(was.per_profile, wanted.per_profile), weak: step(was.per_profile_weak, wanted.per_profile_weak) })}</>;
}

function Found({ change }: { change: Change }) {
  const { t, fmt } = useI18n();
  if (change.before === 0) return <p>{t("settings.limits.nobody", { n: change.done })}</p>;
  const facts = ["before", "after", "parted", "joined"] as const;
  return (
    <dl className="limits-facts">
      {facts.map((fact) => (
        <div key={fact}>
          <dt>{t(`settings.limits.${fact}`)}</dt>
          <dd>{fmt.number(change[fact])}</dd>
        </div>
      ))}
    </dl>
  );
}

function Examples({ change }: { change: Change }) {
  const { t } = useI18n();
  const [all, setAll] = useState(false);
  const shown = all ? change.examples : change.examples.slice(0, 5);
  return (
    <>
      <h4>{t("settings.limits.examples")}</h4>
      <ul className="limits-examples">
        {shown.map((example) => (
          <li key={example.before.profiles[0]?.profile_id}>
            <Half title={t("settings.limits.now")} side={example.before} linked />
            <Half title={t("settings.limits.thenShort")} side={example.after} />
          </li>
        ))}
      </ul>
      {shown.length < change.examples.length && (
        <Button dense onClick={() => setAll(true)}>
          {t("common.showMore")}
        </Button>
      )}
    </>
  );
}

function Half({ title, side, linked }: { title: string; side: Side; linked?: boolean }) {
  const { t } = useI18n();
  const name = useKindName();
  return (
    <div>
      <p className="quiet">{title}</p>
      <ol>
        {side.profiles.map((part) => (
          <li key={part.profile_id}>
            {part.named.map(({ kind, value }) => (
              <span key={`${kind} ${value}`} title={name(kind)} className="limits-named">
                {value}
              </span>
            ))}
            {part.count > part.named.length && <span className="quiet">{t("settings.limits.more", { n: part.count - part.named.length })}</span>}
            {linked && (
              <Link to="/customers/$ref" params={{ ref: `profile:${part.profile_id}` }}>
                {t("settings.limits.open")}
              </Link>
            )}
          </li>
        ))}
        {side.count > side.profiles.length && <li className="quiet">{t("settings.limits.moreProfiles", { n: side.count - side.profiles.length })}</li>}
      </ol>
    </div>
  );
}

function Earlier({ list }: { list: Paged<Change> }) {
  const { t, fmt } = useI18n();
  const rows = list.rows.filter((change) => !OPEN.has(change.state));
  const columns: Column<Change>[] = [
    { key: "what", head: t("settings.limits.what"), phone: "title", cell: (change) => <Wanted change={change} /> },
    { key: "found", head: t("settings.limits.result"), width: "260px", cell: (change) => t("settings.limits.resultOf", { before: fmt.number(change.before), after: fmt.number(change.after) }) },
    {
      key: "state",
      head: t("settings.limits.state"),
      width: "280px",
      cell: (change) =>
        change.applied_at ? (
          t("settings.limits.appliedBy", { who: change.applied_by ?? "", date: fmt.shortDay(change.applied_at) })
        ) : (
          <span className="quiet">{t("settings.limits.droppedOf", { who: actorText(change.asked_by, t), date: fmt.shortDay(change.asked_at) })}</span>
        ),
    },
  ];
  if (!list.error && rows.length === 0) return null;
  return (
    <Section title={t("settings.limits.earlier")}>
      <PagedList list={{ ...list, rows }} empty={<Empty title={t("settings.limits.none")} />}>
        {(found) => <DataTable label={t("settings.limits.earlier")} columns={columns} rows={found} keyOf={(change) => change.id} />}
      </PagedList>
    </Section>
  );
}
