/** The alarms, in words, with a way to say that somebody knows. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { api, useMay, usePages } from "~/api";
import { useI18n } from "~/i18n";
import { Button, Chip, Dialog, PagedList, problemText, Section, TextArea, toast, useNow } from "~/ui";

import type { Alarm, AlarmState } from "./types";
import { useAlarmWords, useEventName } from "./words";

const STATES = ["open", "acknowledged", "closed"] as const;

export function useAlarms(state: AlarmState, event?: string) {
  return usePages<Alarm>(["plan", "alarms"], "/api/plan/alarms", { state, event, limit: 20 });
}

export function Alarms({ event }: { event?: string }) {
  const { t } = useI18n();
  const [state, setState] = useState<AlarmState>("open");
  const [acknowledging, setAcknowledging] = useState<Alarm | null>(null);
  const list = useAlarms(state, event);
  return (
    <Section
      title={t("plan.alarms.title")}
      actions={STATES.map((each) => (
        <Chip key={each} on={state === each} onClick={() => setState(each)}>
          {t(`plan.alarms.${each}`)}
        </Chip>
      ))}
    >
      <PagedList list={list} empty={<p className="plan-quiet">{state === "open" ? t("plan.alarms.none") : "—"}</p>}>
        {(rows) => (
          <ul className="plan-alarms">
            {rows.map((alarm) => (
              <AlarmRow key={alarm.id} alarm={alarm} alone={event !== undefined} onAcknowledge={setAcknowledging} />
            ))}
          </ul>
        )}
      </PagedList>
      {acknowledging && <AcknowledgeDialog alarm={acknowledging} onClose={() => setAcknowledging(null)} />}
    </Section>
  );
}

function AlarmRow({ alarm, alone, onAcknowledge }: { alarm: Alarm; alone: boolean; onAcknowledge: (alarm: Alarm) => void }) {
  const { t, fmt } = useI18n();
  const may = useMay("plan.edit");
  const now = useNow(60_000);
  const words = useAlarmWords()(alarm, now);
  const nameOf = useEventName();
  const whom = alarm.event_id && alarm.event_type ? nameOf({ type: alarm.event_type, name: alarm.event_name ?? "" }) : null;
  return (
    <li className={`plan-alarm plan-alarm-${alarm.state}`}>
      <span className="plan-alarm-mark" aria-hidden="true" />
      <div className="plan-alarm-words">
        <span>{words}</span>
        <span className="table-second">
          {!alone &&
            (whom && alarm.event_id ? (
              <Link to="/data/plan/$event" params={{ event: alarm.event_id }}>
                {whom}
              </Link>
            ) : (
              t("plan.alarms.whole")
            ))}
          {!alone && " · "}
          {alarm.source} · {t("plan.alarms.seen", { first: fmt.dateTime(alarm.opened_at), last: fmt.ago(alarm.last_at, now) })}
        </span>
        {alarm.reason && <span className="table-second">{t("plan.alarms.by", { who: alarm.acknowledged_by ?? "", reason: alarm.reason })}</span>}
        {alarm.closed_at && alarm.closed_because && (
          <span className="table-second">
            {t("plan.alarms.closedBecause", { when: fmt.dateTime(alarm.closed_at), why: t(`plan.alarms.reasons.${alarm.closed_because}`) })}
          </span>
        )}
      </div>
      {may && alarm.state === "open" && (
        <Button dense aria-label={t("plan.alarms.acknowledgeOf", { what: words })} onClick={() => onAcknowledge(alarm)}>
          {t("plan.alarms.acknowledge")}
        </Button>
      )}
    </li>
  );
}

function AcknowledgeDialog({ alarm, onClose }: { alarm: Alarm; onClose: () => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const words = useAlarmWords()(alarm, useNow(60_000));
  const send = useMutation({
    mutationFn: () => api.post<Alarm>(`/api/plan/alarms/${alarm.id}/acknowledge`, { reason: reason.trim() }),
    onSuccess: () => {
      toast({ text: t("plan.alarms.done") });
      void client.invalidateQueries({ queryKey: ["plan"] });
      onClose();
    },
    onError: (error) => toast({ kind: "alarm", text: problemText(error, t).title }),
  });
  return (
    <Dialog
      title={t("plan.alarms.acknowledgeTitle")}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="primary" disabled={!reason.trim() || send.isPending} onClick={() => send.mutate()}>
            {t("plan.alarms.acknowledge")}
          </Button>
        </>
      }
    >
      <div className="form">
        <p>{words}</p>
        <TextArea label={t("plan.alarms.reason")} hint={t("plan.alarms.reasonHint")} value={reason} onChange={setReason} rows={2} maxLength={1000} data-autofocus />
        <p className="quiet">{t("plan.alarms.acknowledgeText")}</p>
      </div>
    </Dialog>
  );
}
