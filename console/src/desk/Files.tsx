/** What came along with a word: shown where it is an image, saved where it is anything else, told why where it is not here. */
import { useQuery } from "@tanstack/react-query";

import { api } from "~/api";
import { useI18n } from "~/i18n";

import { Clip } from "./Clip";
import type { FileOf } from "./model";
import { bytesText, notKeptText } from "./words";

const LARGEST = 260;
const addressOf = (id: string) => `/api/desk/files/${id}/data`;

export function Files({ files }: { files: FileOf[] }) {
  return files.length === 0 ? null : (
    <ul className="dk-files">
      {files.map((file, at) => (
        <li key={file.id ?? at}>
          <FileRow told={file} />
        </li>
      ))}
    </ul>
  );
}

function FileRow({ told }: { told: FileOf }) {
  const i18n = useI18n();
  const { t } = i18n;
  // Its provider is asked for it just now: it is there in a moment.
  const found = useQuery({
    queryKey: ["desk", "file", told.id],
    queryFn: ({ signal }) => api.get<FileOf>(`/api/desk/files/${told.id}`, { signal }),
    enabled: told.state === "waiting",
    refetchInterval: ({ state }) => (!state.data || state.data.state === "waiting" ? 1_500 : false),
  });
  const file = found.data ?? told;
  const here = file.state === "kept" && file.id !== null;
  return (
    <>
      {here && file.width && file.height && <Picture id={file.id ?? ""} name={file.name} width={file.width} height={file.height} />}
      <p className="dk-file">
        <Clip size={16} />
        {here ? (
          <a href={addressOf(file.id ?? "")} download={file.name} aria-label={t("desk.files.save", { name: file.name })}><bdi>{file.name}</bdi></a>
        ) : (
          <bdi>{file.name}</bdi>
        )}
        <span className="quiet">{[kindOf(file), file.size_bytes ? bytesText(file.size_bytes, i18n) : ""].filter(Boolean).join(", ")}</span>
        {file.state === "waiting" && <span className="quiet" role="status">{t("desk.files.waiting")}</span>}
        {file.state === "failed" && <span className="dk-file-fault">{notKeptText(file.reason ?? "", i18n)}</span>}
      </p>
    </>
  );
}

/** Its place is as large before it is there as it will be. */
function Picture({ id, name, width, height }: { id: string; name: string; width: number; height: number }) {
  const { t } = useI18n();
  const scale = Math.min(1, LARGEST / width, LARGEST / height);
  return (
    <a href={`${addressOf(id)}?show=true`} target="_blank" rel="noreferrer" className="dk-picture" aria-label={t("desk.files.open", { name })}>
      <img src={`${addressOf(id)}?show=true`} alt="" width={Math.max(1, Math.round(width * scale))} height={Math.max(1, Math.round(height * scale))} loading="lazy" decoding="async" />
    </a>
  );
}

/** The ending of its name, else what it is. */
function kindOf({ name, type }: FileOf): string {
  const ending = /\.([\p{L}\p{N}]{1,5})$/u.exec(name)?.[1] ?? type.split("/")[1] ?? "";
  return ending === "octet-stream" ? "" : ending.toUpperCase();
}
