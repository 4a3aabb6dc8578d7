/** One fetch for the whole console: JSON in and out, problem details as errors, the CSRF header on every change. */

export interface ProblemDetails {
  type?: string;
  title?: string;
  status?: number;
  code?: string;
  detail?: string;
  [extra: string]: unknown;
}

export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly extra: ProblemDetails;

  constructor(status: number, details: ProblemDetails) {
    super(details.detail ?? details.title ?? `HTTP ${status}`);
    this.name = "Problem";
    this.status = status;
    this.code = details.code ?? (status === 0 ? "network" : `http_${status}`);
    this.title = details.title ?? "";
    this.detail = details.detail ?? "";
    this.extra = details;
  }
}

export type Params = Record<string, string | number | boolean | null | undefined>;

interface Options {
  params?: Params;
  body?: unknown;
  signal?: AbortSignal;
}

export function cookie(name: string): string {
  const found = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

export function query(params: Params | undefined): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params ?? {})) {
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text ? `?${text}` : "";
}

export function toLogin(): void {
  const next = location.pathname + location.search;
  location.assign(`/login?next=${encodeURIComponent(next)}`);
}

async function readProblem(response: Response): Promise<ProblemDetails> {
  try {
    return (await response.json()) as ProblemDetails;
  } catch {
    return { status: response.status, title: response.statusText };
  }
}

async function send<T>(method: string, path: string, { params, body, signal }: Options = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers["X-Onevoice-Csrf"] = cookie("onevoice_csrf");
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(path + query(params), {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
      credentials: "same-origin",
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, { code: "network", detail: error instanceof Error ? error.message : "" });
  }
  if (response.status === 401) {
    toLogin();
    throw new Problem(401, await readProblem(response));
  }
  if (!response.ok) throw new Problem(response.status, await readProblem(response));
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
}

export const api = {
  get: <T>(path: string, options?: Omit<Options, "body">) => send<T>("GET", path, options),
  post: <T>(path: string, body?: unknown, options?: Omit<Options, "body">) => send<T>("POST", path, { ...options, body: body ?? {} }),
  put: <T>(path: string, body: unknown, options?: Omit<Options, "body">) => send<T>("PUT", path, { ...options, body }),
  delete: <T>(path: string, options?: Omit<Options, "body">) => send<T>("DELETE", path, options),
  patch: <T>(path: string, body: unknown, options?: Omit<Options, "body">) => send<T>("PATCH", path, { ...options, body }),
};
