/** The row where two former persons became one: the diamond, what tied them, and the way back. */

import { Diamond } from "~/channels";
import { useI18n } from "~/i18n";
import { Button } from "~/ui";

import { joinText, nodeText } from "../identifiers/evidence";
import { joinKey, type Join } from "../model/types";
import type { Measures } from "./geometry";
import { Lines } from "./Lines";
import type { JoinRow as Row } from "./rows";

export interface JoinActions {
  undo: (join: Join) => void;
  split: (join: Join) => void;
  locked: boolean;
  /** The join that U takes back. */
  next: string | null;
}

interface JoinRowProps {
  row: Row;
  place: Measures;
  selected: boolean;
  devices: Map<string, string>;
  actions: JoinActions;
  onSelect: (key: string) => void;
}

export function JoinRow({ row, place, selected, devices, actions, onSelect }: JoinRowProps) {
  const i18n = useI18n();
  const { t, fmt } = i18n;
  const { join } = row;
  const a = nodeText(join.a, devices, join.a.node_id);
  const b = nodeText(join.b, devices, join.b.node_id);
  const told = joinText(join, i18n);
  const from = row.fromLane === null ? null : { lane: row.fromLane, door: row.fromDoor };
  return (
    <div className={`cu-row cu-join ${selected ? "cu-selected" : ""} ${row.last ? "cu-last" : ""}`} onClick={() => onSelect(row.key)}>
      <Lines pieces={row.pieces} place={place} knot={row.lane} from={from} />
      <span className="cu-knot" style={{ left: place.laneX + row.lane * place.gap - 9 }}>
        <Diamond />
      </span>
      <time className="cu-time" dateTime={join.at}>
        {fmt.time(join.at)}
      </time>
      <div className="cu-told cu-told-join" data-key={row.key} tabIndex={-1}>
        <span className="cu-first">
          <span className="cu-what">
            <b>{t("customer.join.title")}</b> <bdi>{t("customer.join.is", { a, b })}</bdi>
          </span>
        </span>
        <span className="cu-second cu-ink">
          <bdi className="cu-second-text" title={told}>
            {told}
          </bdi>
          {!actions.locked && join.undoable && (
            <Button kind="text" {...(actions.next === joinKey(join) ? { k: "u" } : {})} onClick={() => actions.undo(join)}>
              {t("customer.join.undo")}
            </Button>
          )}
          {!actions.locked && !join.undoable && (
            <Button kind="text" title={t("customer.join.onlySplit")} onClick={() => actions.split(join)}>
              {t("customer.join.split")}
            </Button>
          )}
        </span>
      </div>
    </div>
  );
}
