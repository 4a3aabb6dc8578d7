/** Why: one message or one silence, every judgement of it, and what would have turned it. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useState, type KeyboardEvent } from "react";

import { actorText } from "~/actors";
import { api, Problem, useMay } from "~/api";
import { useI18n } from "~/i18n";
import { KeyBar, useKeys } from "~/keys";
import { useSocketState } from "~/socket";
import { Button, Empty, ProblemBox, Skeleton, TextLink, useCopy, useMedia, useNow } from "~/ui";

import { moves, waits, type Decision, type Message, type MessageDetail, type Moment, type Why } from "../model";
import { nameOf } from "../Row";
import { useTold } from "../useTold";
import { answerText, becameText, reasonText, useSays, whenText, type Says } from "../words";
import { Attempts, Words } from "./Beside";
import { Drawing } from "./Drawing";
import { valuesOf } from "./Inputs";
import { linesOf } from "./judged";
import { Verified } from "./Record";
import { Spine } from "./Spine";
import { WhatIf } from "./WhatIf";
import "../messages.css";
import "./why.css";

const Inputs = lazy(() => import("./Inputs"));
const CancelDialog = lazy(() => import("../Cancel"));
/** Without a socket, which tells at once. */
const FOLLOW_MS = 2_000;

export function WhyPage() {
  const { message: id } = useParams({ from: "/messages/$message" });
  const { t } = useI18n();
  const away = useSocketState().kind !== "open";
  const why = useQuery({
    queryKey: ["messages", id, "why"],
    queryFn: ({ signal }) => api.get<Why>(`/api/messages/${encodeURIComponent(id)}/why`, { signal }),
    refetchInterval: ({ state }) => (away && state.data && moves(state.data.message) ? FOLLOW_MS : false),
  });
  useTold(`message:${id}`, why);
  const [busy, setBusy] = useState(false);
  const again = () => {
    setBusy(true);
    void why.refetch().finally(() => setBusy(false));
  };
  if (why.data) return <Told key={id} id={id} why={why.data} at={why.dataUpdatedAt} busy={busy} again={again} />;
  return (
    <div className="why">
      <header className="why-head">
        <TextLink to="/messages">{t("messages.why.back")}</TextLink>
      </header>
      <div className="why-body">
        <h1 className={why.error ? "seen-by-readers" : "why-answer quiet"}>{t("messages.one", { id })}</h1>
        {why.error ? <Missing error={why.error} retry={() => void why.refetch()} /> : <Skeleton rows={8} height={48} />}
      </div>
    </div>
  );
}

function Missing({ error, retry }: { error: unknown; retry: () => void }) {
  const { t } = useI18n();
  if (error instanceof Problem && (error.status === 404 || error.status === 422)) {
    return <Empty title={t("common.problem.notFound")} actions={<TextLink to="/messages">{t("messages.why.back")}</TextLink>}>{t("common.problem.notFoundText")}</Empty>;
  }
  return <ProblemBox error={error} onRetry={retry} />;
}

interface ToldProps {
  id: string;
  why: Why;
  /** When it was verified. */
  at: number;
  busy: boolean;
  again: () => void;
}

function Told({ id, why: { message, moments }, at, busy, again }: ToldProps) {
  const { t } = useI18n();
  const navigate = useNavigate({ from: "/messages/$message" });
  const search = useSearch({ from: "/messages/$message" });
  const says = useSays();
  const maySend = useMay("messages.send");
  const [open, setOpen] = useState<"inputs" | "cancel" | null>(null);
  const detail = useQuery({ queryKey: ["messages", id, message.state, message.attempts], queryFn: () => api.get<MessageDetail>(`/api/messages/${id}`) });
  const asked = Number(search.judgement ?? Number.NaN);
  const chosen = Number.isInteger(asked) && asked >= 0 && asked < moments.length ? asked : moments.length - 1;
  const moment = moments[chosen];
  const last = chosen === moments.length - 1;
  const decision = moment?.decision ?? null;
  const choose = (next: number) => void navigate({ search: { judgement: next === moments.length - 1 ? undefined : String(next) }, replace: true });
  useKeys(t("messages.one", { id }), [
    { keys: "[", label: t("messages.why.earlier"), quiet: true, off: chosen <= 0, run: () => choose(chosen - 1) },
    { keys: "]", label: t("messages.why.later"), quiet: true, off: last, run: () => choose(chosen + 1) },
    { keys: "v", label: t("messages.why.again"), off: !moment || busy, run: again },
    { keys: "i", label: t("messages.why.inputsTitle"), off: !decision, run: () => setOpen("inputs") },
    { keys: "x", label: t("messages.cancel.action"), off: !maySend || !waits(message), run: () => setOpen("cancel") },
    { keys: "Escape", label: t("messages.why.back"), run: () => void navigate({ to: "/messages" }) },
  ]);
  return (
    <div className="why">
      <header className="why-head">
        <Crumbs message={message} says={says} />
        {moment && <Verified moment={moment} at={at} busy={busy} onAgain={again} />}
      </header>
      <div className="why-body">
        <Answer message={message} decision={decision} last={last} says={says} />
        {maySend && waits(message) && (
          <Button className="why-cancel" k="x" onClick={() => setOpen("cancel")}>
            {t("messages.cancel.action")}
          </Button>
        )}
        {moments.length > 1 && <Judgements moments={moments} chosen={chosen} onChoose={choose} says={says} />}
        {!moment && <p className="quiet">{t("messages.why.noRecords")}</p>}
        {moment && !decision && <p className="alarm">{t("messages.why.unread")}</p>}
        {decision && <Judged decision={decision} sent={last ? message.sent_at : null} says={says} />}
        {decision && <WhatIf key={chosen} id={id} judgement={chosen} decision={decision} says={says} />}
        <div className="why-beside">
          {detail.data ? <Words detail={detail.data} says={says} /> : detail.error ? <ProblemBox error={detail.error} onRetry={() => void detail.refetch()} /> : <Skeleton rows={3} height={28} />}
          {detail.data && detail.data.tries.length > 0 && <Attempts tries={detail.data.tries} sent={detail.data.sent_at} says={says} />}
        </div>
        {moment && <Foot id={id} moment={moment} onInputs={() => setOpen("inputs")} />}
      </div>
      <KeyBar hints={[{ keys: ["v"], label: t("messages.why.again") }, { keys: ["i"], label: t("messages.why.inputsTitle") }, { keys: ["Escape"], label: t("messages.why.back") }]} />
      <Suspense fallback={null}>
        {open === "inputs" && decision && <Inputs inputs={decision.inputs as never} onClose={() => setOpen(null)} />}
        {open === "cancel" && <CancelDialog message={message} onClose={() => setOpen(null)} />}
      </Suspense>
    </div>
  );
}

function Crumbs({ message, says }: { message: Message; says: Says }) {
  const { t, fmt } = useI18n();
  return (
    <nav className="why-crumbs" aria-label={t("messages.one", { id: message.id })}>
      {message.profile_id ? (
        <Link to="/customers/$ref" params={{ ref: `profile:${message.profile_id}` }} className="cut">
          <bdi>{nameOf(message, says)}</bdi>
        </Link>
      ) : (
        <bdi className="cut">{nameOf(message, says)}</bdi>
      )}
      <span aria-hidden="true">›</span>
      <Link to="/messages" search={message.profile_id ? { to: `profile:${message.profile_id}` } : {}}>
        {t("messages.title")}
      </Link>
      <span aria-hidden="true">›</span>
      <b>{fmt.dateTime(message.asked_at)}</b>
    </nav>
  );
}

const TROUBLE = ["failed", "bounced", "uncertain", "cancelled"] as const;

function Answer({ message, decision, last, says }: { message: Message; decision: Decision | null; last: boolean; says: Says }) {
  const { t, fmt } = useI18n();
  const now = useNow(30_000);
  const trouble = last ? TROUBLE.find((each) => each === message.state) : undefined;
  const answer = trouble ? t(`messages.why.answers.${trouble}`, { why: reasonText(message, says) }) : decision ? answerText(decision.outcome, says) : becameText(message, says, now);
  // The headline says it already; it is still read out when it comes.
  const told = last && (trouble !== undefined || (message.state === "suppressed" && decision !== null));
  const cost = message.cost_minor !== null && message.currency ? ` ${t("messages.columns.cost")}: ${fmt.money(message.cost_minor, message.currency)}.` : "";
  const about = t("messages.why.about", { purpose: says.purpose(message.purpose), class: t(`messages.classes.${message.class}`), when: whenText(message.asked_at, says.i18n), who: actorText(message.asked_by, t, message.asked_by_name) });
  return (
    <>
      <h1 className="why-answer">{answer}</h1>
      <p className="why-lead">
        {message.preview ? <>{t("messages.why.said", { words: message.preview })} </> : message.template && <>{t("messages.template", { name: message.template })}. </>}
        <span role="status" className={told ? "seen-by-readers" : undefined}>{becameText(message, says, now)}.</span>{" "}
        <span className="quiet">
          {about}
          {cost}
        </span>
      </p>
    </>
  );
}

function Judgements({ moments, chosen, onChoose, says }: { moments: Moment[]; chosen: number; onChoose: (at: number) => void; says: Says }) {
  const { t } = useI18n();
  const onKey = (event: KeyboardEvent<HTMLDivElement>) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (way === undefined) return;
    const next = (chosen + way + moments.length) % moments.length;
    onChoose(next);
    event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]")[next]?.focus();
    event.preventDefault();
  };
  return (
    <div className="why-moments" role="tablist" aria-label={t("messages.why.judgement")} onKeyDown={onKey}>
      {moments.map(({ moment, recorded_at, number, shard }, at) => (
        <button key={`${shard}/${number}`} type="button" role="tab" aria-selected={at === chosen} tabIndex={at === chosen ? 0 : -1} onClick={() => onChoose(at)}>
          {t("messages.why.momentAt", { moment: t(`messages.why.moments.${moment}`), when: whenText(recorded_at, says.i18n) })}
        </button>
      ))}
    </div>
  );
}

function Judged({ decision, sent, says }: { decision: Decision; sent: string | null; says: Says }) {
  const { t } = useI18n();
  const narrow = useMedia("(max-width: 1099px)");
  const messageClass = t(`messages.classes.${decision.inputs.message_class}`);
  if (decision.candidates.length === 0) return <p className="why-none">{t("messages.why.noCandidates")}</p>;
  const lines = linesOf(decision, sent, says);
  return narrow ? <Spine lines={lines} says={says} messageClass={messageClass} /> : <Drawing lines={lines} says={says} messageClass={messageClass} />;
}

function Foot({ id, moment, onInputs }: { id: string; moment: Moment; onInputs: () => void }) {
  const { t } = useI18n();
  const { decision } = moment;
  const command = `onevoice explain ${id}`;
  const copy = useCopy();
  return (
    <footer className="why-foot">
      {decision && <span>{decision.policy === 0 ? t("messages.why.builtIn") : t("messages.why.policy", { n: decision.policy })}</span>}
      <span>{t("messages.why.chain", { shard: moment.shard, n: moment.number })}</span>
      <span className="why-foot-space" />
      {decision && (
        <Button kind="text" aria-haspopup="dialog" onClick={onInputs}>
          {t("messages.why.inputs", { n: valuesOf(decision.inputs as never).length })}
        </Button>
      )}
      <Button kind="text" onClick={() => void copy(command)}>
        {t("messages.why.copy", { id })}
      </Button>
    </footer>
  );
}
