"""TensorRT: the ONNX model and a script that builds an engine from it where TensorRT (10 or later) is installed.

TensorRT comes with NVIDIA's GPUs and tunes for the one it runs on, so the engine is built there, not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from codegen.deploy import PRECISIONS
from codegen.deploy.onnx_file import input_axes
from codegen.deploy.signature import Signature
from codegen.errors import Unusable
from codegen.files import write_atomic

MODEL, SCRIPT = "model.onnx", "build_engine.py"
WORKSPACE = 2**30  # bytes
LARGEST_BATCH = 32


@dataclass(frozen=True)
class Engine:
    """How an engine is to be built: bytes of GPU memory for building, precision, and per symbol the smallest, the
    usual and the largest size. The script takes other values too."""

    workspace: int = WORKSPACE
    precision: str = PRECISIONS[0]
    sizes: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)

    def check(self, signature: Signature) -> None:
        """Raises Unusable for what no engine can be built with."""
        if self.workspace < 1:
            raise Unusable(f"A workspace of {self.workspace} bytes holds nothing; give at least 1.")
        if self.precision not in PRECISIONS:
            raise Unusable(f"There is no precision {self.precision!r:.40}; there are {', '.join(PRECISIONS)}.")
        known = {str(size) for port in signature.inputs for size in port.shape if isinstance(size, str)}
        for symbol, sizes in self.sizes.items():
            if symbol not in known:
                raise Unusable(f"No input has the size {symbol[:60]}; there are {', '.join(sorted(known)) or 'none'}.")
            if len(sizes) != 3 or not 1 <= sizes[0] <= sizes[1] <= sizes[2]:
                raise Unusable(f"The sizes of {symbol} must be smallest, usual, largest, each at least 1 and in order.")


def write_engine_files(content: bytes, signature: Signature, folder: Path, engine: Engine) -> list[Path]:
    """Put an ONNX model and the script that builds an engine from it into `folder`. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / MODEL, content)
    write_atomic(folder / SCRIPT, build_script(input_axes(content), signature, engine).encode())
    return [folder / MODEL, folder / SCRIPT]


def build_script(axes: Mapping[str, list[int | str]], signature: Signature, engine: Engine) -> str:
    """The source of the script for inputs with these axes: it needs only tensorrt, and says so where that is missing.

    A symbol without sizes of its own goes from 1 to its example size, the batch to 32.
    """
    inputs = "".join(f"    {name!r}: {tuple(sizes)!r},\n" for name, sizes in axes.items())
    symbols = dict.fromkeys(size for sizes in axes.values() for size in sizes if isinstance(size, str))
    ranges = ""
    for symbol in symbols:
        largest = LARGEST_BATCH if symbol == signature.batch else signature.symbols.get(symbol, 4)
        usual = (largest + 1) // 2 if symbol == signature.batch else largest
        ranges += f"    {symbol!r}: {tuple(engine.sizes.get(symbol, (1, usual, largest)))!r},\n"
    text = _SCRIPT.replace("    # INPUTS\n", inputs).replace("    # SIZES\n", ranges)
    return text.replace("WORKSPACE = 0", f"WORKSPACE = {engine.workspace}").replace(
        "'PRECISION'", repr(engine.precision)
    )


_SCRIPT = '''"""Build a TensorRT engine from model.onnx, for the GPU of this machine. Needs TensorRT 10 or later.

    python build_engine.py --size N=1,8,64 --precision fp16 -o model.engine
"""

import argparse
import sys
from pathlib import Path

# The inputs with their axes; a name is a size that the engine leaves open.
INPUTS = {
    # INPUTS
}
# The open sizes: smallest, usual (what the engine is tuned for), largest.
SIZES = {
    # SIZES
}
WORKSPACE = 0  # bytes of GPU memory for building
PRECISION = 'PRECISION'


def main() -> int:
    parser = argparse.ArgumentParser(description="Build a TensorRT engine from model.onnx.")
    parser.add_argument("--model", type=Path, default=Path(__file__).with_name("model.onnx"))
    parser.add_argument("--size", action="append", default=[], type=size, metavar="NAME=SMALLEST,USUAL,LARGEST")
    parser.add_argument("--workspace", type=int, default=WORKSPACE, metavar="BYTES", help="GPU memory for building")
    parser.add_argument("--precision", choices=["fp32", "fp16", "bf16"], default=PRECISION)
    parser.add_argument("-o", "--output", type=Path, default=Path("model.engine"))
    arguments = parser.parse_args()
    sizes = SIZES | dict(arguments.size)

    try:
        import tensorrt as trt
    except ImportError:
        print("TensorRT is not installed; run: pip install 'tensorrt>=10' (it needs an NVIDIA GPU).", file=sys.stderr)
        return 1
    if int(trt.__version__.split(".")[0]) < 10:
        print(f"TensorRT {trt.__version__} is too old; this needs 10 or later.", file=sys.stderr)
        return 1

    logger = trt.Logger(trt.Logger.WARNING)
    builder = trt.Builder(logger)
    network = builder.create_network(0)
    reader = trt.OnnxParser(network, logger)
    if not reader.parse(arguments.model.read_bytes()):
        for number in range(reader.num_errors):
            print(reader.get_error(number), file=sys.stderr)
        return 1

    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, arguments.workspace)
    if arguments.precision != "fp32":
        flag = getattr(trt.BuilderFlag, arguments.precision.upper(), None)
        if flag is None:
            print(f"TensorRT {trt.__version__} builds only at the model's own precision, fp32.", file=sys.stderr)
            return 1
        config.set_flag(flag)
    if sizes:
        profile = builder.create_optimization_profile()
        for name, axes in INPUTS.items():
            shapes = [tuple(sizes[axis][k] if axis in sizes else axis for axis in axes) for k in range(3)]
            profile.set_shape(name, *shapes)
        config.add_optimization_profile(profile)

    engine = builder.build_serialized_network(network, config)
    if engine is None:
        print("TensorRT could not build the engine; its messages above say why.", file=sys.stderr)
        return 1
    arguments.output.write_bytes(engine)
    print(f"{arguments.output}: {arguments.output.stat().st_size} bytes")
    return 0


def size(text: str) -> tuple[str, tuple[int, ...]]:
    name, _, numbers = text.partition("=")
    found = tuple(map(int, numbers.split(",")))
    if name not in SIZES or len(found) != 3 or not 1 <= found[0] <= found[1] <= found[2]:
        raise argparse.ArgumentTypeError(f"takes NAME=SMALLEST,USUAL,LARGEST with a name of {', '.join(SIZES)}")
    return name, found


if __name__ == "__main__":
    sys.exit(main())
'''
