"""JSON Schema of every file kind, from the model, for editors."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, create_model
from pydantic.json_schema import GenerateJsonSchema

from guerdon.rules.model.programme import INSTRUMENTS, FileSays
from guerdon.rules.model.terms import BankSays
from guerdon.rules.model.values import Part

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
# File kind → the top-level keys that usually stand in it. ``programme`` is any rule file.
_KINDS: dict[str, tuple[str, ...]] = {
    "programme": tuple(FileSays.model_fields),
    "business": ("business", "segments", "merchants"),
    "pools": ("pools",),
    "tiers": ("tiers",),
    "scheme": ("scheme", "offers"),
    "terms": ("terms",),
    "instruments": INSTRUMENTS,
}
_SCALAR = {"type": ["string", "number", "boolean"]}
_BOUND = {"type": ["string", "number"]}
_MATCHER: dict[str, Any] = {
    "description": "field: test, all of which must hold; a test is a value, a list (one of) or a mapping of tests",
    "type": "object",
    "properties": {
        "any_of": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Matcher"}},
        "none_of": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Matcher"}},
    },
    "additionalProperties": {
        "anyOf": [
            _SCALAR,
            {"type": "array", "minItems": 1, "items": _SCALAR},
            {
                "type": "object",
                "additionalProperties": False,
                "minProperties": 1,
                "properties": {
                    **dict.fromkeys(("min", "max", "above", "below"), _BOUND),
                    "like": {"type": "string"},
                    "like_any_case": {"type": "string"},
                    "not": _SCALAR,
                    "not_in": {"type": "array", "minItems": 1, "items": _SCALAR},
                    "exists": {"type": "boolean"},
                },
            },
        ]
    },
}


def schemas() -> dict[str, dict[str, Any]]:
    """File name → schema: one for each kind of file, ``programme.schema.json`` for any, ``bank.schema.json``."""
    found = {f"{kind}.schema.json": _schema(kind, _part(kind, keys)) for kind, keys in _KINDS.items()}
    found["bank.schema.json"] = _schema("bank", BankSays)
    return found


def _part(kind: str, keys: tuple[str, ...]) -> type[BaseModel]:
    if len(keys) == len(FileSays.model_fields):
        return FileSays
    fields: dict[str, Any] = {key: (FileSays.model_fields[key].annotation, FileSays.model_fields[key]) for key in keys}
    return create_model(f"{kind.title()}File", __base__=Part, **fields)


def _schema(kind: str, model: type[BaseModel]) -> dict[str, Any]:
    schema = _plain(model.model_json_schema(by_alias=True, schema_generator=_Quiet))
    definitions = {**schema.pop("$defs", {}), "Matcher": _MATCHER}
    head = {"$schema": _DIALECT, "title": f"Guerdon: {kind} file"}
    return {**head, **schema, "$defs": dict(sorted(definitions.items()))}


def _plain(schema: Any) -> Any:
    """As editors want it: no titles of class names, no null (a key without a value is an error), one matcher."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "x-matcher" in schema:
        return {"$ref": "#/$defs/Matcher"}
    plain = {key: _plain(value) for key, value in schema.items() if not (key == "title" and isinstance(value, str))}
    if not isinstance(plain.get("default", ""), str | bool | int):
        del plain["default"]
    if {"type": "null"} in plain.get("anyOf", ()):
        rest = [each for each in plain.pop("anyOf") if each != {"type": "null"}]
        plain.update(rest[0] if len(rest) == 1 else {"anyOf": rest})
    return plain


class _Quiet(GenerateJsonSchema):
    def emit_warning(self, kind: Any, detail: str) -> None:
        """Defaults that JSON can't hold are left out, as they should be."""
