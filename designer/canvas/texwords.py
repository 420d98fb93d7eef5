"""Words of a drawing as LaTeX that every engine can set."""

from __future__ import annotations

from graph_core.latex import escape

_SIGNS = {
    "×": r"\times",
    "−": "-",
    "±": r"\pm",
    "·": r"\cdot",
    "÷": r"\div",
    "‖": r"\Vert",
    "≡": r"\equiv",
    "≤": r"\leq",
    "≥": r"\geq",
    "≠": r"\neq",
    "≈": r"\approx",
    "∞": r"\infty",
    "√": r"\surd",
    "Σ": r"\Sigma",
    "∑": r"\sum",
    "⌊": r"\lfloor",
    "⌋": r"\rfloor",
    "⌈": r"\lceil",
    "⌉": r"\rceil",
    "→": r"\to",
    "←": r"\leftarrow",
    "↑": r"\uparrow",
    "↓": r"\downarrow",
    **{sign: f"^{digit}" for digit, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **{sign: f"_{digit}" for digit, sign in enumerate("₀₁₂₃₄₅₆₇₈₉")},
}
# fmt: off
_GREEK = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
)
# fmt: on
_SIGNS |= dict(zip("αβγδεζηθικλμνξπρστυφχψω", (f"\\{name}" for name in _GREEK), strict=True))
_WORDS = {
    "~": r"\ensuremath{\sim}",
    "…": r"\ldots{}",
    "\N{NO-BREAK SPACE}": "~",
    "\N{NARROW NO-BREAK SPACE}": r"\,",
    "\N{THIN SPACE}": r"\,",
}


# In a typewriter face each sign is as wide as a letter.
_BOXED = r"\hbox to .525em{{\hss{}\hss}}"
_DOTS = r"\rmfamily.\kern-.1em.\kern-.1em."


def tex_words(text: str, *, mono: bool = False) -> str:
    r"""Text for a node. Known signs become mathematics; others ``\netwrightchar{sign}{code point}``."""
    parts = []
    for sign in text:
        if mono and (sign in _SIGNS or sign == "…"):
            parts.append(_BOXED.format(_DOTS if sign == "…" else rf"\ensuremath{{{_SIGNS[sign]}}}"))
        elif sign in _SIGNS:
            parts.append(rf"\ensuremath{{{_SIGNS[sign]}}}")
        elif sign in _WORDS:
            parts.append(_WORDS[sign])
        elif sign > "~" and sign.isprintable():
            parts.append(rf"\netwrightchar{{{sign}}}{{{ord(sign):04X}}}")
        else:
            parts.append(escape(sign))
    return "".join(parts)
