"""The nodes of an exported graph as its file has them: operators with their arguments, where they were, what they make.

Only operators of ATen are run, and whole numbers computed with. An argument that is a text could name a file: those are
run only where it names a way of computing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from codegen.errors import Unusable
from codegen.intake.archive import DTYPES, Program
from codegen.intake.dialect_aten import CHECKS, SIZES, TEXTS
from graph_core.names import BadName, check_identifier


def is_check(node: dict[str, Any]) -> bool:
    """Whether an operator only checks sizes, and makes nothing."""
    parts = str(node["target"]).split(".")
    return len(parts) == 5 and parts[3] in CHECKS


def stack_of(node: dict[str, Any]) -> list[tuple[str, str, str]] | None:
    """The modules around an operator: key, path, class; None where it says nothing."""
    text = str(node["metadata"].get("nn_module_stack", ""))
    found = [tuple(part.split(",")) for part in text.split(";") if part]
    if not found or any(len(part) != 3 or part[0].startswith("_empty") for part in found):
        return None
    return [(key, path.partition("@")[0], kind.partition("@")[0]) for key, path, kind in found]


def user_inputs(program: Program) -> list[str]:
    """The names of what a person puts in. Raises Unusable where that is no tensor."""
    names = []
    for spec in program.signature["input_specs"]:
        if "user_input" in spec:
            arg = spec["user_input"]["arg"]
            if "as_tensor" not in arg:
                raise Unusable("The program takes an input that is no tensor; export it with tensors only.")
            names.append(arg["as_tensor"]["name"])
    if not names:
        raise Unusable("The program takes no tensor.")
    return names


def operator_of(node: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """An operator's name, with + before those on sizes, and its arguments. Raises Unusable for what is not run."""
    target = str(node["target"])
    arguments = {entry["name"]: entry["arg"] for entry in node["inputs"]}
    if target.startswith("_operator.") and target.removeprefix("_operator.") in SIZES:
        return f"+{target.removeprefix('_operator.')}", arguments
    parts = target.split(".")
    if parts[:3] != ["torch", "ops", "aten"] or len(parts) != 5:
        raise Unusable(f"The program calls {target[:80]}, which is no operator of ATen and is not run.")
    for key, arg in arguments.items():
        if "as_string" in arg and key not in TEXTS:
            raise Unusable(f"The program calls {target[:80]} with a text for {key[:40]}, which is not run.")
    return parts[3], arguments


def argument(arg: dict[str, Any], value: Callable[[str], Any]) -> Any:
    """An argument as Python has it; ``value`` finds tensors and sizes by their names."""
    [(kind, part)] = arg.items()
    match kind:
        case "as_none":
            return None
        case "as_tensor":
            return value(part["name"])
        case "as_tensors":
            return [value(one["name"]) for one in part]
        case "as_optional_tensors":
            return [argument(one, value) for one in part]
        case "as_sym_int" | "as_sym_float" | "as_sym_bool":
            return value(part["as_name"]) if "as_name" in part else next(iter(part.values()))
        case "as_sym_ints":
            return [value(one["as_name"]) if "as_name" in one else one["as_int"] for one in part]
        case "as_scalar_type":
            return DTYPES[part]
        case "as_device" | "as_layout" | "as_memory_format":
            return None
        case "as_int" | "as_float" | "as_bool" | "as_ints" | "as_floats" | "as_bools" | "as_string":
            return part
        case _:
            raise Unusable(f"The program uses {kind[:40]}, which is not run.")


def outs_of(out: dict[str, Any]) -> str | list[str]:
    """The name of what an operator makes, or the names of a list of tensors."""
    [(kind, part)] = out.items()
    if kind == "as_tensor":
        return str(part["name"])
    if kind == "as_tensors":
        return [str(one["name"]) for one in part]
    if kind == "as_sym_int":
        return str(part["as_name"])
    raise Unusable(f"The program makes {kind[:40]}, which is not run.")


def results(program: Program) -> list[str]:
    """The names of what the program returns."""
    names = []
    for spec in program.signature["output_specs"]:
        if "user_output" in spec and "as_tensor" in spec["user_output"]["arg"]:
            names.append(spec["user_output"]["arg"]["as_tensor"]["name"])
    return names


def identifier(name: str) -> str:
    """A name of the graph as one of Python, or x."""
    try:
        return check_identifier(name)
    except BadName:
        return "x"


def class_name(kind: str) -> str:
    """The name of a class, without its package."""
    kind = kind.rpartition(".")[2]
    return kind if kind.isidentifier() else "Model"
