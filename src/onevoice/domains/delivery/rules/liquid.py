"""Liquid to programs: python-liquid parses, and what it would find out only when it renders is looked for here.

Called by `rendering` and `markup`.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

from liquid import BoundTemplate, RenderContext
from liquid.ast import Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import BooleanExpression, FilteredExpression, LoopExpression, Path
from liquid.builtin.expressions import logical as logic
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.tags.capture_tag import CaptureNode
from liquid.builtin.tags.for_tag import BreakNode, ContinueNode, ForNode
from liquid.exceptions import LiquidError, LiquidSyntaxError
from liquid.expression import Expression
from liquid.parser import Parser
from liquid.stream import TokenStream
from liquid.token import Token

from onevoice.domains.delivery.errors import TemplateError
from onevoice.domains.delivery.rules import filters
from onevoice.domains.delivery.rules.sandbox import (
    BETTER,
    SANDBOX,
    HoleNode,
    Mode,
    Program,
    Range,
    Template,
    Turn,
    spot_of,
    told,
)
from onevoice.domains.delivery.rules.values import Source

PATH_MAX: Final = 20


def program(tokens: Sequence[Token], source: Source, *, mode: Mode = "text") -> Program:
    """tokens: of the whole template, as `lexing` gives them.

    Raises: TemplateError.
    """
    try:
        nodes = Parser(SANDBOX).parse(TokenStream(iter(tokens)))
        work = _Reading().nodes(nodes)
        template = Template(SANDBOX, nodes)
        static = "".join(str(node) for node in nodes) if all(type(node) is ContentNode for node in nodes) else None
        return Program(template, mode, source, work, _paths(template), static)
    except TemplateError:
        raise
    except LiquidError as error:
        raise told(error, source, "syntax") from error
    except RecursionError as error:
        raise TemplateError("syntax", "This is nested too deep.", source.part) from error
    except Exception as error:  # what a parser does with hostile text is its author's secret
        raise TemplateError("syntax", "This cannot be read as a template.", source.part) from error


def _paths(template: BoundTemplate) -> frozenset[str]:
    """What the template does not make itself."""
    return frozenset(
        ".".join(str(each) if isinstance(each, str) else "[]" for each in variable.segments)
        for variables in template.analyze().globals.values()
        for variable in variables
    )


class _Reading:
    """Looks through a tree once: refuses what the library finds only when it renders, puts better expressions into it,
    and reckons what each node costs.
    """

    def nodes(self, nodes: Iterable[Node], *, loop: bool = False, captured: bool = False) -> int:
        return sum(self.node(node, loop=loop, captured=captured) for node in nodes)

    def node(self, node: Node, *, loop: bool, captured: bool) -> int:
        if isinstance(node, HoleNode):
            if captured:
                raise spot_of(node.token).error(
                    "markup", "A link or a picture cannot be captured: write it where it stands."
                )
            return 1 + node.hole.html.work
        if isinstance(node, BreakNode | ContinueNode) and not loop:
            raise LiquidSyntaxError("break and continue stand in a loop only", token=node.token)
        if isinstance(node, ContentNode):
            return 1 + (len(node.text) >> 6)
        work = 1 + sum(self.expression(each) for each in node.expressions())
        children = self.nodes(
            node.children(cast("RenderContext", None)),
            loop=loop or isinstance(node, ForNode),
            captured=captured or isinstance(node, CaptureNode),
        )
        if isinstance(node, ForNode):
            node.block = Turn(node.block, children)
            return work
        return work + children

    def expression(self, found: Expression) -> int:
        if isinstance(found, LoopExpression) and type(found.iterable) is RangeLiteral:
            within = found.iterable
            found.iterable = Range(within.token, within.start, within.stop)
        elif isinstance(found, BooleanExpression):
            found.expression = self.better(found.expression)
        elif type(found) is RangeLiteral:
            raise LiquidSyntaxError("a range stands in a loop only", token=found.token)
        elif isinstance(found, Path) and (not isinstance(found.path[0], str) or len(found.path) > PATH_MAX):
            raise LiquidSyntaxError("name a variable, such as customer.name", token=found.token)
        elif isinstance(found, FilteredExpression):
            for each in found.filters or ():
                if each.name not in filters.FILTERS:
                    known = ", ".join(sorted(filters.FILTERS))
                    raise filters.FaultySyntaxError(
                        f"there is no filter {each.name[:50]}: there are {known}",
                        each.token,
                        "unknown_filter",
                        filter=each.name[:50],
                    )
                each.validate_filter_arguments(SANDBOX)
        return 1 + sum(self.expression(each) for each in found.children())

    def better(self, found: Any) -> Any:
        if isinstance(found, logic.LogicalAndExpression | logic.LogicalOrExpression):
            found.left, found.right = self.better(found.left), self.better(found.right)
        kind = BETTER.get(type(found))
        return found if kind is None else kind(found.token, found.left, found.right)
