"""The oracle of the linker: each question is answered from scratch out of the set of evidence, with nothing of ours."""
import math
from collections import Counter
from types import SimpleNamespace

# A node is (kind, value, opened): an identifier, or an epoch of a shared one, named by the mark that opened it:
BASE = (-math.inf, b"", 0)  # the first epoch of everything; the later ones (happened, hash, 0 login or 1 logout)
# anchor priority, limit per profile, limit through tier 5 and weaker, shared between people
KINDS = {"user_id": (1, 1, 1, 0), "loyalty_card": (2, 3, 1, 0), "external": (3, 1, 1, 0), "email": (4, 5, 5, 0),
         "phone": (5, 5, 5, 0), "messenger": (6, 3, 3, 0), "device": (7, 20, 20, 1), "anonymous_id": (8, 100, 100, 1)}


class ReferenceModel:
    def __init__(self, kinds=KINDS, order=lambda identifier: identifier):  # it breaks ties (the product: kind, digest)
        self.kinds, self.order, self.seen = kinds, order, {}
        self.merges, self.retractions, self.cannot = [], set(), set()

    def observe(self, event):  # identifiers, happened, learnt, hash, name, traits, logout, source_priority, link
        self.seen.setdefault(event.hash, event)

    def merge(self, x, y, at):
        """Make two profiles one, wholly, above any limit, until undone or split. Returns: the number to undo it by."""
        one, other = self.profile(x), self.profile(y)
        merge = SimpleNamespace(at=at, undone=math.inf, edges={(self.strongest(one), self.strongest(other))})
        merge.withdraws = {link for link in self.cannot if (e := {*map(self.epoch, link[:2])}) & one and e & other}
        self.merges.append(merge)
        while left_out := (one | other) - self.profile(self.strongest(one)):  # a limit refused an edge they had
            merge.edges.update((self.strongest(one), node) for node in left_out)
        return len(self.merges) - 1

    def undo(self, number, at):  # allowed while `operator_edges(number)` has any
        self.merges[number].undone = at

    def split(self, x, identifiers, at):
        """Part the named identifiers (of a shared one, all its epochs there) from the rest of the profile of x."""
        sides = [{n for n in self.profile(x) if (n[:2] in identifiers) == named} for named in (True, False)]
        edges = [(e, set(e[3:])) for e in self.edges()]
        self.retractions |= {(frozenset((e[3][:2], e[4][:2])), at) for e, ends in edges
                             if all(ends & side for side in sides)}
        one, other = (self.kruskal(side, [e for e, ends in edges if ends <= side], []) for side in sides)
        pairs = [(p, q) for p in one for q in other]
        while pairs:  # and again while a third profile, freed of its limit, holds the two sides together
            self.cannot |= {(self.strongest(p), self.strongest(q), at) for p, q in pairs}
            pairs = [(p & sides[0], p & sides[1]) for p in self.partition() if all(p & side for side in sides)]

    def known(self, at):  # the model of what had been learnt by then
        then = ReferenceModel(self.kinds, self.order)
        then.seen = {key: event for key, event in self.seen.items() if event.learnt <= at}
        for m in (merge for merge in self.merges if merge.at <= at):
            then.merges.append(SimpleNamespace(**{**vars(m), "undone": m.undone if m.undone <= at else math.inf}))
        then.retractions, then.cannot = ({x for x in xs if x[-1] <= at} for xs in (self.retractions, self.cannot))
        return then

    def kind(self, node):
        return self.kinds.get(node[0].split(":")[0], self.kinds["messenger"])

    def tie(self, node):
        return node[0], self.order(node[:2]), node[2:]

    def places(self, event):
        return [i for i in event.identifiers if self.kind(i)[3]]

    def strongest(self, nodes):
        return min(nodes, key=lambda node: (self.kind(node)[0], self.tie(node)))

    def epochs(self, identifier):  # oldest first: [[node, holder or None]]; the first login takes what came before it
        spans, marks = [[(*identifier, BASE), None]], []
        for event in self.seen.values():
            if identifier in event.identifiers and self.kind(identifier)[3]:
                holder = self.strongest(event.identifiers)
                marks += [(event.happened, event.hash, 0, holder)] * (not self.kind(holder)[3])
                marks += [(event.happened, event.hash, 1, None)] * event.logout
        for *opened, holder in sorted(marks, key=lambda mark: mark[:3]):
            untouched = len(spans) == 1 and spans[0][1] is None
            if untouched and holder:
                spans[0][1] = holder
            elif untouched or holder != spans[-1][1]:
                spans.append([(*identifier, tuple(opened)), holder])
        return spans

    def epoch(self, node):  # that an opening mark, or a moment, falls into now: late marks move epochs, some vanish
        return [now for now, _ in self.epochs(node[:2]) if now[2][:len(node[2])] <= node[2]][-1]

    def retracted(self, a, b, learnt):
        return any(pair == {a[:2], b[:2]} and learnt <= at for pair, at in self.retractions)

    def operator_edges(self, number):
        merge = self.merges[number]
        return [(1, merge.at, b"", self.epoch(a), self.epoch(b)) for a, b in merge.edges
                if merge.undone == math.inf and not self.retracted(a, b, merge.at)]

    def edges(self):  # live ones, also those that Kruskal will refuse, in its order: (tier, happened, hash, node, node)
        found, weak = [edge for number in range(len(self.merges)) for edge in self.operator_edges(number)], {}
        for event in self.seen.values():
            anchor, when = self.strongest(event.identifiers), (event.happened, event.hash)
            for other in event.identifiers - {anchor}:
                if self.retracted(anchor, other, event.learnt):
                    continue
                if self.kind(anchor)[3]:
                    weak[other, anchor] = min(when, weak.get((other, anchor), when))
                else:
                    tier = 1 + max(self.kind(anchor)[0], self.kind(other)[0])
                    found.append((tier, *when, (*anchor, BASE), self.epoch((*other, (*when, 0)))))
        for (other, anchor), when in weak.items():  # a history that nobody holds goes with what it was first seen on
            if self.epochs(other)[0][1] is None and self.epoch((*other, when[:1]))[2] == BASE:
                found.append((9, *when, (*other, BASE), self.epoch((*anchor, when[:1]))))
        opened = [event for event in self.seen.values() if event.link and self.places(event)]
        opened.sort(key=lambda event: (event.happened, event.hash), reverse=True)
        for (_, target), e in {e.link: e for e in opened}.items():  # whoever opens a link second says nothing by it
            if not self.retracted(place := self.strongest(self.places(e)), target, e.learnt):
                found.append((10, e.happened, e.hash, (*target, BASE), self.epoch((*place, (e.happened,)))))
        return sorted(((*e[:3], *sorted(e[3:], key=self.tie)) for e in found),
                      key=lambda e: (e[:3], self.tie(e[3]), self.tie(e[4])))

    def cannot_links(self):
        """[(link, its two nodes now)] of those that no standing merge has withdrawn."""
        withdrawn = {link for merge in self.merges if merge.undone == math.inf for link in merge.withdraws}
        return [(link, {*map(self.epoch, link[:2])}) for link in self.cannot - withdrawn]

    def kruskal(self, nodes, edges, cannot):
        parts = {node: frozenset([node]) for node in nodes}
        for tier, _, _, a, b in edges:
            union = parts[a] | parts[b]
            counts, more = (Counter(n[0] for n in parts[x] if n[2] == BASE) for x in (a, b))  # each identifier once
            fits = all(counts[k] + more[k] <= self.kind((k,))[1 + (tier >= 5)] for k in counts.keys() & more.keys())
            fits &= tier < 10 or not all(any(not self.kind(n)[3] for n in parts[x]) for x in (a, b))  # both have a name
            if tier == 1 or (fits and not any(ends & parts[a] and ends & parts[b] for ends in cannot)):
                parts.update(dict.fromkeys(union, union))
        return set(parts.values())

    def partition(self):
        nodes = {node for event in self.seen.values() for i in event.identifiers for node, _ in self.epochs(i)}
        return self.kruskal(nodes, self.edges(), [ends for _, ends in self.cannot_links()])

    def profile(self, x):  # of a node, or of an identifier and then its latest epoch
        node = self.epoch(x) if len(x) == 3 else self.epochs(x)[-1][0]
        return next(part for part in self.partition() if node in part)

    def events(self, x, until=math.inf):  # newest first; each stays with its anchor, in the epoch of its moment
        profile, events = self.profile(x), [event for event in self.seen.values() if event.happened <= until]
        own = [e for e in events if self.epoch((*self.strongest(e.identifiers), (e.happened,))) in profile]
        return sorted(own, key=lambda event: (event.happened, event.hash), reverse=True)

    def counters(self, x, until=math.inf):
        return dict(Counter(event.name for event in self.events(x, until) if event.name))

    def traits(self, x, until=math.inf):
        events = sorted(self.events(x, until), key=lambda event: (event.happened, event.source_priority, event.hash))
        latest = {name: value for event in events for name, value in event.traits.items()}
        return {name: value for name, value in latest.items() if value is not None}  # None removes
