/** Customers: everyone who came in by any door, found by whatever is known of them. */
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useRef } from "react";

import { useI18n } from "~/i18n";
import { KeyBar, useKeys } from "~/keys";
import { Button, ProblemBox, SearchField, Skeleton } from "~/ui";

import { FirstRun } from "./FirstRun";
import { NoMatch } from "./Nothing";
import { Table } from "./Table";
import { useCustomers, type Customers } from "./useCustomers";
import { displayName } from "./words";
import "./customers.css";

/** "1,204 of 1,004,318 people, 38 ms." */
function Count({ list }: { list: Customers }) {
  const { t, tx, fmt } = useI18n();
  const { head, query } = list;
  if (!head) return list.error ? null : t("customers.searching");
  const time = fmt.milliseconds(head.took_ms);
  const all = t("customers.people", { n: head.of_people });
  if (query === "") return tx("customers.everyone", { n: head.of_people, time });
  if (head.total === 0) return tx("customers.nobody", { all, time });
  return tx(head.total_is_exact ? "customers.found" : "customers.foundAbout", { n: head.total, all, time });
}

function Selection({ list, join }: { list: Customers; join: () => void }) {
  const { t, tx, has } = useI18n();
  if (list.picked.length === 0) return null;
  const names = list.picked.map((id) => {
    const row = list.rows.find((one) => one.id === id);
    return row ? displayName(row, { t, has }) : `№ ${id}`;
  });
  return (
    <div className="customers-selection">
      <span className="cut" role="status">
        {names.length === 2 ? tx("customers.pair", { first: names[0], second: names[1] }) : t("customers.selected", { n: names.length })}
      </span>
      <Button kind="primary" k="m" disabled={names.length < 2} onClick={join}>
        {t("customers.join")}
      </Button>
      <Button onClick={list.clearPicked}>{t("customers.clear")}</Button>
    </div>
  );
}

function Body({ list }: { list: Customers }) {
  if (list.error && !list.head) return <div className="customers-state"><ProblemBox error={list.error} onRetry={list.retry} /></div>;
  if (list.loading) return <div className="customers-state customers-waiting"><Skeleton rows={16} height={40} /></div>;
  if (list.rows.length > 0) return <Table list={list} />;
  return list.query === "" && list.head?.of_people === 0 ? <FirstRun retry={list.retry} toLive /> : <NoMatch list={list} />;
}

export function CustomersPage() {
  const { t, has } = useI18n();
  const navigate = useNavigate();
  const list = useCustomers();
  const field = useRef<HTMLInputElement>(null);
  const { current, picked } = list;
  const open = useCallback(
    (id: string | undefined) => id && void navigate({ to: "/customers/$ref", params: { ref: `profile:${id}` } }),
    [navigate],
  );
  const join = () => {
    const [first, second] = picked;
    if (second) void navigate({ to: "/customers/$ref", params: { ref: `profile:${first}` }, search: { join: `profile:${second}` } });
  };
  const leave = () => {
    if (document.activeElement === field.current) field.current?.blur();
    else if (picked.length > 0) list.clearPicked();
    else list.setText("");
  };
  useKeys(t("customers.title"), [
    { keys: "/", label: t("customers.keys.search"), run: () => field.current?.select() },
    { keys: ["j"], label: t("customers.keys.next"), run: () => void list.move(1) },
    { keys: ["k"], label: t("customers.keys.previous"), run: () => void list.move(-1) },
    { keys: ["ArrowDown"], label: t("customers.keys.next"), typing: true, quiet: true, run: () => void list.move(1) },
    { keys: ["ArrowUp"], label: t("customers.keys.previous"), typing: true, quiet: true, run: () => void list.move(-1) },
    { keys: "Enter", label: t("customers.keys.openLong"), typing: true, run: () => open((current ?? list.rows[0])?.id) },
    { keys: "x", label: t("customers.keys.selectLong"), off: !current, run: () => current && list.pick(current.id) },
    { keys: "m", label: t("customers.keys.join"), off: picked.length < 2, run: join },
    { keys: "Escape", label: t("customers.keys.leave"), typing: true, run: leave },
  ]);
  const listed = list.rows.length > 0;
  return (
    <>
      <header className="customers-top">
        <div className="customers-title">
          <h1>{t("customers.title")}</h1>
          <Selection list={list} join={join} />
        </div>
        <div className="customers-find">
          <SearchField ref={field} large label={t("customers.search")} placeholder={t("customers.search")} value={list.text} onChange={list.setText} k={list.text ? "Escape" : "/"} autoFocus={!list.current} />
          <p className="customers-count" role="status">
            <Count list={list} />
          </p>
        </div>
      </header>
      {Boolean(list.error && list.head) && <div className="customers-fault"><ProblemBox error={list.error} onRetry={list.retry} /></div>}
      <Body list={list} />
      <p className="seen-by-readers" role="status">
        {current && t("customers.row", { name: displayName(current, { t, has }), place: list.at + 1, total: list.head?.total ?? list.rows.length })}
      </p>
      <KeyBar
        hints={[
          { keys: ["/"], label: t("customers.keys.search") },
          { keys: ["j", "k"], label: t("customers.keys.nextPrevious"), labels: [t("customers.keys.next"), t("customers.keys.previous")] },
          { keys: ["Enter"], label: t("customers.keys.open") },
          { keys: ["x"], label: t("customers.keys.select") },
          { keys: ["m"], label: t("customers.keys.join") },
        ]}
      >
        {listed && <span className="customers-legend">{t("customers.legend")}</span>}
      </KeyBar>
    </>
  );
}
