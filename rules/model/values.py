"""The scalar types of rule files. A valid value is kept as its shortest text; figures are worked out by ``compile``.

Amounts need the digits of the currency and of the wallet's unit: validation is given them as ``Digits``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError, core_schema
from pydantic_core.core_schema import ValidationInfo

from guerdon.rules import figures
from guerdon.rules.problems import nearest

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_INTEGER = re.compile(r"-?[0-9]{1,9}")


class Part(BaseModel):
    """A mapping of a rule file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def wrong(code: str, message: str, hint: str = "") -> PydanticCustomError:
    """An error of ours, with one of our codes, for a validator to raise."""
    return PydanticCustomError("guerdon", "{message}", {"code": code, "message": message, "hint": hint})


def _text(value: Any, what: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        raise wrong("wrong-type", f"{what} is wanted here, not true or false", "put a text in quotes")
    kind = "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else type(value).__name__
    raise wrong("wrong-type", f"{what} is wanted here, not {kind}", f"write {what} as a single value")


def _figure(code: str, what: str, read: Callable[[str], Any]) -> Callable[[Any], str]:
    """A validator that keeps the text if ``read`` can read it."""

    def check(value: Any) -> str:
        text = _text(value, what)
        try:
            read(text)
        except figures.NoFigure as error:
            raise wrong(code, str(error), error.hint) from None
        return text

    return check


def _amount(*, unit: bool, least: int = 0) -> Callable[[Any, ValidationInfo], str]:
    def check(value: Any, info: ValidationInfo) -> str:
        text = _text(value, "an amount")
        digits: figures.Digits = info.context or figures.Digits(9, 9)
        try:
            of = "the wallet's unit" if unit and digits.unit != digits.currency else "the currency"
            value_minor = figures.minor(text, digits.unit if unit else digits.currency, of=of)
        except figures.NoFigure as error:
            raise wrong("bad-amount", str(error), error.hint) from None
        if value_minor < least:
            hint = "write an amount above 0" if least else "an amount here is 0 or more"
            raise wrong("bad-amount", f"{text} is too small", hint)
        return figures.plain_decimal(text)

    return check


def _percent(value: Any) -> str:
    text = _text(value, "a percentage")
    try:
        figures.percent(text)
    except figures.NoFigure as error:
        raise wrong("bad-amount", str(error), error.hint or "write a percentage as 2.5") from None
    return figures.plain_decimal(text.removesuffix("%").rstrip())


def _part_of_whole(value: Any) -> str:
    text = _text(value, "a percentage")
    if not text.endswith("%"):
        raise wrong("wrong-type", f"'{text}' is no percentage", f"write it with its sign, such as {text}%")
    plain = _percent(text)
    if figures.percent(plain).num > figures.percent(plain).den:
        raise wrong("bad-amount", f"{text} is more than the whole", "write at most 100%")
    return f"{plain}%"


def _share(value: Any, info: ValidationInfo) -> str:
    text = _text(value, "a percentage or an amount")
    return _part_of_whole(text) if text.endswith("%") else _amount(unit=False)(text, info)


def _decimal(least_above: int) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        text = _text(value, "a number")
        try:
            factor = figures.rate(text)
        except figures.NoFigure as error:
            raise wrong("bad-amount", str(error), error.hint) from None
        if factor.num <= least_above * factor.den:
            raise wrong("bad-amount", f"{text} is too small", f"write a number above {least_above}")
        return figures.plain_decimal(text)

    return check


def _quantity(value: Any) -> str:
    text = _text(value, "a quantity")
    try:
        thousandths = figures.minor(text, 3, of="a quantity")
    except figures.NoFigure as error:
        raise wrong("bad-amount", str(error), error.hint) from None
    if thousandths <= 0:
        raise wrong("bad-amount", f"{text} is too small", "write a quantity above 0")
    return figures.plain_decimal(text)


def _whole(least: int, most: int = 999_999_999) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        text = _text(value, "a whole number")
        if not _INTEGER.fullmatch(text):
            raise wrong("wrong-type", f"'{text}' is no whole number", "write digits only")
        if not least <= int(text) <= most:
            raise wrong("bad-amount", f"{text} is out of range", f"write a whole number from {least} to {most}")
        return int(text)

    return check


def _id(value: Any) -> str:
    text = _text(value, "an id")
    if not _ID.fullmatch(text):
        raise wrong("bad-id", f"'{text}' is no id", _id_hint(text))
    return text


def _id_hint(text: str) -> str:
    better = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:64]
    rule = "an id has small letters, digits and hyphens, at most 64"
    return f"write {better}; {rule}" if better else rule


def _name(value: Any) -> str:
    text = _text(value, "a name")
    if not _NAME.fullmatch(text):
        rule = "a field's name begins with a small letter and has small letters, digits and _"
        raise wrong("bad-id", f"'{text}' is no name of a field", rule)
    return text


def _free(value: Any) -> str:
    text = _text(value, "a text")
    if not text.strip() or len(text) > 500:
        raise wrong("wrong-type", "this text is empty or too long", "write 1 to 500 characters")
    return text


class Word:
    """Marks a text as one of a closed list too long for a ``Literal``."""

    def __init__(self, *words: str) -> None:
        self.words = words

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.words)}

    def check(self, value: Any) -> str:
        text = _text(value, "a word")
        if text not in self.words:
            raise wrong("wrong-type", f"'{text}' is not one of the words that fit here", word_hint(text, self.words))
        return text


def word_hint(text: str, words: Sequence[str]) -> str:
    """What to write instead of a word that is not on the list."""
    near = nearest(text, words)
    listed = f"write one of: {', '.join(words)}"
    return f"did you mean {near}? {listed}" if near else listed


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise wrong("wrong-type", "true or false is wanted here", "write true or false, without quotes")


def _schema(pattern: str, *, number: bool = False, description: str = "") -> WithJsonSchema:
    types: dict[str, Any] = {"type": ["string", "number"] if number else "string", "pattern": pattern}
    return WithJsonSchema({**types, "description": description} if description else types)


_DECIMAL_SCHEMA = _schema(r"^-?[0-9]+(\.[0-9]+)?$", number=True, description="a decimal, read from its text")
_PERCENT_SCHEMA = _schema(r"^[0-9]+(\.[0-9]+)?%?$", number=True)
_WHOLE_SCHEMA = WithJsonSchema({"type": ["integer", "string"], "pattern": "^-?[0-9]+$"})

Id = Annotated[str, BeforeValidator(_id), _schema("^[a-z0-9][a-z0-9-]{0,63}$")]
Name = Annotated[str, BeforeValidator(_name), _schema("^[a-z][a-z0-9_]{0,63}$")]
Text = Annotated[str, BeforeValidator(_free), WithJsonSchema({"type": ["string", "number"]})]
Boolean = Annotated[bool, BeforeValidator(_boolean), WithJsonSchema({"type": "boolean"})]
Whole = Annotated[int, BeforeValidator(_whole(-999_999_999)), _WHOLE_SCHEMA]
Count = Annotated[int, BeforeValidator(_whole(1)), _WHOLE_SCHEMA]
CountOrNone = Annotated[int, BeforeValidator(_whole(0)), _WHOLE_SCHEMA]
Small = Annotated[int, BeforeValidator(_whole(0, 9)), _WHOLE_SCHEMA]

Money = Annotated[str, BeforeValidator(_amount(unit=False)), _DECIMAL_SCHEMA]
PositiveMoney = Annotated[str, BeforeValidator(_amount(unit=False, least=1)), _DECIMAL_SCHEMA]
Units = Annotated[str, BeforeValidator(_amount(unit=True)), _DECIMAL_SCHEMA]
PositiveUnits = Annotated[str, BeforeValidator(_amount(unit=True, least=1)), _DECIMAL_SCHEMA]
Quantity = Annotated[str, BeforeValidator(_quantity), _DECIMAL_SCHEMA]
Factor = Annotated[str, BeforeValidator(_decimal(1)), _DECIMAL_SCHEMA]
Decimal = Annotated[str, BeforeValidator(_decimal(0)), _DECIMAL_SCHEMA]
Worth = Annotated[str, BeforeValidator(_decimal(0)), _DECIMAL_SCHEMA]
Percent = Annotated[str, BeforeValidator(_percent), _PERCENT_SCHEMA]
PartOfWhole = Annotated[str, BeforeValidator(_part_of_whole), _schema(r"^[0-9]+(\.[0-9]+)?%$")]
PartOfWholeOrNone = Annotated[
    str,
    BeforeValidator(lambda value: value if value == "none" else _part_of_whole(value)),
    _schema(r"^(none|[0-9]+(\.[0-9]+)?%)$"),
]
ShareText = Annotated[str, BeforeValidator(_share), _PERCENT_SCHEMA]

DateText = Annotated[
    str, BeforeValidator(_figure("bad-date", "a date", figures.local_date)), _schema("^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
]
DurationText = Annotated[
    str,
    BeforeValidator(_figure("bad-duration", "a duration", figures.duration)),
    _schema("^[0-9]+(min|h|d|w|mo|q|y)$"),
]
HoursText = Annotated[
    str,
    BeforeValidator(_figure("wrong-type", "hours", figures.hours)),
    _schema("^[0-9]{1,2}:[0-9]{2}-[0-9]{1,2}:[0-9]{2}$"),
]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
LimitWindow = Literal["day", "week", "month", "quarter", "year", "lifetime"]
CapWindow = Literal["event", "day", "week", "month", "quarter", "year", "lifetime"]
State = Literal["active", "inactive"]


def _in_one_order(matcher: Any) -> Any:
    """A matcher with its alternatives in one order; the list ``[A]`` says what ``A`` says."""
    if not isinstance(matcher, dict):
        return matcher
    return {key: _test_in_one_order(key, test) for key, test in matcher.items()}


def _test_in_one_order(key: str, test: Any) -> Any:
    if isinstance(test, dict):
        return {op: _sorted_values(value) if isinstance(value, list) else value for op, value in test.items()}
    if not isinstance(test, list):
        return test
    if key in ("any_of", "none_of"):
        return _sorted_values([_in_one_order(inner) for inner in test])
    values = _sorted_values(test)
    return values[0] if len(values) == 1 else values


def _sorted_values(values: list[Any]) -> list[Any]:
    by_text = {json.dumps(value, sort_keys=True): value for value in values}
    return [by_text[text] for text in sorted(by_text)]


Matcher = Annotated[dict[str, Any], AfterValidator(_in_one_order), WithJsonSchema({"x-matcher": True})]


def distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    """A list whose order says nothing, in one order."""
    return tuple(sorted(set(values)))


Ids = Annotated[tuple[Id, ...], AfterValidator(distinct)]
Texts = Annotated[tuple[Text, ...], AfterValidator(distinct)]


def _shape(value: Any) -> str:
    if isinstance(value, dict | BaseModel):
        return "<mapping>"
    return "<list>" if isinstance(value, list | tuple) else "<text>"


# A value that may be a text, a mapping or a list: its shape says which is meant, so that only that one complains.
SHAPE = Discriminator(_shape)
IfText, IfMapping, IfList = Tag("<text>"), Tag("<mapping>"), Tag("<list>")
