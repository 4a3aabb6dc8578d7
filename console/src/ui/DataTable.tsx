/** A list in columns under hairlines. On a phone each row becomes a block, and each cell says what it is. */
import type { ReactNode } from "react";

import { useI18n } from "~/i18n";

import { Button } from "./Button";
import { ProblemBox, Skeleton } from "./states";
import "./table.css";

export interface Column<Row> {
  key: string;
  head: string;
  cell: (row: Row) => ReactNode;
  /** As of `grid-template-columns` would be too much: a CSS width. */
  width?: string;
  numeric?: boolean;
  /** title: stands alone on top of the block on a phone. bare: without its head there. */
  phone?: "title" | "bare";
}

export function DataTable<Row>({ label, columns, rows, keyOf }: { label: string; columns: Column<Row>[]; rows: Row[]; keyOf: (row: Row) => string }) {
  return (
    <table className="table" role="table" aria-label={label}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ key, head, width, numeric }) => (
            <th key={key} role="columnheader" scope="col" className={numeric ? "table-number" : undefined} style={{ width }}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={keyOf(row)} role="row">
            {columns.map(({ key, head, cell, numeric, phone }) => (
              <td key={key} role="cell" data-head={phone ? undefined : head} className={`${numeric ? "table-number" : ""} ${phone === "title" ? "table-title" : ""}`}>
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A list that comes page by page, as `usePages` gives it. */
export interface Paged<Row> {
  rows: Row[];
  loading: boolean;
  error: unknown;
  retry: () => void;
  /** Null: there is no more. */
  more: (() => void) | null;
  fetching: boolean;
}

/** Loading, a fault, nothing (`empty`), or the rows with "Show more" below them. */
export function PagedList<Row>({ list, empty, children }: { list: Paged<Row>; empty: ReactNode; children: (rows: Row[]) => ReactNode }) {
  const { t } = useI18n();
  if (list.error && list.rows.length === 0) return <ProblemBox error={list.error} onRetry={list.retry} />;
  if (list.loading) return <Skeleton rows={6} height={40} />;
  if (list.rows.length === 0) return empty;
  return (
    <>
      {children(list.rows)}
      {Boolean(list.error) && <ProblemBox error={list.error} onRetry={list.retry} />}
      {list.more && (
        <div className="table-more">
          <Button disabled={list.fetching} onClick={list.more}>
            {t(list.fetching ? "common.loading" : "common.showMore")}
          </Button>
        </div>
      )}
    </>
  );
}
