"""Models for elsewhere: Python packages, ONNX, torch.export and TensorRT."""

FORMATS = ("py", "package", "onnx", "pt2", "tensorrt")
FOLDERS = ("package", "tensorrt")  # formats that are a folder
OPSET = 20
OLDEST_OPSET = 11
PRECISIONS = ("fp32", "fp16", "bf16")  # of a TensorRT engine
