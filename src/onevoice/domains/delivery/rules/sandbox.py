"""python-liquid as messages may use it: few tags, few filters, limits on everything, and values escaped in their place.

What is here of our own is what the library does not do: see adr/0015. `liquid` makes the programs.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Final, Literal, TextIO, cast

from liquid import BoundTemplate, Environment, RenderContext
from liquid.ast import BlockNode, Node
from liquid.builtin.expressions import Path
from liquid.builtin.expressions import logical as logic
from liquid.builtin.expressions.primitive import Blank, Empty, RangeLiteral
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.capture_tag import CaptureNode, CaptureTag
from liquid.exceptions import (
    BlockNestingError,
    FilterArgumentError,
    LiquidError,
    LiquidSyntaxError,
    LocalNamespaceLimitError,
    LoopIterationLimitError,
    OutputStreamLimitError,
    ResourceLimitError,
)
from liquid.expression import Expression
from liquid.output import LimitedStringIO
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import TOKEN_CONTENT, TOKEN_EXPRESSION, TOKEN_ILLEGAL, TOKEN_TAG, Token
from liquid.undefined import UNDEFINED, Undefined
from liquid.utils import ReadOnlyChainMap

from onevoice.domains.delivery.errors import TemplateError
from onevoice.domains.delivery.rules import filters
from onevoice.domains.delivery.rules.values import Reader, Source, Spot, shown

Mode = Literal["text", "html", "style"]
"""What becomes of a value: as it is, escaped, or refused where it is more than a colour or a size."""

WORK_MAX: Final = 100_000
"""Of a message: nodes and expressions in loops, filters, and one more for each 64 characters or 16 items these take."""
OUTPUT_MAX: Final = 1_000_000
"""Bytes, of all parts of a message together."""
ITERATIONS_MAX: Final = 10_000
"""Of a loop, with those it stands in."""
VARIABLES_MAX: Final = 100
HOLE: Final = "onevoice_hole"
TAGS: Final = ("assign", "break", "capture", "case", "continue", "for", "if", "unless")
_LIMITS: Final[Mapping[type[LiquidError], str]] = {
    BlockNestingError: "This is nested too deep.",
    LocalNamespaceLimitError: f"At most {VARIABLES_MAX} variables can be assigned, and no long ones.",
    LoopIterationLimitError: f"Loops in each other make at most {ITERATIONS_MAX:,} turns: add limit:.",
    OutputStreamLimitError: f"The message would be longer than {OUTPUT_MAX:,} characters.",
}
_UNKNOWN_TAG = re.compile(r"unexpected tag '(\w+)'")
_UNENDED = re.compile(r"expected tag (end\w+), found")
_STYLE = re.compile(r"[\w#%., -]{0,100}")
_VARIABLE_SIZE: Final = 20_000


class WorkLimitError(ResourceLimitError):
    """The library counts turns of loops only, not what is done in them."""


def spot_of(token: Token, source: Source | None = None) -> Spot:
    if isinstance(token.source, Source):
        return Spot(token.source, max(0, token.start_index))
    return Spot(source or Source("", ""), 0)


def told(error: LiquidError, source: Source, reason: str) -> TemplateError:
    spot = spot_of(error.token, source) if error.token is not None else Spot(source, len(source))
    if isinstance(error, ResourceLimitError):
        return spot.error("limit", _LIMITS.get(type(error), str(error.message)))
    said = str(error.message or "it cannot be read").strip().rstrip(".")[:200]
    fault, values = _fault(error, said)
    if said.startswith("unexpected tag"):
        said = f"there is no tag {said[14:].strip()} here: there are {', '.join(TAGS)}, and their ends"
    return spot.error(reason, f"{said[:1].upper()}{said[1:]}.", fault, **values)


def _fault(error: LiquidError, said: str) -> tuple[str, Mapping[str, str]]:
    """What people often get wrong, told apart; the library does so in its text alone."""
    if isinstance(error, filters.FaultySyntaxError):
        return error.fault, error.values
    if isinstance(error, FilterArgumentError):
        return "filter_value", {"filter": said.partition(" ")[0]}
    if found := _UNKNOWN_TAG.match(said):
        return "unknown_tag", {"tag": f"{{% {found[1]} %}}"}
    if found := _UNENDED.match(said):
        return "unended", {"tag": f"{{% {found[1]} %}}"}
    return "", {}


class Rendering(RenderContext):
    """One message for one person.

    mode: of what is being written. missing: where it is a list, what was not there is collected instead of raised, and
    its name stands in its place. whole: what is written now is a value as a whole, where a name would not do.
    """

    __slots__ = ("missing", "mode", "reader", "rewrite", "room", "whole", "work")

    def __init__(
        self,
        values: Mapping[str, Any],
        reader: Reader,
        rewrite: Callable[[str], str] | None = None,
        missing: list[tuple[Spot, str]] | None = None,
    ) -> None:
        super().__init__(_EMPTY, globals=values)
        # The library's own would know the machine's clock by `now` and `today`.
        self.scope = ReadOnlyChainMap(self.locals, values)
        self.reader, self.rewrite, self.missing = reader, rewrite, missing
        self.mode: Mode = "text"
        self.whole = False
        self.work, self.room = WORK_MAX, OUTPUT_MAX

    def spend(self, work: int) -> None:
        self.work -= work
        if self.work < 0:
            raise WorkLimitError("The template does too much work: shorten its loops.", token=None)

    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        """Null and empty texts of whoever asked for the message are missing too; the template's own may be empty."""
        found = super().get(path, token=token, default=None)
        if found is None or (found.__class__ is str and not found and path[0] not in self.locals):
            name = str(Path(cast("Token", token), cast("Any", path)))[:200]
            return Undefined(name, token=token) if default is UNDEFINED else default
        return found

    def get_size_of_locals(self) -> int:
        """Many small ones take time, as the library adds up all of them for each."""
        return super().get_size_of_locals() + len(self.locals) * _VARIABLE_SIZE

    def absent(self, spot: Spot, path: str) -> str:
        """What stands there instead."""
        if self.missing is None:
            raise spot.error(
                "missing_value", f"{path} has no value here: add | default: … or, where it may be empty, | optional."
            )
        self.missing.append((spot, path))
        if self.whole or self.mode == "style":
            return ""
        return escape(f"[{path}]") if self.mode == "html" else f"[{path}]"


class Template(BoundTemplate):
    def make_partial_namespace(self, partial: bool, render_args: Mapping[str, object]) -> Mapping[str, object]:
        """The library's own adds a variable that no author knows of."""
        _ = partial
        return render_args


@dataclass(frozen=True, slots=True)
class Program:
    """Compiled. work: in steps. paths: what it speaks of: `customer.name`. static: what it says to everybody."""

    template: BoundTemplate
    mode: Mode
    source: Source
    work: int
    paths: frozenset[str]
    static: str | None

    def render(self, rendering: Rendering) -> str:
        """Raises: TemplateError."""
        if self.static is not None:
            rendering.room -= len(self.static)
            return self.static
        outer, rendering.mode = rendering.mode, self.mode
        buffer = LimitedStringIO(limit=rendering.room)
        try:
            self.template.render_with_context(rendering, buffer)
        except TemplateError:
            raise
        except LiquidError as error:
            raise told(error, self.source, "bad_value") from error
        except Exception as error:  # a value that nobody foresaw is no reason to stop the others' messages
            raise Spot(self.source, 0).error("bad_value", "This can make nothing of one of its values.") from error
        finally:
            rendering.mode = outer
        rendering.room -= buffer.size
        return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class Hole:
    """A place in markup that is filled as a whole: an attribute. finish: makes of what is written what stands there."""

    html: Program
    text: Program
    finish: Callable[[str, Rendering], str] | None = None

    def render(self, rendering: Rendering) -> str:
        outer, rendering.whole = rendering.whole, True
        try:
            written = (self.html if rendering.mode == "html" else self.text).render(rendering)
        finally:
            rendering.whole = outer
        return written if self.finish is None else self.finish(written, rendering)


class Carried(str):
    """What stands in the token of a hole: no source can hold it."""

    __slots__ = ("hole",)
    hole: Hole


def carried(hole: Hole, source: Source) -> tuple[Token, Token]:
    value = Carried("0")
    value.hole = hole
    return Token(TOKEN_TAG, HOLE, 0, source), Token(TOKEN_EXPRESSION, value, 0, source)


# Nodes


class _OutputNode(OutputNode):
    """A value as its place needs it. The library escapes for HTML too, but not what the template says itself."""

    __slots__ = ("spot",)

    def __init__(self, token: Token, expression: Expression) -> None:
        super().__init__(token, expression)
        self.spot = spot_of(token)

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        value, rendering, spot = self.expression.evaluate(context), cast("Rendering", context), self.spot
        if value is None or isinstance(value, Undefined):
            return buffer.write(rendering.absent(spot, value.name if isinstance(value, Undefined) else "This"))
        text = shown(value, spot)
        if rendering.mode == "html":
            text = escape(text)
        elif rendering.mode == "style" and _STYLE.fullmatch(text) is None:
            raise spot.error("bad_value", "Here only a colour, a size or a word can stand.")
        return buffer.write(text)


class _Output(Output):
    node_class = _OutputNode


class _CaptureNode(CaptureNode):
    """What is captured is text, and escaped where it is written: not here, not twice."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        rendering = cast("Rendering", context)
        outer, rendering.mode = rendering.mode, "text"
        try:
            return super().render_to_output(context, buffer)
        finally:
            rendering.mode = outer


class _CaptureTag(CaptureTag):
    node_class = _CaptureNode


class HoleNode(Node):
    __slots__ = ("hole",)

    def __init__(self, token: Token, hole: Hole) -> None:
        super().__init__(token)
        self.hole = hole
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(self.hole.render(cast("Rendering", context)))

    def children(self, static_context: RenderContext, *, include_partials: bool = True) -> Iterable[Node]:
        """For the library's analysis of variables."""
        _ = static_context, include_partials
        return self.hole.html.template.nodes


class _HoleTag(Tag):
    name = HOLE
    block = False

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        value = stream.current.value
        if not isinstance(value, Carried):
            raise LiquidSyntaxError(f"unexpected tag '{HOLE}'", token=token)
        return HoleNode(token, value.hole)


class Turn(BlockNode):
    """A loop's block: each turn costs what is in it."""

    __slots__ = ("work",)

    def __init__(self, block: BlockNode, work: int) -> None:
        super().__init__(block.token, block.nodes)
        self.work = work

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        cast("Rendering", context).spend(self.work)
        return super().render_to_output(context, buffer)


# Expressions


def _nothing(value: object) -> bool:
    return (
        value is None
        or isinstance(value, Undefined | Empty | Blank)
        or (value.__class__ in (str, list, dict, tuple) and not value)
    )


def _same(context: RenderContext, left: object, right: object) -> bool:
    """With the library what is missing equals nil only, and `!= blank` would let it in."""
    if _nothing(left) or _nothing(right):
        return _nothing(left) and _nothing(right)
    if left.__class__ is bool or right.__class__ is bool:
        return left is right
    cast("Rendering", context).spend(filters.cost(left))
    return left == right


class _Equal(logic.EqExpression):
    def evaluate(self, context: RenderContext) -> object:
        return _same(context, self.left.evaluate(context), self.right.evaluate(context))


class _Unequal(logic.NeExpression):
    def evaluate(self, context: RenderContext) -> object:
        return not _same(context, self.left.evaluate(context), self.right.evaluate(context))


class _Contains(logic.ContainsExpression):
    """With a price: a list of thousands, looked through ten thousand times."""

    def evaluate(self, context: RenderContext) -> object:
        cast("Rendering", context).spend(filters.cost(self.left.evaluate(context)))
        return super().evaluate(context)


class Range(RangeLiteral):
    """The library's loop makes a list of a range turned round before it looks at the limit."""

    def evaluate(self, context: RenderContext) -> range:
        found = super().evaluate(context)
        if found.stop - found.start > ITERATIONS_MAX:
            raise LoopIterationLimitError("range", token=self.token)
        return found


BETTER: Final[Mapping[type[Expression], Any]] = {
    logic.EqExpression: _Equal,
    logic.NeExpression: _Unequal,
    logic.ContainsExpression: _Contains,
}


# The environment


class _Sandbox(Environment):
    block_nesting_limit = 20
    context_depth_limit = 60
    loop_iteration_limit = ITERATIONS_MAX
    local_namespace_limit = VARIABLES_MAX * _VARIABLE_SIZE
    output_stream_limit = OUTPUT_MAX
    suppress_blank_control_flow_blocks = False

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Nothing that loads, includes, extends or counts from one message to the next."""
        super().setup_tags_and_filters(extra=extra)
        self.tags = {name: self.tags[name] for name in (TOKEN_CONTENT, TOKEN_ILLEGAL, *TAGS)}
        for tag in (_Output, _CaptureTag, _HoleTag):
            self.add_tag(tag)
        filters.narrow(self)


SANDBOX: Final = _Sandbox()
_EMPTY: Final = Template(SANDBOX, [])
