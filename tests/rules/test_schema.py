"""JSON Schemas: they say what the model says, and every reference in them leads somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guerdon.rules.awards import FORMS
from guerdon.rules.model.programme import FileSays
from guerdon.rules.schema import schemas


def references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"]
        for value in schema.values():
            yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)


def test_every_reference_leads_somewhere() -> None:
    for name, schema in schemas().items():
        wanted = set(references(schema))
        assert wanted <= {f"#/$defs/{key}" for key in schema["$defs"]}, name


def test_every_key_of_a_rule_file_is_in_one_kind_and_in_the_whole() -> None:
    found = schemas()
    whole = set(found.pop("programme.schema.json")["properties"])
    bank = set(found.pop("bank.schema.json")["properties"])
    assert whole == set(FileSays.model_fields)
    assert bank == {"accounts"}
    assert sorted(key for schema in found.values() for key in schema["properties"]) == sorted(whole)


def test_unknown_keys_are_refused_and_words_are_listed() -> None:
    offer = schemas()["scheme.schema.json"]["$defs"]["OfferSays"]
    assert offer["additionalProperties"] is False
    assert offer["properties"]["goal"]["enum"] == ["spend", "visits", "membership", "achievement"]
    assert set(offer["required"]) == {"id", "goal", "award"}
    assert len(offer["properties"]["award"]["oneOf"]) == len(FORMS)
    assert offer["properties"]["lines"] == {"$ref": "#/$defs/Matcher"}
