"""Makes replies harmless for the client that shows them."""

from html import escape
from typing import Literal

from pipeline import Channel, Plugin, TextFilter, Whole
from plugins.sanitize import html, urls
from plugins.sanitize.markdown import LONGEST, Markdown


class Sanitize(Plugin, frozen=True):
    """Neutralises what a reply could do in the client that shows it. Comes last in `post`.

    `mode` is how the client shows text:

    - `markdown`: it renders Markdown. Raw HTML, links that run something and images that are not
      allowed are shown as text or as links; code stays as it is. Everything flows on as soon as it
      is certain; at most 4,096 characters wait, usually for the end of a link or a code span.
    - `html`: it inserts HTML. Only `tags`, their `attributes` (by tag, `*` for all) and `protocols`
      stay, the rest is shown as text. Needs the whole reply, because HTML cannot be judged in part.
    - `escape`: it inserts HTML and expects none: every special character is escaped, nothing waits.

    Works on content, reasoning and refusals of form text. Arguments, JSON and fields that no
    protocol knows (`other`) are data for programs and stay as they are.
    """

    mode: Literal["markdown", "html", "escape"] = "markdown"
    """How the client shows text."""

    images: tuple[str, ...] = ()
    """Prefixes, such as `https://cdn.example.com/img/`, of images that may be loaded. None may by
    default, because an address that is loaded unasked can carry away what is said. A host that
    redirects or proxies lets anything through.
    """

    links: tuple[str, ...] | None = None
    """Prefixes of the links that may be followed; without it, all that run nothing. Where it is
    given, bare addresses that clients like to make into links are written `[.]` as well.
    """

    tags: tuple[str, ...] | None = None
    """The HTML tags that stay, in mode `html`, in place of the usual harmless ones."""

    attributes: dict[str, tuple[str, ...]] | None = None
    """The attributes that stay, by tag, with `*` for all tags."""

    protocols: tuple[str, ...] | None = None
    """The protocols that links in HTML may have: of `http`, `https`, `mailto` and `tel`."""

    @property
    def whole(self) -> bool:
        """Whether the complete reply is needed: in mode `html` alone."""
        return self.mode == "html"

    @property
    def held(self) -> int | None:
        """The most characters that are ever held back; None is the whole reply."""
        return {"escape": 0, "markdown": LONGEST, "html": None}[self.mode]

    def problems(self) -> list[str]:
        """Prefixes that mean nothing, options of another mode, and holes in the allow-list."""
        found = [
            f"`{name}`: not a prefix like `https://cdn.example.com/img/`: item {index + 1}"
            for name in ("images", "links")
            for index, option in enumerate(getattr(self, name) or ())
            if urls.prefix(option) is None
        ]
        if self.mode == "escape" and (self.images or self.links is not None):
            found.append("`images` and `links` do nothing in mode `escape`; leave them out")
        for name in ("tags", "attributes", "protocols"):
            if self.mode != "html" and getattr(self, name) is not None:
                found.append(f'`{name}` does nothing in mode `{self.mode}`; set mode = "html"')
        return found + self._holes()

    def _holes(self) -> list[str]:
        """Names on the allow-list that would undo it."""
        tags = {tag.lower() for tag in (*(self.tags or ()), *(self.attributes or ()))}
        found = [
            f"`tags`: `{tag}` cannot be made harmless; leave it out"
            for tag in sorted(tags & html.UNSAFE_TAGS)
        ]
        names = {name.lower() for some in (self.attributes or {}).values() for name in some}
        found += [
            f"`attributes`: `{name}` cannot be made harmless; leave it out"
            for name in sorted(names)
            if name in html.UNSAFE_ATTRIBUTES or name.startswith("on")
        ]
        odd = {one.lower() for one in self.protocols or ()} - urls.SCHEMES
        found += [
            f"`protocols`: `{name}` is none of {', '.join(sorted(urls.SCHEMES))}; leave it out"
            for name in sorted(odd)
        ]
        return found

    def on_text(self, channel: Channel) -> TextFilter | None:
        """A filter for what people read."""
        if channel.kind not in ("content", "reasoning", "refusal") or channel.form != "text":
            return None
        if self.mode == "escape":
            return _Escape()
        images, links = urls.Images(self.images), urls.Links(self.links)
        if self.mode == "markdown":
            return Markdown(images, links)
        cleaner = html.Html(
            frozenset(html.TAGS if self.tags is None else self.tags),
            html.ATTRIBUTES if self.attributes is None else self.attributes,
            frozenset(html.PROTOCOLS if self.protocols is None else self.protocols),
            images,
            links,
        )
        return Whole(cleaner.clean)


class _Escape:
    """Escapes each character by itself, so nothing needs to wait."""

    def feed(self, text: str, /) -> str:
        return escape(text)

    def flush(self) -> str:
        return ""
