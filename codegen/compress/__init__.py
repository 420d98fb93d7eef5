"""Smaller models: fake-quantized layers in torch and int8 in onnxruntime."""

RUNTIMES = ("both", "torch", "onnxruntime")
