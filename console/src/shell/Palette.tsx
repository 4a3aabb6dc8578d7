/** Ctrl+K: what the page at hand can do, pages, actions, and customers as the server finds them. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";

import { searchCustomers, useMay, type CustomerRow } from "~/api";
import { Glyph } from "~/channels";
import { contactText, displayName } from "~/customers/words";
import { languageNames, languages, useI18n } from "~/i18n";
import { Kbd, keyNames, liveScopes, useKeys, useSingleKeys, type KeyBinding } from "~/keys";
import { themes } from "~/theme";
import { Icon, openWindow, useDebounced } from "~/ui";

import { signOut, useChangeSettings } from "./account";

interface Item {
  id: string;
  group: string;
  text: string;
  aside?: string;
  k?: string | undefined;
  doors?: CustomerRow["doors"];
  run: () => void;
}

/** What the page can do now; taken once, since all its keys sleep as soon as this window stands. */
function onPage(): Item[] {
  return liveScopes().flatMap(({ title, level, bindings }) =>
    (level === 1 ? bindings() : [])
      .filter((binding) => !binding.off && (!binding.quiet || binding.palette))
      .map((binding, at) => ({ id: title + at, group: title, text: binding.label, k: binding.shown ? undefined : keyNames(binding)[0], run: () => binding.run() })),
  );
}

function useActions(openKeys: () => void): Item[] {
  const { t } = useI18n();
  const navigate = useNavigate();
  const single = useSingleKeys();
  const may = { desk: useMay("conversations.read"), messages: useMay("messages.read"), content: useMay("templates.read"), data: useMay("events.read") };
  const { changeLanguage, changeTheme, changeSingle } = useChangeSettings();
  const actions = t("common.palette.actions");
  const page = (id: "desk" | "live" | "customers" | "messages" | "content" | "data" | "settings", letter: string, to: string = `/${id}`): Item[] =>
    id in may && !may[id as keyof typeof may] ? [] : [{ id, group: t("common.palette.pages"), text: t(`common.nav.${id}`), k: `G ${letter}`, run: () => void navigate({ to }) }];
  return [
    ...page("desk", "I"),
    ...page("live", "L"),
    ...page("customers", "C"),
    ...page("messages", "M"),
    ...page("content", "O", "/content/templates"),
    ...page("data", "D"),
    ...page("settings", "S"),
    { id: "keys", group: actions, text: t("common.keys.title"), k: "?", run: openKeys },
    ...languages.map((language) => ({
      id: `language-${language}`,
      group: actions,
      text: t("common.palette.language", { name: languageNames[language] }),
      run: () => changeLanguage(language),
    })),
    ...themes.map((theme) => ({
      id: `theme-${theme}`,
      group: actions,
      text: t("common.palette.theme", { name: t(`common.account.themes.${theme}`) }),
      run: () => changeTheme(theme),
    })),
    { id: "single", group: actions, text: single ? t("common.palette.singleOff") : t("common.palette.singleOn"), run: () => changeSingle(!single) },
    { id: "out", group: actions, text: t("common.account.out"), run: signOut },
  ];
}

function useCustomers(text: string): { items: Item[]; searching: boolean } {
  const { t, has } = useI18n();
  const navigate = useNavigate();
  const desk = useMay("conversations.read");
  const wanted = useDebounced(text.trim(), 120);
  const { data, isFetching } = useQuery({
    queryKey: ["palette", wanted],
    queryFn: ({ signal }) => searchCustomers(wanted, { limit: 6, signal }),
    enabled: wanted.length > 1,
    placeholderData: keepPreviousData,
  });
  const items = useMemo(() => {
    if (wanted.length < 2) return [];
    const group = t("common.palette.customers");
    const found: Item[] = (data?.data ?? []).map((row) => ({
      id: `customer-${row.id}`,
      group,
      text: displayName(row, { t, has }),
      aside: row.name ? ((row.match?.field === "name" ? null : row.match?.text) ?? (row.contact ? contactText(row.contact, { t, has }) : "")) : "",
      doors: row.doors,
      run: () => void navigate({ to: "/customers/$ref", params: { ref: `profile:${row.id}` } }),
    }));
    const talks: Item[] = (data?.data ?? []).slice(0, desk ? 3 : 0).map((row) => ({
      id: `desk-${row.id}`,
      group: t("common.nav.desk"),
      text: t("common.palette.conversation", { name: displayName(row, { t, has }) }),
      run: () => void navigate({ to: "/desk", search: { c: row.id } }),
    }));
    const all = { id: "find-all", group, text: t("common.palette.findAll", { query: wanted }), run: () => void navigate({ to: "/customers", search: { q: wanted } }) };
    return [...found, ...talks, all];
  }, [data, wanted, desk, t, has, navigate]);
  return { items, searching: isFetching || wanted !== text.trim() };
}

const NO_KEYS: KeyBinding[] = [];

export default function Palette({ onClose, openKeys }: { onClose: () => void; openKeys: () => void }) {
  const { t } = useI18n();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const words = text.trim().toLocaleLowerCase();
  const [page] = useState(onPage);
  useKeys(t("common.palette.title"), NO_KEYS, "dialog");
  const actions = [...page, ...useActions(openKeys)].filter((item) => item.text.toLocaleLowerCase().includes(words));
  const customers = useCustomers(text);
  const items = [...customers.items.filter((item) => item.id !== "find-all"), ...actions, ...customers.items.filter((item) => item.id === "find-all")];
  const current = Math.min(at, items.length - 1);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [current]);
  const choose = (item: Item | undefined) => {
    if (!item) return;
    // Gone at once: while it stands nothing behind it can have the focus, and the very next letter may be meant for it.
    flushSync(onClose);
    item.run();
  };
  const move = (event: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setAt((current + step + items.length) % Math.max(1, items.length));
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      event.preventDefault();
      choose(items[current]);
    }
  };
  return (
    <dialog
      ref={openWindow}
      className="dialog palette"
      aria-label={t("common.palette.title")}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onPointerDown={(event) => event.target === event.currentTarget && onClose()}
    >
      <label className="palette-field">
        <Icon name="search" size={18} />
        <input
          data-autofocus
          role="combobox"
          aria-expanded="true"
          aria-controls={listId}
          aria-activedescendant={items[current] ? `${listId}-${items[current].id}` : undefined}
          aria-label={t("common.palette.title")}
          placeholder={t("common.palette.placeholder")}
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={move}
        />
        <Kbd k="Escape" />
      </label>
      <div id={listId} ref={list} className="palette-list" role="listbox" aria-label={t("common.palette.title")}>
        {items.map((item, index) => (
          <div key={item.id} role="presentation">
            {items[index - 1]?.group !== item.group && (
              <div className="palette-group" role="presentation">
                {item.group}
              </div>
            )}
            <div
              id={`${listId}-${item.id}`}
              role="option"
              aria-selected={index === current}
              className="palette-item"
              onPointerMove={() => setAt(index)}
              onClick={() => choose(item)}
            >
              <span className="cut">
                {item.text}
                {item.aside && <span className="quiet"> {item.aside}</span>}
              </span>
              <span className="palette-aside">
                {item.doors?.slice(0, 5).map((door) => (
                  <Glyph key={door} channel={door} size={14} />
                ))}
                {item.k?.split(" ").map((part) => (
                  <Kbd key={part} k={part} />
                ))}
              </span>
            </div>
          </div>
        ))}
      </div>
      {items.length === 0 && <p className="palette-none">{t("common.palette.nothing")}</p>}
      <p className="seen-by-readers" role="status">
        {customers.searching && words.length > 1 ? t("common.palette.searching") : t("common.palette.results", { n: items.length })}
      </p>
    </dialog>
  );
}
