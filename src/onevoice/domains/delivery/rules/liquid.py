"""Liquid to programs for `machine`.

python-liquid reads the expressions and builds the tree; of that tree only the nodes named here are taken, and none of
its own code runs when a message is rendered: what a template can reach is what `machine` and `filters` let it.
"""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from html import escape
from typing import Any, Final, Literal

from liquid import Environment
from liquid.ast import BlockNode, ConditionalBlockNode, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.content import Literal as ContentTag
from liquid.builtin.expressions import BooleanExpression, FilteredExpression, KeywordArgument, LoopExpression, Path
from liquid.builtin.expressions import logical as logic
from liquid.builtin.expressions.primitive import (
    Blank,
    Empty,
    FalseLiteral,
    FloatLiteral,
    IntegerLiteral,
    Nil,
    RangeLiteral,
    StringLiteral,
    TrueLiteral,
)
from liquid.builtin.illegal import Illegal
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.assign_tag import AssignNode, AssignTag
from liquid.builtin.tags.capture_tag import CaptureNode, CaptureTag
from liquid.builtin.tags.case_tag import CaseNode, CaseTag, MultiExpressionBlockNode
from liquid.builtin.tags.for_tag import BreakNode, BreakTag, ContinueNode, ContinueTag, ForNode, ForTag
from liquid.builtin.tags.if_tag import IfNode, IfTag
from liquid.builtin.tags.unless_tag import UnlessNode, UnlessTag
from liquid.exceptions import LiquidError
from liquid.expression import Expression
from liquid.parser import Parser
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import TOKEN_EXPRESSION, TOKEN_TAG, Token

from onevoice.domains.delivery.errors import TemplateError
from onevoice.domains.delivery.rules import filters
from onevoice.domains.delivery.rules.machine import (
    VALUE_MAX,
    Block,
    FilterError,
    Missing,
    Skip,
    Source,
    Spot,
    State,
    Step,
    Stop,
    shown,
    true,
)

Mode = Literal["text", "html", "style"]
"""What becomes of a value: as it is, escaped, or refused where it is more than a colour or a size."""

Evaluate = Callable[[State], Any]
HOLE: Final = "onevoice_hole"
PATHS_MAX: Final = 20
ITERATIONS_MAX: Final = 10_000
_STYLE = re.compile(r"[\w#%., -]{0,100}")
_OPERATORS: Final = (logic.LtExpression, logic.GtExpression, logic.LeExpression, logic.GeExpression)


class _HoleNode(Node):
    """A place in markup that a program of its own fills: an attribute, whole."""

    __slots__ = ("number",)

    def __init__(self, token: Token, number: int) -> None:
        super().__init__(token)
        self.number = number
        self.blank = False

    def render_to_output(self, context: Any, buffer: Any) -> int:
        raise AssertionError(f"The library's own renderer never runs: {context}, {buffer}")


class _HoleTag(Tag):
    name = HOLE
    block = False

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        return _HoleNode(token, int(stream.expect(TOKEN_EXPRESSION).value))


_TAGS: Final[tuple[type[Tag], ...]] = (
    IfTag,
    UnlessTag,
    CaseTag,
    ForTag,
    BreakTag,
    ContinueTag,
    AssignTag,
    CaptureTag,
)


class _Sandbox(Environment):
    """Only what is harmless; nothing that loads, includes or extends."""

    block_nesting_limit = 20

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        _ = extra
        for tag in (ContentTag, Output, Illegal, *_TAGS):
            self.add_tag(tag)


class _Inner(_Sandbox):
    """With what our own compiler puts in."""

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=extra)
        self.add_tag(_HoleTag)


_OUTER_ENVIRONMENT, _INNER_ENVIRONMENT = _Sandbox(), _Inner()
TAGS: Final = tuple(sorted(str(tag.name) for tag in _TAGS))


def program(
    tokens: Sequence[Token],
    source: Source,
    *,
    mode: Mode = "text",
    holes: Sequence[Step] = (),
    paths: set[str] | None = None,
) -> Block:
    """tokens: of the whole template, as `lexing` gives them; holes: by number. Adds to `paths` what it speaks of,
    and with = before them the names it makes itself.

    Raises: TemplateError.
    """
    environment = _INNER_ENVIRONMENT if holes else _OUTER_ENVIRONMENT
    try:
        nodes = Parser(environment).parse(TokenStream(iter(tokens)))
        return _Compiler(source, mode, holes, set() if paths is None else paths).block(nodes)
    except TemplateError:
        raise
    except LiquidError as error:
        raise _spot(error.token, source).error("syntax", _said(error)) from error
    except RecursionError as error:
        raise TemplateError("syntax", "This is nested too deep.", source.part) from error
    except Exception as error:  # what a parser does with hostile text is its author's secret
        raise TemplateError("syntax", "This cannot be read as a template.", source.part) from error


def _spot(token: Token | None, source: Source) -> Spot:
    if token is not None and isinstance(token.source, Source):
        return Spot(token.source, max(0, token.start_index))
    return Spot(source, len(source))


def _said(error: LiquidError) -> str:
    said = str(error.message or "it cannot be read").strip()[:200]
    if said.startswith("unexpected tag"):
        return f"There is no tag {said[14:].strip()} here: there are {', '.join(TAGS)}, and their ends."
    return f"{said[:1].upper()}{said[1:]}."


class _Compiler:
    def __init__(self, source: Source, mode: Mode, holes: Sequence[Step], paths: set[str]) -> None:
        self.source, self.mode, self.holes, self.paths = source, mode, holes, paths
        self.loops = 0

    def spot(self, token: Token) -> Spot:
        return _spot(token, self.source)

    def block(self, nodes: Sequence[Node], token: Token | None = None) -> Block:
        steps: list[Step] = []
        for node in nodes:
            step = self.step(node)
            if isinstance(step, str) and steps and isinstance(steps[-1], str):
                steps[-1] += step
            else:
                steps.append(step)
        return Block(tuple(steps), self.spot(token) if token else Spot(self.source, 0))

    def inner(self, node: BlockNode) -> Block:
        return self.block(node.nodes, node.nodes[0].token if node.nodes else node.token)

    def step(self, node: Node) -> Step:
        kind = type(node)
        if kind is ContentNode:
            return node.text  # type: ignore[attr-defined]
        make = _NODES.get(kind)
        if make is None:
            raise self.spot(node.token).error("syntax", "This tag is not known here.")
        return make(self, node)

    # Nodes

    def output(self, node: OutputNode) -> Step:
        spot = self.spot(node.token)
        evaluate = self.expression(node.expression)
        empty_allowed = _allows_empty(node.expression)
        mode = self.mode

        def step(state: State) -> None:
            value = evaluate(state)
            if value.__class__ is Missing or value is None:
                if not empty_allowed:
                    state.absent(spot, value.path if value is not None else "This")
                return
            found = value if value.__class__ is str else shown(value, spot)
            if mode == "html":
                found = escape(found)
            elif mode == "style" and _STYLE.fullmatch(found) is None:
                raise spot.error("bad_value", "Here only a colour, a size or a word can stand.")
            state.work -= 1 + (len(found) >> 6)
            state.size -= len(found)
            if state.work < 0 or state.size < 0:
                state.spend(0, spot)
                state.write("", spot)
            state.out.append(found)

        return step

    def hole(self, node: _HoleNode) -> Step:
        if not self.holes:
            raise Spot(self.source, 0).error(
                "markup", "A link or a picture cannot be captured: write it where it stands."
            )
        return self.holes[node.number]

    def conditional(self, node: IfNode | UnlessNode) -> Step:
        first = self.condition(node.condition)
        negated = type(node) is UnlessNode
        arms: list[tuple[Evaluate, Block]] = [
            ((lambda state: not first(state)) if negated else first, self.inner(node.consequence))
        ]
        for alternative in node.alternatives:
            if type(alternative) is not ConditionalBlockNode:
                raise self.spot(alternative.token).error("syntax", "This cannot stand here.")
            arms.append((self.condition(alternative.expression), self.inner(alternative.block)))
        default = self.inner(node.default) if node.default is not None else None

        def step(state: State) -> None:
            for holds, block in arms:
                if holds(state):
                    block.run(state)
                    return
            if default is not None:
                default.run(state)

        return step

    def case(self, node: CaseNode) -> Step:
        evaluate = self.expression(node.expression)
        arms: list[tuple[list[Evaluate], Block]] = []
        default: Block | None = None
        for block in node.blocks:
            if type(block) is MultiExpressionBlockNode:
                wanted = [self.expression(found) for found in block.expression.expressions]
                arms.append((wanted, self.inner(block.block)))
            elif type(block) is BlockNode:
                default = self.inner(block)
            else:
                raise self.spot(block.token).error("syntax", "This cannot stand here.")

        def step(state: State) -> None:
            value = evaluate(state)
            for wanted, block in arms:
                if any(_equal(value, each(state)) for each in wanted):
                    block.run(state)
                    return
            if default is not None:
                default.run(state)

        return step

    def loop(self, node: ForNode) -> Step:
        spot = self.spot(node.token)
        found: LoopExpression = node.expression
        name = str(found.identifier)
        self.paths |= {f"={name}", "=forloop"}
        values = self.items(found.iterable)
        limit = self.expression(found.limit) if found.limit is not None else None
        offset = self.expression(found.offset) if found.offset is not None else None
        backwards = found.reversed
        self.loops += 1
        block = self.inner(node.block)
        self.loops -= 1
        default = self.inner(node.default) if node.default is not None else None

        def step(state: State) -> None:
            rows: Sequence[Any] = values(state)
            first = _count(offset(state), spot) if offset is not None else 0
            last = first + _count(limit(state), spot) if limit is not None else len(rows)
            rows = rows[first:last]
            if not rows:
                if default is not None:
                    default.run(state)
                return
            if len(rows) > ITERATIONS_MAX:
                raise spot.error("limit", f"A loop goes through at most {ITERATIONS_MAX:,} items: add limit:.")
            _iterate(state, name, rows[::-1] if backwards else rows, block)

        return step

    def items(self, found: Expression) -> Callable[[State], Sequence[Any]]:
        evaluate = self.range(found) if type(found) is RangeLiteral else self.expression(found)

        def values(state: State) -> Sequence[Any]:
            value = evaluate(state)
            kind = value.__class__
            if kind is list or kind is tuple or kind is range:
                return value
            return [[key, each] for key, each in value.items()] if kind is dict else []

        return values

    def range(self, found: RangeLiteral) -> Evaluate:
        start, stop = self.expression(found.start), self.expression(found.stop)
        spot = self.spot(found.token)
        return lambda state: range(_count(start(state), spot), _count(stop(state), spot) + 1)

    def assign(self, node: AssignNode) -> Step:
        spot, name, evaluate = self.spot(node.token), str(node.name), self.expression(node.expression)
        self.paths.add(f"={name}")
        return lambda state: state.set_local(name, evaluate(state), spot)

    def capture(self, node: CaptureNode) -> Step:
        spot, name = self.spot(node.token), str(node.name)
        self.paths.add(f"={name}")
        # What is captured is text, and escaped where it is written: not here, not twice.
        within = _Compiler(self.source, "text", (), self.paths)
        within.loops = self.loops
        block = within.inner(node.block)

        def step(state: State) -> None:
            found = block.text(state)
            if len(found) > VALUE_MAX:
                raise spot.error("limit", "What is captured here is too long.")
            state.set_local(name, found, spot)

        return step

    def turn(self, node: BreakNode | ContinueNode) -> Step:
        if not self.loops:
            raise self.spot(node.token).error("syntax", "break and continue stand in a loop only.")
        signal = Stop if type(node) is BreakNode else Skip

        def step(state: State) -> None:
            _ = state
            raise signal

        return step

    # Expressions

    def expression(self, found: Any) -> Evaluate:
        kind = type(found)
        if kind is FilteredExpression:
            return self.filtered(found)
        if kind is Path:
            return self.path(found)
        if kind in (StringLiteral, IntegerLiteral, TrueLiteral, FalseLiteral):
            value = found.value
            return lambda _: value
        if kind is FloatLiteral:
            decimal = Decimal(repr(found.value))
            return lambda _: decimal
        if kind in (Nil, Empty, Blank):
            return lambda _: _NOTHING
        if kind in _LOGIC:
            return self.condition(found)
        raise self.spot(found.token).error("syntax", "This cannot stand here.")

    def condition(self, found: Any) -> Evaluate:
        kind = type(found)
        if kind is BooleanExpression:
            return self.condition(found.expression)
        if kind is logic.LogicalAndExpression or kind is logic.LogicalOrExpression:
            left, right = self.condition(found.left), self.condition(found.right)
            if kind is logic.LogicalAndExpression:
                return lambda state: left(state) and right(state)
            return lambda state: left(state) or right(state)
        if kind is logic.EqExpression or kind is logic.NeExpression:
            one, other = self.expression(found.left), self.expression(found.right)
            if kind is logic.EqExpression:
                return lambda state: _equal(one(state), other(state))
            return lambda state: not _equal(one(state), other(state))
        if kind in _OPERATORS:
            one, other = self.expression(found.left), self.expression(found.right)
            spot = self.spot(found.token)
            return lambda state: _ordered(kind, one(state), other(state), spot)
        if kind is logic.ContainsExpression:
            one, other = self.expression(found.left), self.expression(found.right)
            return lambda state: _contains(one(state), other(state))
        value = self.expression(found)
        return lambda state: true(value(state))

    def path(self, found: Path) -> Evaluate:
        segments = [self.path(each) if isinstance(each, Path) else each for each in found.path]
        root, rest = segments[0], segments[1:]
        shown_path = str(found)[:200]
        if not isinstance(root, str) or len(rest) > PATHS_MAX:
            raise self.spot(found.token).error("syntax", "Name a variable, such as customer.name.")
        self.paths.add(".".join([root, *(each if isinstance(each, str) else "[]" for each in rest)]))
        missing = Missing(shown_path)

        def evaluate(state: State) -> Any:
            value: Any = state.locals[root] if root in state.locals else state.context.get(root)
            for segment in rest:
                if callable(segment):
                    segment = segment(state)  # noqa: PLW2901
                kind = value.__class__
                if kind is dict and segment.__class__ is str:
                    value = value.get(segment, len(value) if segment == "size" else None)
                elif kind is list or kind is tuple:
                    value = _item(value, segment)
                elif kind is str and segment == "size":
                    value = len(value)
                else:
                    return missing
            return missing if value is None or value == "" or value.__class__ is Missing else value

        if len(rest) == 1 and isinstance(rest[0], str) and rest[0] != "size":
            return _pair(root, rest[0], missing, evaluate)
        return evaluate

    def filtered(self, found: FilteredExpression) -> Evaluate:
        evaluate = self.expression(found.left)
        for each in found.filters or ():
            evaluate = self.filter(each, evaluate)
        return evaluate

    def filter(self, found: Any, before: Evaluate) -> Evaluate:
        spot = self.spot(found.token)
        known = filters.FILTERS.get(found.name)
        if known is None:
            raise spot.error(
                "syntax", f"There is no filter {found.name[:50]}: there are {', '.join(sorted(filters.FILTERS))}."
            )
        if any(isinstance(argument, KeywordArgument) for argument in found.args):
            raise spot.error("syntax", f"{found.name} takes its arguments without names.")
        if not known.fewest <= len(found.args) <= known.most:
            needs = f"{known.fewest}" if known.fewest == known.most else f"{known.fewest} to {known.most}"
            raise spot.error("syntax", f"{found.name} takes {needs} arguments, not {len(found.args)}.")
        arguments = [self.expression(argument.value) for argument in found.args]
        run, name = known.run, found.name
        passes_missing = name not in filters.EMPTY_ALLOWED

        def evaluate(state: State) -> Any:
            value = before(state)
            if passes_missing and (value.__class__ is Missing or value is None):
                return value
            given = [argument(state) for argument in arguments]
            state.work -= 1 + (len(value) >> 6 if value.__class__ in _SIZED else 0)
            if state.work < 0:
                state.spend(0, spot)
            try:
                return run(state, value, *given)
            except FilterError as error:
                raise spot.error("bad_value", f"{name} {error}.") from error
            except (ArithmeticError, ValueError, TypeError) as error:
                raise spot.error("bad_value", f"{name} can make nothing of this value.") from error

        return evaluate


_SIZED: Final = frozenset({str, list, tuple, dict})
_LOGIC: Final = frozenset(
    {
        BooleanExpression,
        logic.LogicalAndExpression,
        logic.LogicalOrExpression,
        logic.EqExpression,
        logic.NeExpression,
        logic.ContainsExpression,
        *_OPERATORS,
    }
)
_NOTHING: Final = Missing("nil")
_NODES: Final[dict[type, Callable[[_Compiler, Any], Step]]] = {
    OutputNode: _Compiler.output,
    _HoleNode: _Compiler.hole,
    IfNode: _Compiler.conditional,
    UnlessNode: _Compiler.conditional,
    CaseNode: _Compiler.case,
    ForNode: _Compiler.loop,
    AssignNode: _Compiler.assign,
    CaptureNode: _Compiler.capture,
    BreakNode: _Compiler.turn,
    ContinueNode: _Compiler.turn,
}


def _pair(root: str, key: str, missing: Missing, slow: Evaluate) -> Evaluate:
    """`customer.name`, the most common of all."""

    def evaluate(state: State) -> Any:
        value: Any = state.context.get(root)
        if value.__class__ is not dict or root in state.locals:
            return slow(state)
        value = value.get(key)
        return missing if value is None or value == "" else value

    return evaluate


def _allows_empty(found: Any) -> bool:
    return (
        type(found) is FilteredExpression
        and bool(found.filters)
        and any(each.name in filters.EMPTY_ALLOWED for each in found.filters)
    )


def _iterate(state: State, name: str, rows: Sequence[Any], block: Block) -> None:
    names = (name, "forloop")
    before = {each: state.locals[each] for each in names if each in state.locals}
    last = len(rows) - 1
    try:
        for index, row in enumerate(rows):
            state.locals[name] = row
            state.locals["forloop"] = {
                "index": index + 1,
                "index0": index,
                "first": index == 0,
                "last": index == last,
                "length": last + 1,
            }
            try:
                block.run(state)
            except Skip:
                continue
            except Stop:
                break
    finally:
        for each in names:
            state.locals.pop(each, None)
        state.locals.update(before)


def _count(value: Any, spot: Spot) -> int:
    try:
        return max(-ITERATIONS_MAX, min(ITERATIONS_MAX * 10, filters.whole(value)))
    except FilterError as error:
        raise spot.error("bad_value", "A whole number must stand here.") from error


def _item(value: Sequence[Any], segment: Any) -> Any:
    if segment == "size":
        return len(value)
    index: Any = {"first": 0, "last": -1}.get(segment, segment) if segment.__class__ is str else segment
    if index.__class__ is int and -len(value) <= index < len(value):
        return value[index]
    return None


def _equal(left: Any, right: Any) -> bool:
    if left.__class__ is Missing or right.__class__ is Missing:
        return not _something(left) and not _something(right)
    if left.__class__ is bool or right.__class__ is bool:
        return left is right
    return bool(left == right)


def _something(value: Any) -> bool:
    return value.__class__ is not Missing and value is not None and value not in ("", [], {}, ())


def _ordered(kind: Any, left: Any, right: Any, spot: Spot) -> bool:
    if left.__class__ is Missing or right.__class__ is Missing:
        return False
    try:
        if left.__class__ is str and right.__class__ is str:
            one, other = left, right
        else:
            one, other = filters.number(left), filters.number(right)
    except FilterError as error:
        raise spot.error("bad_value", "These two cannot be compared: one of them is no number.") from error
    if kind is logic.LtExpression:
        return one < other
    if kind is logic.GtExpression:
        return one > other
    return one <= other if kind is logic.LeExpression else one >= other


def _contains(value: Any, wanted: Any) -> bool:
    if value.__class__ is str:
        return wanted.__class__ is str and wanted in value
    return value.__class__ in (list, tuple, dict) and wanted.__class__ in (str, int, Decimal, bool) and wanted in value
