"""The words of JSON Schema that say what of a schema is text, and what is structure."""

SCHEMA_TEXT = frozenset({"description", "title", "default", "const", "example", "examples", "enum"})
SCHEMA_MAPS = frozenset(
    {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}
)
SCHEMA_TYPES = frozenset({"string", "number", "integer", "boolean", "object", "array", "null"})
SCHEMA_KEYS = frozenset(
    """$anchor $comment $defs $dynamicAnchor $dynamicRef $id $ref $schema $vocabulary
    additionalItems additionalProperties allOf anyOf const contains contentEncoding
    contentMediaType contentSchema default definitions dependencies dependentRequired
    dependentSchemas deprecated description discriminator else enum example examples
    exclusiveMaximum exclusiveMinimum format if items mapping maxContains maxItems maxLength
    maxProperties maximum minContains minItems minLength minProperties minimum multipleOf not
    nullable oneOf pattern patternProperties prefixItems properties propertyName propertyNames
    readOnly required strict then title type unevaluatedItems unevaluatedProperties uniqueItems
    writeOnly""".split()
)
"""The vocabulary of JSON Schema 2020-12 and its predecessors, and OpenAPI's additions."""
