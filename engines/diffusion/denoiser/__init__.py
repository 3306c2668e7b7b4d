"""Faster ways to run a UNet: recorded operators, CUDA graphs, ONNX Runtime, reused features."""
