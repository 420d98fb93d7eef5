"""The JSON Schema of project files, made from the declarations of layer types.

Editors use it to complete and to check files; ``python -m graph_core.schema`` writes it anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from graph_core.codetext import MAX_CODE
from graph_core.conflict import MAX_STEP, SIDES
from graph_core.expressions import MAX_LENGTH
from graph_core.fields import Axes, Choice, Field, Fixed, Flag, Number, PerAxis, Real, Sizes
from graph_core.groups import GROUP, MOST_GROUPS, Patterns
from graph_core.jsontext import MAX_NUMBER, MAX_PLACE
from graph_core.layer import layer_types
from graph_core.marks import COLOR, LEAST_SIDE, MAX_TEXT, ZOOMS
from graph_core.names import MAX_DOTTED
from graph_core.optimizers import DEFAULT_KIND, KINDS, TRAINING
from graph_core.ports import MAX_AXES
from graph_core.project import VERSION
from graph_core.reading import MAX_SYMBOL
from graph_core.schedules import SCHEDULES, Milestones, ScheduleField
from graph_core.stated import Text, Values

PATH: Final = Path(__file__).with_name("netw.schema.json")
_ID = "^[A-Za-z0-9_-]{1,40}$"
_NAME = "^[A-Za-z_][A-Za-z0-9_]{0,59}$"
_END = "^[A-Za-z0-9_-]{1,40}\\.[A-Za-z0-9_-]{1,60}$"
_WEIGHT = "^([A-Za-z0-9_-]{1,40}(#(0|[1-9][0-9]{0,8}))?/)*[A-Za-z0-9_-]{1,40}\\.[A-Za-z0-9_.-]{0,200}$"
_EXPRESSION = {"type": "string", "maxLength": MAX_LENGTH, "description": "An expression, such as 4 * dim."}


def schema() -> dict[str, Any]:
    """The schema (JSON Schema 2020-12) of the current version of the file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:netwright:netw:{VERSION}",
        "title": "Netwright project",
        "type": "object",
        "required": ["netw"],
        "additionalProperties": False,
        "properties": {
            "netw": {"const": VERSION, "description": "The version of the file's form."},
            "meta": _object("What a person notes on the project.", properties={"name": {"type": "string"}}),
            "symbols": _table(
                _NAME, {"type": "integer", "minimum": 1, "maximum": MAX_SYMBOL}, "Size symbols with an example value."
            ),
            "networks": _table(_NAME, {"type": "string", "pattern": _ID}, "Which graphs are networks, by name."),
            "setups": _table(_NAME, {"$ref": "#/$defs/setup"}, "How each network is trained."),
            "graphs": _table(_ID, {"$ref": "#/$defs/graph"}, "The graphs: networks and blocks."),
            "view": _table(
                _ID, {"$ref": "#/$defs/view"}, "Where nodes lie, with frames, notes and bookmarks; means nothing else."
            ),
            "conflicts": _table(_ID, {"$ref": "#/$defs/conflict"}, "What a merge left to be chosen; ours stands."),
        },
        "$defs": {
            "setup": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "optimizer": {"$ref": "#/$defs/optimizer"},
                    "training": {
                        "type": "object",
                        "properties": {
                            "data": {"type": "string", "description": "A data set's name, or the path of a file."},
                            **{name: setting_schema(field) for name, field in TRAINING.items()},
                        },
                    },
                },
            },
            "optimizer": {
                "type": "object",
                "properties": {
                    "kind": {"enum": list(KINDS), "default": DEFAULT_KIND},
                    "groups": {"type": "array", "maxItems": MOST_GROUPS, "items": {"$ref": "#/$defs/group"}},
                },
                "allOf": [_setting("kind", name, kind.fields, ("groups",)) for name, kind in KINDS.items()],
            },
            "group": {
                "type": "object",
                "description": "Parameters that take other fields than the rest, another optimizer, or stay frozen.",
                "properties": {name: setting_schema(field) for name, field in GROUP.items()},
                "allOf": [_setting("kind", name, kind.fields, tuple(GROUP)) for name, kind in KINDS.items()],
            },
            "schedule": {
                "type": "object",
                "required": ["kind"],
                "properties": {"kind": {"enum": list(SCHEDULES)}},
                "allOf": [_setting("kind", name, kind.fields) for name, kind in SCHEDULES.items()],
            },
            "conflict": {
                "type": "object",
                "required": ["parts"],
                "additionalProperties": False,
                "properties": {"parts": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/part"}}},
            },
            "part": {
                "type": "object",
                "required": ["at"],
                "additionalProperties": False,
                "properties": {
                    "at": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": MAX_STEP}},
                    **{side: {} for side in SIDES},
                },
                "anyOf": [{"required": ["ours"]}, {"required": ["theirs"]}],
            },
            **_view(),
            "graph": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "head": _object("", properties={"name": {"type": "string", "pattern": _NAME}}),
                    "params": _table(_NAME, {"$ref": "#/$defs/value"}, "Parameters; null where each use gives one."),
                    "nodes": _table(_ID, {"$ref": "#/$defs/node"}, "Nodes by id."),
                    "wires": _table(_END, {"type": "string", "pattern": _END}, "target.port: source.port"),
                    "ties": _table(
                        _WEIGHT,
                        {"type": "string", "pattern": _WEIGHT},
                        "target.weight: source.weight, the tensor that it is; block/node.weight inside of a block, "
                        "block#0/node.weight of one step; a target without a step means all.",
                    ),
                },
            },
            "node": {
                "type": "object",
                "required": ["name", "type"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string", "description": "The attribute it becomes.", "maxLength": MAX_DOTTED},
                    "type": {"type": "string", "description": "A layer type, or the key of a graph."},
                    "set": _table(_NAME, {"$ref": "#/$defs/value"}, "Parameters that differ from their default."),
                    "when": {"type": "string", "description": "Where this is false, the node passes its input on."},
                    "repeat": {"$ref": "#/$defs/repeat"},
                    "scan": {"$ref": "#/$defs/scan"},
                    "use": {"type": "string", "description": "The id of the node whose weights it uses."},
                },
                "allOf": [_condition(name) for name in sorted(layer_types())],
            },
            "repeat": {
                "anyOf": [
                    {"$ref": "#/$defs/times"},
                    {
                        "type": "object",
                        "required": ["times"],
                        "additionalProperties": False,
                        "properties": {"times": {"$ref": "#/$defs/times"}, "shared": {"type": "boolean"}},
                    },
                ]
            },
            "scan": {
                "type": "object",
                "description": "The block runs once per position of an axis, carrying states from step to step.",
                "additionalProperties": False,
                "properties": {
                    "axis": {"type": "integer", "minimum": 0, "maximum": MAX_AXES - 1, "default": 1},
                    "over": _ids("Inputs that are stepped along."),
                    "carry": _ids("Inputs that are states: the Output of the same name gives their next value."),
                },
            },
            "times": {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 2**31 - 1}, _EXPRESSION]},
            "value": {
                "anyOf": [
                    {"type": ["null", "boolean", "string"]},
                    {"type": "number", "minimum": -MAX_NUMBER, "maximum": MAX_NUMBER},
                    {"type": "array", "items": {"$ref": "#/$defs/value"}},
                ]
            },
        },
    }


def _view() -> dict[str, Any]:
    """What is on a sheet: places by the ids of nodes, marks by keys with a colon."""
    place = {"$ref": "#/$defs/place"}
    text = {"type": "string", "maxLength": MAX_TEXT}
    size = {"type": "array", "items": {"type": "number", "minimum": LEAST_SIDE}, "minItems": 2, "maxItems": 2}
    color = {"type": "string", "maxLength": 40, "description": "A family of layers.", "default": COLOR}
    zoom = {"type": "number", "minimum": ZOOMS[0], "maximum": ZOOMS[1], "default": 1}

    def mark(required: list[str], **fields: Any) -> dict[str, Any]:
        return {"type": "object", "required": required, "additionalProperties": False, "properties": fields}

    return {
        "view": {
            "type": "object",
            "additionalProperties": False,
            "patternProperties": {
                _ID: place,
                "^frame:[1-9][0-9]{0,5}$": mark(["at", "size"], at=place, size=size, text=text, color=color),
                "^note:[1-9][0-9]{0,5}$": mark(["at"], at=place, text=text),
                "^bookmark:[1-9]$": mark(["at"], at=place, zoom=zoom),
            },
        },
        "place": {
            "type": "array",
            "items": {"type": "number", "minimum": -MAX_PLACE, "maximum": MAX_PLACE},
            "minItems": 2,
            "maxItems": 2,
        },
    }


def _ids(description: str) -> dict[str, Any]:
    items = {"type": "string", "pattern": _ID}
    return {"type": "array", "description": description, "uniqueItems": True, "items": items}


def _object(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "object", **({"description": description} if description else {}), **more}


def _table(names: str, values: dict[str, Any], description: str) -> dict[str, Any]:
    found = _object(description, propertyNames={"pattern": names})
    return {**found, "additionalProperties": values}


def _condition(name: str) -> dict[str, Any]:
    """What ``set`` holds where the type is ``name``."""
    fields = {key: field_schema(field) for key, field in layer_types()[name].fields.items()}
    return {
        "if": {"properties": {"type": {"const": name}}},
        "then": {"properties": {"set": {"additionalProperties": False, "properties": fields}}},
    }


def _setting(key: str, name: str, fields: Mapping[str, Field[Any]], more: tuple[str, ...] = ()) -> dict[str, Any]:
    """What an object holds whose ``key`` is ``name``, which it says: the fields of that kind and no others."""
    properties = {field: setting_schema(declared) for field, declared in fields.items()}
    return {
        "if": {"properties": {key: {"const": name}}, "required": [key]},
        "then": {
            "properties": properties,
            "propertyNames": {"enum": [key, *more, *properties]},
        },
    }


def setting_schema(field: Field[Any]) -> dict[str, Any]:
    """What a file may hold for a field of a set-up: a literal in its range."""
    match field:
        case ScheduleField():
            return _described(field, {"anyOf": [{"enum": list(field.options)}, {"$ref": "#/$defs/schedule"}]})
        case Milestones():
            return _described(field, {"type": "array", "items": {"type": "integer", "minimum": 1}})
        case Patterns():
            text = {"type": "string", "minLength": 1, "maxLength": 200}
            return _described(field, {"anyOf": [text, {"type": "array", "items": text}]})
    found = field_schema(field)
    literal = found.pop("anyOf")[0]
    return {**found, **literal}


def field_schema(field: Field[Any]) -> dict[str, Any]:
    """What a file may hold for a parameter: a literal in its range, or an expression."""
    literal: dict[str, Any]
    match field:
        case Fixed():
            return {"const": field.default}
        case Text():
            return _described(field, {"type": "string", "maxLength": MAX_CODE})
        case Values():
            return _described(field, {"type": "array", "items": {"$ref": "#/$defs/value"}, "maxItems": 32})
        case Choice():
            literal = {"enum": list(field.options)}
            return _described(field, {"anyOf": [literal, {"type": "string", "pattern": "^="}]})
        case PerAxis():
            one = {"anyOf": [_whole(field), _EXPRESSION]}
            several = {"type": "array", "items": one, "minItems": field.length, "maxItems": field.length}
            literal = {"anyOf": [_whole(field), several]}
        case Number():
            literal = {"anyOf": [_whole(field), {"type": "null"}]} if field.nullable else _whole(field)
        case Flag():
            literal = {"type": "boolean"}
        case Real():
            literal = {"type": "number", "minimum": field.least, "maximum": field.most}
        case Axes():
            axis = {"type": "integer", "minimum": -16, "maximum": 15}
            several = {"type": "array", "items": axis, "minItems": 1, **({"maxItems": 1} if field.single else {})}
            literal = {"anyOf": [axis, several]}
        case Sizes():
            size = {"anyOf": [{"type": "integer", "minimum": -1 if field.free else 1}, _EXPRESSION]}
            literal = {"type": "array", "items": size, "maxItems": 16}
        case _:
            literal = {"$ref": "#/$defs/value"}
    return _described(field, {"anyOf": [literal, _EXPRESSION]})


def _whole(field: Number[Any]) -> dict[str, Any]:
    return {"type": "integer", "minimum": field.least, "maximum": field.most}


def _described(field: Field[Any], found: dict[str, Any]) -> dict[str, Any]:
    shown = {"description": field.help} if field.help else {}
    default = list(field.default) if isinstance(field.default, tuple) else field.default
    return {**shown, "default": default, **found}


def text() -> str:
    """The schema as its file holds it."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
    print(f"wrote {PATH.name}")
