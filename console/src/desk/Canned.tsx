/** Replies that are kept: found by shortcut or any word, put into the text, made and changed here. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, useMay } from "~/api";
import { languages, languageNames, useI18n, type Language } from "~/i18n";
import { Button, Dialog, Empty, problemText, ProblemBox, SearchField, Skeleton, TextArea, TextField, toast, useDebounced } from "~/ui";

import { cannedQuery, type Canned as Reply } from "./model";

interface CannedProps {
  /** What the customer speaks; null: not known. */
  language: string | null;
  onPick: (text: string) => void;
  onClose: () => void;
}

export default function Canned({ language, onPick, onClose }: CannedProps) {
  const { t, language: mine } = useI18n();
  const may = useMay("replies.edit");
  const [text, setText] = useState("");
  const [edited, setEdited] = useState<Reply | "new" | null>(null);
  const found = useQuery(cannedQuery(useDebounced(text.trim(), 150)));
  if (edited) return <Editor reply={edited === "new" ? null : edited} onClose={() => setEdited(null)} />;
  const wordsOf = ({ texts }: Reply) => texts[language as Language] ?? texts[mine] ?? Object.values(texts)[0] ?? "";
  const rows = found.data?.data ?? [];
  const first = rows[0];
  return (
    <Dialog title={t("desk.canned.title")} onClose={onClose} width={560} footer={may && <Button onClick={() => setEdited("new")}>{t("desk.canned.new")}</Button>}>
      <SearchField label={t("desk.canned.find")} value={text} onChange={setText} autoFocus 
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !first) return;
          event.preventDefault();
          onPick(wordsOf(first));
        }}
      />
      {found.isPending && <Skeleton rows={4} height={44} />}
      {found.isError && <ProblemBox error={found.error} onRetry={() => void found.refetch()} />}
      {found.data && rows.length === 0 && <Empty title={t(text ? "desk.canned.none" : "desk.canned.empty")}>{t("desk.canned.emptyText")}</Empty>}
      <ul className="dk-canned">
        {rows.map((reply) => (
          <li key={reply.id}>
            <button type="button" className="dk-canned-pick" onClick={() => onPick(wordsOf(reply))}>
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

function Editor({ reply, onClose }: { reply: Reply | null; onClose: () => void }) {
  const { t } = useI18n();
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
      const told = problemText(error, t);
      setFault([told.title, told.text].filter(Boolean).join(". "));
    }
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
      {fault && <p className="alarm" role="alert">{fault}</p>}
      <TextField label={t("desk.canned.shortcut")} value={shortcut} onChange={setShortcut} />
      <TextField label={t("desk.canned.name")} value={title} onChange={setTitle} />
      {languages.map((each) => (
        <TextArea key={each} label={languageNames[each]} value={texts[each] ?? ""} onChange={(words) => setTexts((was) => ({ ...was, [each]: words }))} />
      ))}
    </Dialog>
  );
}
