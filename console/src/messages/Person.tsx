/** Whose messages: found by typing a part of what is known of them, then held in the address. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState, type KeyboardEvent, type Ref } from "react";

import { api, refPath, searchCustomers } from "~/api";
import { contactText, displayName } from "~/customers/words";
import { useI18n } from "~/i18n";
import { Button, SearchField, useDebounced } from "~/ui";

interface PersonProps {
  value: string | undefined;
  onChange: (ref: string | undefined) => void;
  field: Ref<HTMLInputElement>;
}

export function Person({ value, onChange, field }: PersonProps) {
  const { t } = useI18n();
  const { data } = useQuery({
    queryKey: ["card-name", value],
    queryFn: () => api.get<{ name: string | null }>(`/api/profiles/${refPath(value ?? "")}`),
    enabled: value !== undefined,
  });
  if (value !== undefined) {
    const name = data?.name ?? value.replace(/^profile:/, "№ ");
    return (
      <Button className="msg-person-set" title={t("messages.find.lift")} aria-label={`${t("messages.find.only", { name })}. ${t("messages.find.lift")}`} onClick={() => onChange(undefined)}>
        <bdi className="cut">{name}</bdi> <span aria-hidden="true">×</span>
      </Button>
    );
  }
  return <Finder onChange={onChange} field={field} />;
}

function Finder({ onChange, field }: Omit<PersonProps, "value">) {
  const i18n = useI18n();
  const { t } = i18n;
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const wanted = useDebounced(text.trim(), 150);
  const { data, isPlaceholderData } = useQuery({
    queryKey: ["palette", wanted],
    queryFn: ({ signal }) => searchCustomers(wanted, { limit: 6, signal }),
    enabled: wanted.length > 1,
    placeholderData: keepPreviousData,
  });
  const found = wanted.length > 1 && text.trim() !== "" ? data?.data : undefined;
  /** What is listed is what is typed: Enter takes nobody who was found by the letters before. */
  const settled = wanted === text.trim() && !isPlaceholderData;
  const onKey = (event: KeyboardEvent) => {
    if (!found || event.nativeEvent.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") setAt((at + (event.key === "ArrowDown" ? 1 : -1) + found.length) % Math.max(1, found.length));
    else if (event.key === "Enter") {
      if (settled && found[at]) onChange(`profile:${found[at].id}`);
    }
    else if (event.key === "Escape") setText("");
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="msg-person" onKeyDown={onKey}>
      <SearchField
        ref={field}
        label={t("messages.find.person")}
        placeholder={t("messages.find.personHint")}
        value={text}
        onChange={(next) => {
          setText(next);
          setAt(0);
        }}
        k={text ? "Escape" : "/"}
        role="combobox"
        aria-expanded={found !== undefined && found.length > 0}
        aria-controls="msg-people"
        aria-activedescendant={found?.[at] ? `msg-person-${found[at].id}` : undefined}
      />
      {found && (
        <ul id="msg-people" role="listbox" className="msg-people" aria-label={t("messages.find.results")} tabIndex={-1}>
          {found.length === 0 && (
            <li role="option" aria-selected={false} aria-disabled="true" className="quiet">
              {t("messages.find.nobody")}
            </li>
          )}
          {found.map((row, index) => (
            <li key={row.id} id={`msg-person-${row.id}`} role="option" aria-selected={index === at} onClick={() => onChange(`profile:${row.id}`)} onPointerMove={() => setAt(index)}>
              <b>{displayName(row, i18n)}</b> {row.contact && <span className="quiet">{contactText(row.contact, i18n)}</span>}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
