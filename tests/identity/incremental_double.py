"""A linker in memory that works as the product does: a projection of edges, a fast and a slow path, rollback, a cache.

It shows that the harness tells a right engine from a wrong one: `mutants` spoils it in one place at a time. It shares
the table of kinds with the reference model, none of its reasoning.
"""

import copy
import math
from collections import Counter, defaultdict
from itertools import product
from types import SimpleNamespace

from harness import CrashError, blake
from reference_model import BASE, KINDS


class IncrementalDouble:
    crash_points, source_priorities, hash_of = ("linking", "commit", "committed"), (0, 1), staticmethod(blake)

    def __init__(self, kinds=KINDS, until=math.inf):
        self.kinds, self.until, self.armed, self.cache, self.log = kinds, until, None, {}, []
        self.state = SimpleNamespace(  # what a database would hold
            seen=set(),
            nodes=[],
            ids={},
            part={},
            contested=set(),
            edges={},
            dirty=set(),
            removed=set(),
            claims=defaultdict(list),
            retracted={},
            merges=[],
            undone=set(),
            cannot={},
            marks=defaultdict(list),
            spans={},
            events=[],
            opened={},
        )

    def order(self, identifier):
        return identifier

    def crash_next(self, point):
        self.armed = point

    def crash(self, point):
        if self.armed == point:
            self.armed = None
            raise CrashError(point)

    def apply(self, batch):
        before = copy.deepcopy(self.state) if self.armed else None
        try:
            for event in batch:
                if event.hash not in self.state.seen:
                    self.link(event)
                self.crash("linking")
            self.settle()
            self.crash("commit")
        except CrashError:
            self.state = before
            self.forget()
            raise
        self.log.append(("apply", batch))
        self.crash("committed")

    def forget(self):
        """A rollback takes back the ids it gave out, and they will be given out again."""
        self.cache.clear()

    def id_of(self, node):
        if node not in self.cache:
            if node not in self.state.ids:
                self.state.ids[node] = len(self.state.nodes)
                self.state.nodes.append(node)
            self.cache[node] = self.state.ids[node]
        return self.cache[node]

    def spans(self, identifier):
        return self.state.spans.get(identifier, [(BASE, None)])

    def born(self, nodes):
        for node in map(self.id_of, nodes):
            self.state.part.setdefault(node, frozenset([node]))

    def now(self, node):
        """The id of the epoch that an opening mark, or a moment, falls into."""
        opened = [opened for opened, _ in self.spans(node[:2]) if opened[: len(node[2])] <= node[2]]
        return self.id_of((*node[:2], opened[-1]))

    def kind(self, node):
        return self.kinds.get(node[0].split(":")[0], self.kinds["messenger"])

    def strongest(self, nodes):
        return min(nodes, key=lambda node: (self.kind(node)[0], node))

    def link(self, event):
        anchor, when = self.strongest(event.identifiers), (event.happened, event.hash)
        person = not self.kind(anchor)[3]
        marks = [(*when, 0, anchor)] * person + [(*when, 1, None)] * event.logout
        self.state.seen.add(event.hash)
        self.born((*identifier, BASE) for identifier in event.identifiers)
        self.state.events.append((anchor, event))
        self.place(anchor, event)
        for other in event.identifiers:
            if marks and self.kind(other)[3]:
                self.state.marks[other] += marks
                self.lay_epochs(other)
        for other in event.identifiers - {anchor}:
            tier = 1 + max(self.kind(anchor)[0], self.kind(other)[0]) if person else 9
            ends = ((*anchor, BASE), (*other, (*when, 0))) if person else ((*anchor, when[:1]), (*other, when[:1]))
            self.claim(ends, when, event.learnt, tier, weak=not person)
        places = [identifier for identifier in event.identifiers if self.kind(identifier)[3]]
        if event.link and places:
            self.open(event.link, when, self.strongest(places), event.learnt)

    def send(self, link):
        pass

    def open(self, link, when, place, learnt):
        known = self.state.opened.get(link)
        if known is None or self.goes_before(when, known):
            _, target = link
            self.state.opened[link] = when
            self.claim(((*place, when[:1]), (*target, BASE)), when, learnt, 10, merge=(link, when))
            if known is not None:
                self.forget_opening((link, known))

    def goes_before(self, when, known):
        return when < known

    def forget_opening(self, opening):
        self.state.undone.add(opening)
        for pair in [p for p, claims in self.state.claims.items() if any(claim[-1] == opening for claim in claims)]:
            self.derive(pair)

    def claim(self, ends, when, learnt, tier, *, weak=False, merge=None):
        pair = frozenset(end[:2] for end in ends)
        self.state.claims[pair].append((when, ends, learnt, tier, weak, merge))
        self.derive(pair)

    def dead(self, pair, learnt):
        return learnt <= self.state.retracted.get(pair, -1)

    def derive(self, pair):
        """The edges between two identifiers, as their epochs are now."""
        wanted, weak_seen = {}, False
        for when, ends, learnt, tier, weak, merge in sorted(self.state.claims[pair], key=lambda claim: claim[0]):
            if self.dead(pair, learnt) or merge in self.state.undone or (weak and weak_seen):
                continue
            one, other = map(self.now, ends)
            weak_seen |= weak
            held = self.state.nodes[other][2] != BASE or self.spans(ends[1][:2])[0][1]
            if one != other and not (weak and held):
                wanted.setdefault((min(one, other), max(one, other), tier), when)
        for key, when in [*self.state.edges.items()]:
            if {self.state.nodes[n][:2] for n in key[:2]} == pair and wanted.get(key, (math.inf,)) > when:
                del self.state.edges[key]
                self.state.removed |= {*key[:2]}
        for key, when in wanted.items():
            self.add(key, when)

    def lay_epochs(self, shared):
        spans, old = [(BASE, None)], {opened for opened, _ in self.spans(shared)}
        for *opened, holder in sorted(self.state.marks[shared], key=lambda mark: mark[:3]):
            if spans == [(BASE, None)] and holder:
                spans = [(BASE, holder)]
            elif spans == [(BASE, None)] or holder != spans[-1][1]:
                spans.append((tuple(opened), holder))
        self.state.spans[shared], new = spans, {opened for opened, _ in spans}
        self.born((*shared, opened) for opened in new)
        for pair in [pair for pair in self.state.claims if shared in pair]:
            self.derive(pair)
        if old != new:
            self.state.removed |= {self.id_of((*shared, opened)) for opened in old | new}
            for gone in [self.id_of((*shared, opened)) for opened in old - new]:
                rest = self.state.part.pop(gone) - {gone}
                self.state.part.update(dict.fromkeys(rest, rest))

    def add(self, key, when):
        old = self.state.edges.get(key, (math.inf,))
        self.state.edges[key] = min(old, when)
        if when < old and (self.contested(key) or key[2] == 10):
            self.state.dirty |= {*key[:2]}
        elif old == (math.inf,) and not self.join(key):  # where nothing was refused, an earlier time changes nothing
            self.refuse(key)

    def contested(self, key):
        """Something was refused around here: an earlier time, or a new edge, may change who is with whom."""
        return not self.state.contested.isdisjoint(key[:2])

    def refuse(self, key):
        self.state.dirty |= {*key[:2]}

    def join(self, key):
        """The fast path: unite two parts if no limit could refuse it, in whatever order."""
        one, other = (self.state.part[end] for end in key[:2])
        if one is not other:
            crossing = any(ends & one and ends & other for ends in self.cannot_links())
            if crossing or not self.fits(one, other, self.caution(key[2])):
                return False
            self.state.part.update(dict.fromkeys(one | other, one | other))
        return True

    def caution(self, tier):
        return max(tier, 5)

    def fits(self, one, other, tier):
        if tier == 10 and self.has_name(one) and self.has_name(other):
            return False
        sides = ([self.state.nodes[n] for n in side] for side in (one, other))
        counts, more = (Counter(node[0] for node in side if node[2] == BASE) for side in sides)
        return all(counts[k] + more[k] <= self.kind((k,))[1 + (tier >= 5)] for k in counts.keys() & more.keys())

    def has_name(self, part):
        return any(not self.kind(self.state.nodes[n])[3] for n in part)

    def rank(self, key):
        return key[2], self.state.edges[key], sorted(self.state.nodes[n] for n in key[:2])

    def settle(self):
        """The slow path: Kruskal over all that an edge reaches, also one that was refused."""
        for node in (self.state.dirty | self.state.removed) & self.state.part.keys():
            found, edges = {node}, self.edges_around(node)
            while more := {end for key in edges if not found.isdisjoint(key[:2]) for end in key[:2]} - found:
                found |= more
            keys = [key for key in self.state.edges if found.issuperset(key[:2])]
            self.state.part.update({n: part for part in self.kruskal(found, keys, self.cannot_links()) for n in part})
            refused = any(self.state.part[a] is not self.state.part[b] or self.may_give_way(t) for a, b, t in keys)
            self.state.contested = (self.state.contested - found) | (found if refused else set())
        self.state.dirty, self.state.removed = set(), set()

    def may_give_way(self, tier):
        """An opened link ties until somebody else turns up: every edge that comes may refuse it."""
        return tier == 10

    def edges_around(self, node):
        return self.state.edges

    def kruskal(self, nodes, keys, cannot):
        parts = {node: frozenset([node]) for node in nodes}
        for key in sorted(keys, key=self.rank):
            one, other = parts[key[0]], parts[key[1]]
            fits = key[2] == 1 or self.fits(one, other, key[2])
            if one is not other and fits and not self.stopped(key, one, other, cannot):
                parts.update(dict.fromkeys(one | other, one | other))
        return set(parts.values())

    def stopped(self, key, one, other, cannot):
        return key[2] > 1 and any(ends & one and ends & other for ends in cannot)

    def cannot_links(self):
        return [{self.now(p), self.now(q)} for (p, q, _), merges in self.state.cannot.items() if not merges]

    def part_of(self, x):
        return self.state.part[self.id_of((*x[:2], self.spans(x[:2])[x[2] if len(x) == 3 else -1][0]))]

    def top(self, part):
        return self.strongest(self.state.nodes[n] for n in part)

    def merge(self, x, y, at):
        one, other, number = self.part_of(x), self.part_of(y), len(self.state.merges)
        self.state.merges.append(at)
        for (p, q, _), merges in self.state.cannot.items():
            if self.withdraws(merges, {self.now(p), self.now(q)}, one, other):
                merges.add(number)
        top, left = self.top(one), {self.id_of(self.top(other))}
        while left:
            for node in left:
                self.claim((top, self.state.nodes[node]), (at, b""), at, 1, merge=number)
            self.state.dirty.add(self.id_of(top))
            self.settle()
            left = (one | other) - self.state.part[self.id_of(top)]
        self.log.append(("merge", x, y, at))
        return number

    def rehearse_undo(self, number, at):
        return None

    def withdraws(self, standing, ends, one, other):
        return ends & one and ends & other

    def undo(self, number, at):
        self.state.undone.add(number)
        for pair in [p for p, claims in self.state.claims.items() if any(claim[-1] == number for claim in claims)]:
            self.derive(pair)
        for merges in self.state.cannot.values():
            merges.discard(number)
        self.state.removed |= self.restored(self.state.cannot)
        self.settle()
        self.log.append(("undo", number, at))

    def restored(self, links):
        return {self.now(end) for link in links for end in link[:2]}

    def split(self, x, identifiers, at):
        part, nodes = self.part_of(x), self.state.nodes
        sides = [{n for n in part if (nodes[n][:2] in identifiers) == named} for named in (True, False)]
        keys = [key for key in self.state.edges if part.issuperset(key[:2])]
        parts = [self.kruskal(side, [k for k in keys if side.issuperset(k[:2])], []) for side in sides]
        for pair in {frozenset(nodes[n][:2] for n in k[:2]) for k in keys if len(sides[0].intersection(k[:2])) == 1}:
            self.state.retracted[pair] = at
            self.derive(pair)
        pairs = [*product(*parts)]
        while pairs:
            self.state.cannot.update({(self.top(p), self.top(q), at): set() for p, q in pairs})
            self.state.removed |= part
            self.settle()
            pairs = [(p & sides[0], p & sides[1]) for p in set(self.state.part.values()) if all(p & s for s in sides)]
        self.log.append(("split", x, identifiers, at))

    def place(self, anchor, event):
        return self.now((*anchor, (event.happened,)))

    def own(self, who):
        part = self.part_of(who)
        return [e for anchor, e in self.state.events if e.happened <= self.until and self.place(anchor, e) in part]

    def events(self, who):
        return [event.hash for event in sorted(self.own(who), key=lambda event: -event.happened)]

    def counters(self, who):
        return Counter(event.name for event in self.own(who) if event.name)

    def traits(self, who):
        events = sorted(self.own(who), key=self.stamp)
        latest = {name: value for event in events for name, value in event.traits.items()}
        return {name: value for name, value in latest.items() if value is not None}

    def stamp(self, event):
        return event.happened, event.source_priority, event.hash

    def partition(self):
        index = {
            self.id_of((*i, opened)): (*i, n)
            for i in {node[:2] for node in self.state.nodes}
            for n, (opened, _) in enumerate(self.spans(i))
        }
        return {frozenset(index[n] for n in part) for part in self.state.part.values()}

    def as_of(self, happened, known):
        then = type(self)(self.kinds, happened)
        for step, *args in self.log:
            if step == "apply":
                then.apply([event for event in args[0] if event.learnt <= known])
            elif args[-1] <= known:
                getattr(then, step)(*args)
        return then

    def close(self):
        pass
