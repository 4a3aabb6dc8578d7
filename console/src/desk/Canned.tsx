/** Replies that are kept: found by shortcut or any word, filled for whom they go to, made and changed here. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";

import { api, Problem, useMay } from "~/api";
import { languages, languageNames, useI18n, type I18n, type Language } from "~/i18n";
import { Button, Dialog, Empty, problemText, ProblemBox, SearchField, Skeleton, TextArea, TextField, toast, useDebounced } from "~/ui";

import { faultText } from "~/write/faults";
import type { Fault } from "~/write/model";

import { cannedQuery, pathOf, type Canned as Reply, type Filled } from "./model";

/** Variables by the words that the composer has for them. */
const VARIABLES = { first_name: "{{ customer.first_name }}", name: "{{ customer.name }}", site: "{{ site.title }}" } as const;

interface CannedProps {
  person: string;
  /** What the customer speaks; null: not known. */
  language: string | null;
  onPick: (text: string) => void;
  onClose: () => void;
}

export default function Canned({ person, language, onPick, onClose }: CannedProps) {
  const i18n = useI18n();
  const { t, language: mine } = i18n;
  const may = useMay("replies.edit");
  const [text, setText] = useState("");
  const [edited, setEdited] = useState<Reply | "new" | null>(null);
  const [fault, setFault] = useState("");
  const found = useQuery(cannedQuery(useDebounced(text.trim(), 150)));
  if (edited) return <Editor reply={edited === "new" ? null : edited} onClose={() => setEdited(null)} />;
  const wordsOf = ({ texts }: Reply) => texts[language as Language] ?? texts[mine] ?? Object.values(texts)[0] ?? "";
  const rows = found.data?.data ?? [];
  const first = rows[0];
  const pick = async ({ id }: Reply) => {
    try {
      onPick((await api.post<Filled>(pathOf(person, `/filled-replies/${id}`), { language: mine })).text);
    } catch (error) {
      setFault(toldOf(error, i18n));
    }
  };
  return (
    <Dialog title={t("desk.canned.title")} onClose={onClose} width={560} footer={may && <Button onClick={() => setEdited("new")}>{t("desk.canned.new")}</Button>}>
      <SearchField label={t("desk.canned.find")} value={text} onChange={setText} data-autofocus 
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !first) return;
          event.preventDefault();
          void pick(first);
        }}
      />
      {fault && <p className="alarm" role="alert">{fault}</p>}
      {found.isPending && <Skeleton rows={4} height={44} />}
      {found.isError && <ProblemBox error={found.error} onRetry={() => void found.refetch()} />}
      {found.data && rows.length === 0 && <Empty title={t(text ? "desk.canned.none" : "desk.canned.empty")}>{t("desk.canned.emptyText")}</Empty>}
      <ul className="dk-canned">
        {rows.map((reply) => (
          <li key={reply.id}>
            <button type="button" className="dk-canned-pick" onClick={() => void pick(reply)}>
              <b>#{reply.shortcut}</b> <span>{reply.title}</span>
              <span className="quiet dk-canned-text">{wordsOf(reply)}</span>
            </button>
            {may && (
              <Button kind="text" dense aria-label={t("desk.canned.editOne", { name: reply.shortcut })} onClick={() => setEdited(reply)}>
                {t("desk.canned.edit")}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

/** What the server says is wrong, in the reader's language. */
function toldOf(error: unknown, i18n: I18n): string {
  const fault = error instanceof Problem && error.code === "unfillable_words" ? (error.extra["fault"] as Fault) : null;
  if (fault?.code === "unknown_variable") return i18n.t("desk.canned.unknown", { variable: fault.values["variable"] ?? "" });
  if (fault) return faultText(fault, i18n);
  const told = problemText(error, i18n.t);
  return [told.title, told.text].filter(Boolean).join(". ");
}

function Editor({ reply, onClose }: { reply: Reply | null; onClose: () => void }) {
  const i18n = useI18n();
  const { t, language: mine } = i18n;
  const client = useQueryClient();
  const [shortcut, setShortcut] = useState(reply?.shortcut ?? "");
  const [title, setTitle] = useState(reply?.title ?? "");
  const [texts, setTexts] = useState<Partial<Record<Language, string>>>(reply?.texts ?? {});
  const [fault, setFault] = useState("");
  const done = () => {
    void client.invalidateQueries({ queryKey: ["desk", "canned"] });
    onClose();
  };
  const attempt = async (work: () => Promise<unknown>) => {
    try {
      await work();
      done();
    } catch (error) {
      setFault(toldOf(error, i18n));
    }
  };
  /** Where the cursor stood last. */
  const last = useRef<{ field: HTMLTextAreaElement; language: Language } | null>(null);
  const insert = (what: string) => {
    const { field = null, language = mine } = last.current ?? {};
    const words = texts[language] ?? "";
    const [from, to] = [field?.selectionStart ?? words.length, field?.selectionEnd ?? words.length];
    setTexts((was) => ({ ...was, [language]: words.slice(0, from) + what + words.slice(to) }));
    requestAnimationFrame(() => {
      field?.focus();
      field?.setSelectionRange(from + what.length, from + what.length);
    });
  };
  const save = () => {
    const body = { shortcut, title, texts: Object.fromEntries(Object.entries(texts).filter(([, words]) => words?.trim())) };
    return attempt(() => (reply ? api.put(`/api/desk/replies/${reply.id}`, body) : api.post("/api/desk/replies", body)));
  };
  const drop = () =>
    attempt(async () => {
      if (!reply) return;
      await api.delete(`/api/desk/replies/${reply.id}`);
      toast({ text: t("desk.canned.dropped", { name: reply.shortcut }), undo: () => void api.post("/api/desk/replies", { shortcut: reply.shortcut, title: reply.title, texts: reply.texts }).then(() => client.invalidateQueries({ queryKey: ["desk", "canned"] })) });
    });
  return (
    <Dialog
      title={t(reply ? "desk.canned.change" : "desk.canned.new")}
      onClose={onClose}
      width={560}
      footer={
        <>
          {reply && <Button kind="danger" onClick={() => void drop()}>{t("desk.canned.drop")}</Button>}
          <Button kind="primary" disabled={!shortcut.trim() || !Object.values(texts).some((words) => words?.trim())} onClick={() => void save()}>
            {t("desk.keep")}
          </Button>
        </>
      }
    >
      <div className="dk-form">
      {fault && <p className="alarm" role="alert">{fault}</p>}
      <TextField label={t("desk.canned.shortcut")} value={shortcut} onChange={setShortcut} />
      <TextField label={t("desk.canned.name")} value={title} onChange={setTitle} />
      <div className="dk-insert" role="group" aria-label={t("write.insert")}>
        <span className="quiet">{t("write.insert")}</span>
        {(["first_name", "name", "site"] as const).map((name) => (
          <Button key={name} kind="text" onClick={() => insert(VARIABLES[name])}>
            {t(`write.variables.${name}`)}
          </Button>
        ))}
      </div>
      <p className="quiet dk-hint">{t("desk.canned.hint")}</p>
      {languages.map((each) => (
        <TextArea key={each} label={languageNames[each]} value={texts[each] ?? ""} onFocus={(event) => (last.current = { field: event.currentTarget, language: each })} onChange={(words) => setTexts((was) => ({ ...was, [each]: words }))} />
      ))}
      </div>
    </Dialog>
  );
}
