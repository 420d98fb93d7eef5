"""TensorRT: the ONNX model and a script that builds an engine from it where TensorRT (10 or later) is installed.

TensorRT comes with NVIDIA's GPUs and tunes for the one it runs on, so the engine is built there, not here.
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from codegen.deploy import OPSET
from codegen.deploy.compare import Comparison
from codegen.deploy.onnx_file import onnx_bytes
from codegen.deploy.signature import Signature
from codegen.errors import Unusable
from codegen.files import write_atomic
from codegen.job import Job

MODEL, SCRIPT = "model.onnx", "build_engine.py"


def export_tensorrt(
    module: nn.Module,
    signature: Signature,
    folder: Path,
    job: Job,
    opset: int = OPSET,
    examples: tuple[Tensor, ...] | None = None,
    notes: dict[str, str] | None = None,
) -> Comparison:
    """Write `model.onnx` (checked as every ONNX export) and `build_engine.py` into `folder`. Raises Refusal."""
    content, comparison = onnx_bytes(module, signature, job, opset, examples, notes)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / MODEL, content)
        write_atomic(folder / SCRIPT, build_script(signature).encode())
    except OSError as error:
        raise Unusable(f"{folder} cannot be written to: {error.strerror}.") from None
    job.step("done", 1.0)
    return comparison


def build_script(signature: Signature) -> str:
    """The source of the script: it needs only tensorrt, and says so in one line where that is missing."""
    shapes = {
        port.name: [
            None if size == signature.batch else signature.symbols.get(size, 4) if isinstance(size, str) else size
            for size in port.shape
        ]
        for port in signature.inputs
    }
    listed = "".join(f"    {name!r}: {sizes!r},\n" for name, sizes in shapes.items())
    return _SCRIPT.replace("    # INPUTS\n", listed)


_SCRIPT = '''"""Build a TensorRT engine from model.onnx, for the GPU of this machine. Needs TensorRT 10 or later.

    python build_engine.py --largest-batch 64 --fp16 -o model.engine
"""

import argparse
import sys
from pathlib import Path

# The inputs and their sizes; None is the batch.
INPUTS = {
    # INPUTS
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Build a TensorRT engine from model.onnx.")
    parser.add_argument("--model", type=Path, default=Path(__file__).with_name("model.onnx"))
    parser.add_argument("--largest-batch", type=int, default=32, help="the engine takes batches from 1 to this")
    parser.add_argument("--workspace", type=float, default=1.0, help="GiB of GPU memory for building")
    parser.add_argument("--fp16", action="store_true", help="allow half precision")
    parser.add_argument("-o", "--output", type=Path, default=Path("model.engine"))
    arguments = parser.parse_args()

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
    parser_of_onnx = trt.OnnxParser(network, logger)
    if not parser_of_onnx.parse(arguments.model.read_bytes()):
        for number in range(parser_of_onnx.num_errors):
            print(parser_of_onnx.get_error(number), file=sys.stderr)
        return 1

    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, int(arguments.workspace * 2**30))
    if arguments.fp16:
        config.set_flag(trt.BuilderFlag.FP16)
    profile = builder.create_optimization_profile()
    largest = arguments.largest_batch
    for name, sizes in INPUTS.items():
        low, usual, high = (
            tuple(batch if size is None else size for size in sizes) for batch in (1, max(1, largest // 2), largest)
        )
        profile.set_shape(name, low, usual, high)
    config.add_optimization_profile(profile)

    engine = builder.build_serialized_network(network, config)
    if engine is None:
        print("TensorRT could not build the engine; its messages above say why.", file=sys.stderr)
        return 1
    arguments.output.write_bytes(engine)
    print(f"{arguments.output}: {arguments.output.stat().st_size} bytes, batches of 1 to {largest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
'''
