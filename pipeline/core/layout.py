"""Where the text is in a request: the table that each dialect writes for its protocol.

The default is to scan. A string that no table mentions is text, so that a new parameter of a
provider is covered before anybody has heard of it. Only what is named here is treated otherwise.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct, field

Str = Literal[
    "text",  # natural language, or anything else that may be rewritten
    "json",  # JSON inside a string: its leaves are texts of their own
    "maybe_json",  # JSON if it is an object or array, else text
    "identity",  # names a person by its purpose; plugins may digest it
    "name",  # structure: `values` are known to be harmless, any other must not be rewritten
    "opaque",  # content that cannot be inspected as text
]


class Node(Struct, frozen=True, kw_only=True):
    """What a value at one place of a request is.

    `fields` are the known members of an object and `others` is what an unknown member's value is,
    this same kind of unknown if None. With `free`, members are user data: keys are texts too. A
    number is treated like a string unless `numbers` is off. `schema` marks a JSON Schema. `turns`
    marks the array whose items are messages. `roles` and `types` hold the layouts of objects that
    differ by their member `role` or `type`. `opaque` names the content that cannot be inspected,
    such as `images`; it applies to strings, and with `link` the string itself is scanned as well
    unless it is a file. `tokens` marks text that may also come as arrays of token numbers, which
    cannot be inspected. `role` says whose the texts in it are, where that is not their message's.
    """

    string: Str = "text"
    values: frozenset[str] = frozenset()
    items: "Node | None" = None
    fields: Mapping[str, "Node"] = field(default_factory=dict[str, "Node"])
    others: "Node | None" = None
    numbers: bool = True
    free: bool = False
    schema: bool = False
    turns: bool = False
    roles: Mapping[str, "Node"] = field(default_factory=dict[str, "Node"])
    types: Mapping[str, "Node"] = field(default_factory=dict[str, "Node"])
    opaque: str = ""
    link: bool = False
    tokens: bool = False
    role: str = ""


UNKNOWN = Node()
"""A parameter that the dialect does not know: everything in it is text, its keys are kept."""

TOKENS = "tokens"
"""What arrays of token numbers are called as content that cannot be inspected."""

FREE = Node(free=True)
"""User data: values, keys and numbers are text."""

TEXT = Node()
TEXTS = Node(items=TEXT)
SETTING = Node(numbers=False)
"""A number or flag of the protocol; a string there would be text."""

JSON = Node(string="json")
MAYBE_JSON = Node(string="maybe_json")
IDENTITY = Node(string="identity")
NAME = Node(string="name", items=Node(string="name"))
"""Structure with open values, such as an id: shown to plugins, never rewritten."""

SCHEMA = Node(schema=True)


def one_of(*values: str) -> Node:
    """Structure whose usual values are known; an unusual one is shown to plugins."""
    return Node(string="name", values=frozenset(values))


def opaque(name: str, *, link: bool = False) -> Node:
    """Content that cannot be inspected; passes only where the configuration names it."""
    return Node(string="opaque", opaque=name, link=link)


def opaque_names(layout: Node) -> set[str]:
    """What a dialect calls the content of which it says that it cannot be inspected."""
    return {
        name
        for node in nodes(layout)
        for name in (node.opaque, TOKENS if node.tokens else "")
        if name
    }


def nodes(layout: Node) -> Iterator[Node]:
    """Every node of a layout, once, though it may stand in many places."""
    waiting, seen = [layout], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            waiting += [*node.fields.values(), *node.roles.values(), *node.types.values()]
            waiting += [one for one in (node.items, node.others) if one is not None]
