"""Models for elsewhere: ONNX, torch.export and TensorRT."""
