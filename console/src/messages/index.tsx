/** Messages: everything that was said to people and everything that was not, with what became of it and why. */
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useRef, useState } from "react";

import { useMay } from "~/api";
import { useI18n } from "~/i18n";
import { KeyBar, useKeys } from "~/keys";
import { Button, Empty, ProblemBox, Skeleton, TextLink, useNow } from "~/ui";

import { Filters } from "./Filters";
import { List } from "./List";
import { waits, type Message } from "./model";
import { nameOf } from "./Row";
import { Stopped } from "./Stopped";
import { useMessages, type Messages } from "./useMessages";
import { becameText, useSays } from "./words";
import "./messages.css";

const CostsDialog = lazy(() => import("./Costs"));
const CancelDialog = lazy(() => import("./Cancel"));

type Window = "costs" | { cancel: Message } | null;

export function MessagesPage() {
  const { t } = useI18n();
  const navigate = useNavigate();
  const says = useSays();
  const now = useNow(30_000);
  const list = useMessages();
  const mayCancel = useMay("messages.send");
  const [open, setOpen] = useState<Window>(null);
  const field = useRef<HTMLInputElement>(null);
  const { current, rows } = list;
  const why = (message: Message | undefined) => message && void navigate({ to: "/messages/$message", params: { message: message.id } });
  const cancel = (message: Message) => setOpen({ cancel: message });
  const leave = () => (document.activeElement === field.current ? field.current?.blur() : list.clear());
  useKeys(t("messages.title"), [
    { keys: "/", label: t("messages.keys.person"), run: () => field.current?.focus() },
    { keys: "j", label: t("messages.keys.next"), run: () => list.move(1) },
    { keys: "k", label: t("messages.keys.previous"), run: () => list.move(-1) },
    { keys: "ArrowDown", label: t("messages.keys.next"), quiet: true, run: () => list.move(1) },
    { keys: "ArrowUp", label: t("messages.keys.previous"), quiet: true, run: () => list.move(-1) },
    { keys: ["w"], label: t("messages.keys.open"), off: !current, run: () => why(current) },
    { keys: ["Enter"], label: t("messages.keys.open"), quiet: true, off: !current, run: () => why(current) },
    { keys: "x", label: t("messages.keys.cancel"), off: !mayCancel || !current || !waits(current), run: () => current && cancel(current) },
    { keys: "m", label: t("messages.keys.costs"), run: () => setOpen("costs") },
    { keys: "Escape", label: t("messages.keys.leave"), typing: true, run: leave },
  ]);
  return (
    <>
      <header className="msg-top">
        <div className="msg-title">
          <h1>{t("messages.title")}</h1>
          <p className="quiet msg-count" role="status">
            {rows.length > 0 && t(list.hasMore ? "messages.shownMore" : "messages.shown", { n: rows.length })}
          </p>
          {list.filtered && <Button onClick={list.clear}>{t("messages.find.clear")}</Button>}
          <Button k="m" aria-haspopup="dialog" onClick={() => setOpen("costs")}>
            {t("messages.costs.open")}
          </Button>
        </div>
        <Stopped />
        <Filters list={list} field={field} />
      </header>
      <Body list={list} mayCancel={mayCancel} onCancel={cancel} />
      <p className="seen-by-readers" role="status">
        {current && t("messages.row", { who: nameOf(current, says), became: becameText(current, says, now), place: list.at + 1, total: rows.length })}
      </p>
      <KeyBar
        hints={[
          { keys: ["/"], label: t("messages.keys.filter") },
          { keys: ["j", "k"], label: t("messages.keys.nextPrevious"), labels: [t("messages.keys.next"), t("messages.keys.previous")] },
          { keys: ["w"], label: t("messages.keys.openShort") },
          { keys: ["m"], label: t("messages.keys.costsShort") },
        ]}
      />
      <Suspense fallback={null}>
        {open === "costs" && <CostsDialog onClose={() => setOpen(null)} />}
        {typeof open === "object" && open !== null && <CancelDialog message={open.cancel} onClose={() => setOpen(null)} />}
      </Suspense>
    </>
  );
}

function Body({ list, mayCancel, onCancel }: { list: Messages; mayCancel: boolean; onCancel: (message: Message) => void }) {
  if (list.error && list.rows.length === 0) {
    return (
      <div className="msg-state">
        <ProblemBox error={list.error} onRetry={list.retry} />
      </div>
    );
  }
  if (list.loading) {
    return (
      <div className="msg-state">
        <Skeleton rows={14} height={52} />
      </div>
    );
  }
  if (list.rows.length > 0) return <List list={list} mayCancel={mayCancel} onCancel={onCancel} />;
  return <div className="msg-state">{list.filtered ? <NoneFits clear={list.clear} /> : <NothingYet />}</div>;
}

function NoneFits({ clear }: { clear: () => void }) {
  const { t } = useI18n();
  return (
    <Empty title={t("messages.none")} actions={<Button onClick={clear}>{t("messages.find.clear")}</Button>}>
      {t("messages.noneText")}
    </Empty>
  );
}

function NothingYet() {
  const { t } = useI18n();
  return (
    <Empty title={t("messages.empty")} actions={<TextLink to="/customers">{t("messages.emptyAction")}</TextLink>}>
      {t("messages.emptyText")}
    </Empty>
  );
}
