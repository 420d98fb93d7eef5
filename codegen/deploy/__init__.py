"""Models for elsewhere: ONNX, torch.export and TensorRT."""

FORMATS = ("py", "onnx", "pt2", "tensorrt")
OPSET = 20
