"""Markdown as plain text: what is read stays, what marks it up goes."""

from collections.abc import Sequence
from itertools import count

from markdown_it import MarkdownIt
from markdown_it.token import Token


def parser() -> MarkdownIt:
    """CommonMark with tables and strikethrough; raw HTML is text like any other."""
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def plain(text: str) -> str:
    """The plain text of Markdown.

    Blocks stay apart by blank lines, lists keep their bullets and numbers, table cells are joined
    by ` | `, and a link's address follows its text in brackets where the two differ.
    """
    return _Writer().write(parser().parse(text))


class _Writer:
    """Writes the tokens of one text; `_margins` holds what each open list item puts in front."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._margins: list[str] = []
        self._bullet = ""
        self._lists: list[count[int] | None] = []
        self._row: list[str] | None = None
        self._apart = False

    def write(self, tokens: Sequence[Token]) -> str:
        for token in tokens:
            self._token(token)
        return "\n".join(self._lines) + "\n" if self._lines else ""

    def _token(self, token: Token) -> None:
        match token.type:
            case "inline" if self._row is not None:
                self._row.append(_inline(token.children or ()).replace("\n", " "))
            case "inline":
                self._block(_inline(token.children or ()))
            case "fence" | "code_block":
                self._block(token.content.removesuffix("\n"))
            case "bullet_list_open":
                self._lists.append(None)
            case "ordered_list_open":
                self._lists.append(count(int(token.attrGet("start") or 1)))
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
                self._apart = True
            case "list_item_open":
                self._open_item()
            case "list_item_close":
                if self._bullet:
                    self._block("")
                    self._apart = False
                self._margins.pop()
            case "tr_open":
                self._row = []
            case "tr_close":
                self._block(" | ".join(self._row or ()))
                self._row = None
                self._apart = False
            case "thead_open" | "table_close" | "hr":
                self._apart = True
            case "paragraph_close":
                self._apart = not token.hidden
            case _:
                pass

    def _open_item(self) -> None:
        if self._bullet:
            self._block("")
        numbers = self._lists[-1]
        self._bullet = "- " if numbers is None else f"{next(numbers)}. "
        self._margins.append(" " * len(self._bullet))

    def _block(self, text: str) -> None:
        if self._apart and self._lines:
            self._lines.append("")
        margin = "".join(self._margins)
        first = margin.removesuffix(" " * len(self._bullet)) + self._bullet
        for index, line in enumerate(text.split("\n")):
            self._lines.append(((margin if index else first) + line).rstrip())
        self._bullet, self._apart = "", True


def _inline(tokens: Sequence[Token]) -> str:
    out: list[str] = []
    links: list[tuple[int, str]] = []
    for token in tokens:
        match token.type:
            case "softbreak" | "hardbreak":
                out.append("\n")
            case "image":
                out.append(_inline(token.children or ()))
            case "link_open":
                links.append((len(out), str(token.attrGet("href") or "")))
            case "link_close":
                start, address = links.pop()
                if address and address.removeprefix("mailto:") != "".join(out[start:]):
                    out.append(f" ({address})")
            case _:
                out.append(token.content if token.nesting == 0 else "")
    return "".join(out)
