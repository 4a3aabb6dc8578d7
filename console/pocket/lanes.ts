/** Where the line needs an empty lane, and how it runs between the lanes that were measured. Pure but for `measure`. */
import type { Device, Knot } from "./model";

/** Of a knot: whether the line leaves its device below it, and whether it comes in from above. */
export interface Ways {
  out: boolean;
  in: boolean;
}

export function waysOf(knots: Knot[]): Map<number, Ways> {
  const last = knots.findLast((knot) => !knot.waiting);
  const found = new Map<number, Ways>();
  knots.forEach((knot, index) => {
    const before = knots[index - 1];
    const after = knots[index + 1];
    const hops = before !== undefined && before.device !== knot.device;
    found.set(knot.n, {
      out: !knot.waiting && (knot === last || (after !== undefined && !after.waiting && after.device !== knot.device)),
      // A letter is entered from the left, straight at its knot; all else comes from the right, through a lane.
      in: knot.waiting ? !before?.waiting || hops : hops && knot.device === "phone",
    });
  });
  return found;
}

/** Of a knot: the neighbour it has in the story that lies elsewhere, below it and above it. `null`: it does not leave its device. "desk": your side. */
export interface Onward {
  to: Knot | "desk" | null;
  from: Knot | null;
}

/** Where devices stand under each other no line can run between them: words say where the story goes on. */
export function onwardOf(knots: Knot[]): Map<number, Onward> {
  return new Map(
    knots.map((knot, index) => {
      const [before, after] = [knots[index - 1], knots[index + 1]];
      const from = before && before.device !== knot.device ? before : null;
      return [knot.n, { to: after ? (after.device === knot.device ? null : after) : knot.waiting ? null : "desk", from }];
    }),
  );
}

export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Measured {
  knots: Map<number, Box>;
  desk: Map<number, Box>;
  out: Map<number, number>;
  in: Map<number, number>;
  to: Map<number, Box>;
  from: Map<number, Box>;
  phone: Box;
  mailbox: Box;
  side: Box;
}

export interface Segment {
  n: number;
  path: string;
  device: Device | null;
  dotted: boolean;
}

type Point = [number, number];
const TRACK = 9;
const TRACKS = 5;
const STUB = 5;

/** Everything the line has to know, from the page as it stands; null while parts of it are missing. */
export function measure(root: HTMLElement): Measured | null {
  const origin = root.getBoundingClientRect();
  const box = (element: Element): Box => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    return { left: left - origin.left, right: right - origin.left, top: top - origin.top, bottom: bottom - origin.top };
  };
  const all = (name: string) => new Map([...root.querySelectorAll(`[data-${name}]`)].map((each) => [Number(each.getAttribute(`data-${name}`)), box(each)] as const));
  const middles = (name: string) => new Map([...all(name)].map(([n, { top, bottom }]) => [n, (top + bottom) / 2] as const));
  // What is scrolled away at the right has no place for a line to go.
  const room = root.querySelector("[data-scroll]")?.getBoundingClientRect();
  const seen = ([, { top, bottom }]: readonly [number, Box]) => !room || (bottom + origin.top > room.top && top + origin.top < room.bottom);
  const part = (name: string) => root.querySelector(`[data-part="${name}"]`);
  const [phone, mailbox, side] = [part("phone"), part("mailbox"), part("side")];
  // While the browser is looked at, neither of them is there.
  if (!phone?.getClientRects().length || !mailbox || !side) return null;
  return { knots: all("device"), desk: new Map([...all("desk")].filter(seen)), out: middles("lane-out"), in: middles("lane-in"), to: all("to"), from: all("from"), phone: box(phone), mailbox: box(mailbox), side: box(side) };
}

export function route(knots: Knot[], measured: Measured): Segment[] {
  const tracks = new Tracks(measured);
  const last = knots.findLast((knot) => !knot.waiting);
  const found: Segment[] = [];
  const add = (knot: Knot, points: Point[] | null, dotted = knot.waiting) => {
    if (points) found.push({ n: knot.n, path: rounded(points), device: knot.device, dotted });
  };
  knots.forEach((knot, index) => {
    const before = knots[index - 1];
    if (before && before.device === knot.device && before.waiting === knot.waiting) add(knot, straight(measured, before.n, knot.n));
    else if (knot.waiting) add(knot, tracks.fromDesk(knot));
    else if (before) add(before, tracks.hop(before, knot), false);
    if (knot === last) add(knot, tracks.toDesk(knot));
  });
  return found;
}

/** Where everything stands under each other: between neighbours of the story alone, with a stub to the words that say where it goes on. */
export function spine(knots: Knot[], measured: Measured): Segment[] {
  return knots.flatMap((knot, index) => {
    const { n, device, waiting } = knot;
    const box = measured.knots.get(n);
    if (!box) return [];
    const before = knots[index - 1];
    const [to, from] = [measured.to.get(n), measured.from.get(n)];
    const x = middle(box);
    const along = before && before.device === device ? straight(measured, before.n, n) : null;
    const found: (Omit<Segment, "path"> & { points: Point[] })[] = [];
    if (along) found.push({ n, device: before!.device, dotted: waiting, points: along });
    if (from) found.push({ n, device: before?.device ?? null, dotted: waiting, points: [[from.left - STUB, level(from)], [x, level(from)], [x, box.top]] });
    if (to) found.push({ n, device, dotted: knots[index + 1]?.waiting ?? false, points: [[x, box.bottom], [x, level(to)], [to.left - STUB, level(to)]] });
    return found.map(({ points, ...rest }) => ({ ...rest, path: rounded(points) }));
  });
}

const middle = ({ left, right }: Box): number => (left + right) / 2;
const level = ({ top, bottom }: Box): number => (top + bottom) / 2;

function straight({ knots }: Measured, from: number, to: number): Point[] | null {
  const [a, b] = [knots.get(from), knots.get(to)];
  return a && b ? [[middle(a), a.bottom], [middle(b), b.top]] : null;
}

/** The gutters beside the mailbox, and the room below it: each line takes a track of its own. */
class Tracks {
  private used = { before: 0, after: 0, below: 0 };

  constructor(private readonly at: Measured) {}

  private before(): number {
    return this.at.phone.right + 16 + TRACK * (this.used.before++ % TRACKS);
  }

  private after(): number {
    return this.at.side.left - 16 - TRACK * (this.used.after++ % TRACKS);
  }

  /** A level at which nothing stands between the phone and the desk. */
  private clear(y: number): number {
    const { top, bottom } = this.at.mailbox;
    return y < top - 6 || y > bottom + 6 ? y : bottom + 16 + TRACK * (this.used.below++ % 3);
  }

  hop(from: Knot, to: Knot): Point[] | null {
    const [a, b, out] = [this.at.knots.get(from.n), this.at.knots.get(to.n), this.at.out.get(from.n)];
    if (!a || !b || out === undefined) return null;
    const x = this.before();
    const start: Point[] = [[middle(a), a.bottom], [middle(a), out], [x, out]];
    if (to.device === "mailbox") return [...start, [x, level(b)], [b.left, level(b)]];
    const enter = this.at.in.get(to.n);
    return enter === undefined ? null : [...start, [x, enter], [middle(b), enter], [middle(b), b.top]];
  }

  toDesk(from: Knot): Point[] | null {
    const [a, b, out] = [this.at.knots.get(from.n), this.at.desk.get(from.n), this.at.out.get(from.n)];
    if (!a || !b || out === undefined) return null;
    const x = this.after();
    const end: Point[] = [[x, level(b)], [b.left, level(b)]];
    const start: Point[] = [[middle(a), a.bottom], [middle(a), out]];
    if (from.device === "mailbox") return [...start, [x, out], ...end];
    const y = this.clear(out);
    const first = this.before();
    return y === out ? [...start, [x, out], ...end] : [...start, [first, out], [first, y], [x, y], ...end];
  }

  fromDesk(to: Knot): Point[] | null {
    const [a, b, enter] = [this.at.desk.get(to.n), this.at.knots.get(to.n), this.at.in.get(to.n)];
    if (!a || !b || enter === undefined) return null;
    const x = this.after();
    const start: Point[] = [[a.left, level(a)], [x, level(a)]];
    const end: Point[] = [[middle(b), enter], [middle(b), b.top]];
    if (to.device === "mailbox") return [...start, [x, enter], ...end];
    const y = this.clear(enter);
    if (y === enter) return [...start, [x, enter], ...end];
    const first = this.before();
    return [...start, [x, y], [first, y], [first, enter], ...end];
  }
}

const RADIUS = 8;

/** A path through points that turn at right angles, its corners rounded. */
export function rounded(points: Point[]): string {
  const corners = points.filter(([x, y], index) => {
    const [a, b] = [points[index - 1], points[index + 1]];
    return !a || !b || !((a[0] === x && b[0] === x) || (a[1] === y && b[1] === y));
  });
  return corners
    .map(([x, y], index) => {
      const [a, b] = [corners[index - 1], corners[index + 1]];
      if (!a) return `M${x} ${y}`;
      if (!b) return `L${x} ${y}`;
      const into = toward([x, y], a);
      const out = toward([x, y], b);
      return `L${into[0]} ${into[1]}Q${x} ${y} ${out[0]} ${out[1]}`;
    })
    .join("");
}

function toward([x, y]: Point, [a, b]: Point): Point {
  const length = Math.hypot(a - x, b - y);
  const step = Math.min(RADIUS, length / 2) / (length || 1);
  return [x + (a - x) * step, y + (b - y) * step];
}
